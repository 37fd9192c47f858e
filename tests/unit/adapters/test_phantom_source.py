import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import numpy as np
import pytest

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

from gliobench.adapters.phantom import PhantomStudySource
from gliobench.adapters.phantom.anatomy import load_template
from gliobench.adapters.phantom.source import Phantom, PhantomRecipe
from gliobench.domain.errors import InvalidInputError, MissingExtraError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.studies.study import Grade, Modality, Reference, Study


@pytest.fixture(scope="module")
def eight() -> list[tuple[Study, Reference]]:
    source = PhantomStudySource(8, seed=5, spacing_mm=4.0)
    return [
        (held(source.study(name)), known(source.reference(name))) for name in source.study_ids()
    ]


def held(study: Study) -> Study:
    return Study(study.id, study.patient_id, study.grid, dict(study.volumes), site=study.site)


def known(reference: Reference) -> Reference:
    return Reference(reference.grade, dict(reference.regions))


def test_a_phantom_of_1_mm_lies_on_the_grid_of_brats() -> None:
    study = PhantomStudySource(1).study("Phantom_0000")

    brats = np.array([[-1, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert study.native_grid == Grid(shape=(240, 240, 155), affine=brats)


def test_a_phantom_of_2_mm_begins_at_the_same_corner() -> None:
    study = PhantomStudySource(1, spacing_mm=2.0).study("Phantom_0000")

    halved = np.array([[-2, 0, 0, -0.5], [0, -2, 0, 238.5], [0, 0, 2, 0.5], [0, 0, 0, 1]])
    assert study.native_grid == Grid(shape=(120, 120, 78), affine=halved)


def test_a_study_is_given_with_axes_to_the_right_the_front_and_the_top() -> None:
    grid = PhantomStudySource(1, spacing_mm=2.0).study("Phantom_0000").grid

    assert (np.diag(grid.affine) == [2, 2, 2, 1]).all()


def test_a_phantom_is_the_same_whatever_the_count_and_the_order() -> None:
    few, many = (PhantomStudySource(n, seed=3, spacing_mm=4.0) for n in (2, 50))
    many.study("Phantom_0040").volume(Modality.T2F)

    for modality in Modality:
        np.testing.assert_array_equal(
            few.study("Phantom_0001").volume(modality),
            many.study("Phantom_0001").volume(modality),
        )


def test_another_seed_gives_another_phantom() -> None:
    one, other = (
        PhantomStudySource(1, seed=seed, spacing_mm=4.0).study("Phantom_0000").volume(Modality.T1N)
        for seed in (0, 1)
    )

    assert (one != other).any()


def test_a_patient_is_of_one_series_at_whatever_spacing() -> None:
    def patient(seed: int, spacing_mm: float) -> str:
        study = PhantomStudySource(4, seed=seed, spacing_mm=spacing_mm).study("Phantom_0003")
        return study.patient_id

    assert patient(1, 1.0) == patient(1, 4.0) == "Phantom_1_0003"
    assert patient(2, 1.0) == "Phantom_2_0003"


def test_background_is_zero_and_the_brain_is_whole_numbers_above_it(
    eight: list[tuple[Study, Reference]],
) -> None:
    for study, _ in eight:
        brain = study.volume(Modality.T1N) > 0
        for modality in Modality:
            volume = study.volume(modality)
            assert volume.dtype == np.float32
            assert ((volume > 0) == brain).all()
            assert (volume == np.rint(volume)).all()
            assert volume.max() < 32767


def test_a_brain_is_as_large_as_a_brain(eight: list[tuple[Study, Reference]]) -> None:
    litres = [(s.volume(Modality.T1N) > 0).sum() * s.grid.voxel_volume_mm3 / 1e6 for s, _ in eight]

    assert all(1.0 < volume < 2.1 for volume in litres)


def test_tumours_lie_within_the_brain_and_their_regions_are_nested(
    eight: list[tuple[Study, Reference]],
) -> None:
    for study, reference in eight:
        whole, core, enhancing = (reference.regions[region] for region in NESTED)
        assert core.any()
        assert not (whole & (study.volume(Modality.T1N) == 0)).any()
        assert not (core & ~whole).any()
        assert not (enhancing & ~core).any()


def test_tumours_are_bright_on_flair_where_fluid_is_dark(
    eight: list[tuple[Study, Reference]],
) -> None:
    for study, reference in eight:
        flair, t2 = study.volume(Modality.T2F), study.volume(Modality.T2W)
        healthy = (flair > 0) & ~reference.regions[Region.WT]
        fluid = healthy & (t2 > np.percentile(t2[healthy], 99))
        assert np.median(flair[reference.regions[Region.WT]]) > 1.2 * np.median(flair[healthy])
        assert np.median(flair[fluid]) < np.median(flair[healthy])


def test_of_each_four_phantoms_every_site_has_both_grades(
    eight: list[tuple[Study, Reference]],
) -> None:
    for start in (0, 4):
        kinds = {(study.site, reference.grade) for study, reference in eight[start : start + 4]}
        assert kinds == {(site, grade) for site in ("phantom-A", "phantom-B") for grade in Grade}


def test_high_grades_enhance_more_than_low_grades(eight: list[tuple[Study, Reference]]) -> None:
    shares: dict[Grade | None, list[float]] = {Grade.LGG: [], Grade.HGG: []}
    for _, reference in eight:
        enhancing, core = reference.regions[Region.ET], reference.regions[Region.TC]
        shares[reference.grade].append(enhancing.sum() / core.sum())

    assert np.mean(shares[Grade.HGG]) > np.mean(shares[Grade.LGG])


def test_the_grade_is_known_and_the_study_hashed_before_anything_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gliobench.adapters.phantom.source.make_phantom", None)
    source = PhantomStudySource(4)

    assert {source.reference(name).grade for name in source.study_ids()} == set(Grade)
    assert len({source.content_hash(name) for name in source.study_ids()}) == 4
    assert set(source.study("Phantom_0000").volumes) == set(Modality)


def test_the_hash_names_seed_and_spacing_but_not_the_count() -> None:
    def hashed(count: int, *, seed: int = 0, spacing_mm: float = 1.0) -> str:
        source = PhantomStudySource(count, seed=seed, spacing_mm=spacing_mm)
        return source.content_hash("Phantom_0000")

    assert hashed(1) == hashed(9)
    assert len({hashed(1), hashed(1, seed=1), hashed(1, spacing_mm=2.0)}) == 3


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The index of each phantom that is drawn, in order; none holds anything to look at."""
    indices: list[int] = []

    def draw(recipe: PhantomRecipe) -> Phantom:
        indices.append(recipe.index)
        sleep(0.02)  # so that another thread would come in, if it could
        return Phantom(
            volumes={modality: np.zeros((1, 1, 1), np.float32) for modality in Modality},
            labels=np.zeros((1, 1, 1), np.uint8),
        )

    monkeypatch.setattr("gliobench.adapters.phantom.source.make_phantom", draw)
    return indices


def test_a_phantom_is_drawn_once_for_its_volumes_and_its_reference(drawn: list[int]) -> None:
    source = PhantomStudySource(1, spacing_mm=4.0)

    known(source.reference("Phantom_0000"))
    held(source.study("Phantom_0000"))

    assert drawn == [0]


def test_a_study_that_is_held_is_not_drawn_again_after_another(drawn: list[int]) -> None:
    source = PhantomStudySource(2, spacing_mm=4.0)
    first, second = source.study("Phantom_0000"), source.study("Phantom_0001")

    for study in (first, second, first):
        held(study)

    assert drawn == [0, 1]


def test_threads_that_read_one_phantom_have_it_drawn_once(drawn: list[int]) -> None:
    study = PhantomStudySource(1, spacing_mm=4.0).study("Phantom_0000")

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(study.volumes.__getitem__, Modality))

    assert drawn == [0]


def test_the_source_keeps_only_the_phantom_that_was_opened_last(drawn: list[int]) -> None:
    source = PhantomStudySource(2, spacing_mm=4.0)

    for name in ("Phantom_0000", "Phantom_0001", "Phantom_0001", "Phantom_0000"):
        held(source.study(name))

    assert drawn == [0, 1, 0]


def test_the_template_is_read_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    load_template.cache_clear()

    assert len(load_template().seats_mm) > 1000


def test_a_phantom_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no phantom 'Phantom_0002': there are 2"):
        PhantomStudySource(2).study("Phantom_0002")


@pytest.mark.parametrize(
    ("count", "seed", "spacing_mm", "wanted"),
    [
        (0, 0, 1.0, "wanted 1 to"),
        (1, -1, 1.0, "0 or more"),
        (1, 0, 0.1, "0.5 to 4.0 mm"),
        (1, 0, 5.0, "0.5 to 4.0 mm"),
        (1, 0, float("nan"), "0.5 to 4.0 mm"),
    ],
)
def test_numbers_that_make_no_phantom_are_refused(
    count: int, seed: int, spacing_mm: float, wanted: str
) -> None:
    with pytest.raises(InvalidInputError, match=wanted):
        PhantomStudySource(count, seed=seed, spacing_mm=spacing_mm)


def test_a_missing_nilearn_is_told_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nilearn", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'gliobench\[phantom\]'"):
        PhantomStudySource(1)
