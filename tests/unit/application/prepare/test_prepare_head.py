"""Raw images are registered and their brain is found, or the study is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from fakes.fake_preparation import (
    HEAD_GRID,
    MIDDLE_MM,
    FakeBiasField,
    FakeBrainExtractor,
    FakeBrainNetwork,
    FakeRegistrar,
    fake_head,
    fake_template,
    moved_head,
    true_brain,
)
from fakes.fake_storage import FakeStorage
from fakes.fake_study_source import FakeStudySource
from fakes.scanned_head import turned
from gliobench.application.datasets.study_images import StoredImage, stored_images, study_of_images
from gliobench.application.ports.registrar import Registration
from gliobench.application.prepare.network_brain import NetworkBrainExtractor
from gliobench.application.prepare.preparation import PREPARED_GRID, Preparation
from gliobench.application.prepare.prepare_head import OwnBrain, PrepareHead, anchor_of
from gliobench.application.prepare.prepared_studies import PreparedScan, PreparedStudies
from gliobench.application.prepare.saved_preparations import SavedPreparations, decoded, encoded
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Case, Grade, Modality, Reference, Study

T1C, T1N = Modality.T1C, Modality.T1N
SHIFT = turned((0, 0, 0), (8, 0, 0), (0, 0, 0))


def images_of(study: Study) -> Mapping[Modality, StoredImage | FaultError]:
    return stored_images(study)


def preparing(**options: object) -> PrepareHead:
    given = {
        "registrar": FakeRegistrar(),
        "extractor": FakeBrainExtractor(),
        "bias_fields": FakeBiasField(),
    } | options
    return PrepareHead(template=fake_template, **given)  # type: ignore[arg-type]


@cache
def prepared() -> Preparation:
    """Prepare a head whose T1n was taken 8 mm to the left."""
    head = moved_head(fake_head(T1C, T1N), T1N, SHIFT.inverse)
    return preparing(registrar=FakeRegistrar(SHIFT))("head", images_of(head))


def test_the_brain_and_how_images_moved_are_found() -> None:
    made = prepared()

    assert made.anchor is T1C
    assert np.array_equal(made.brain, true_brain())
    assert made.quality.images[T1N].moved_mm == pytest.approx(8)
    assert made.quality.images[T1N].covered == 1
    assert made.quality.template_overlap > 0.95
    assert made.quality.brain_ml == pytest.approx(true_brain().sum() / 1000)


def test_what_is_saved_is_read_again() -> None:
    made = prepared()

    found = decoded(encoded(made))

    assert found.quality == made.quality
    assert np.array_equal(found.brain, made.brain)
    assert np.array_equal(found.to_anchor[T1N].matrix, made.to_anchor[T1N].matrix)


def test_the_bias_fields_are_saved_with_it() -> None:
    made = preparing(bias_fields=FakeBiasField(0.01))("head", images_of(fake_head(T1C, T1N)))

    found = decoded(encoded(made))

    assert made.quality.images[T1C].bias > 0.05
    assert found.bias.keys() == {T1C, T1N}
    for modality, field in found.bias.items():
        assert np.array_equal(field, made.bias[modality])


def test_a_preparation_without_a_bias_field_of_each_image_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="bias field of each image"):
        replace(prepared(), bias={T1C: prepared().bias[T1C]})


def test_a_damaged_file_is_not_read() -> None:
    content = bytearray(encoded(prepared()))
    content[-40] ^= 1

    with pytest.raises(ValueError, match="damaged"):
        decoded(bytes(content))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"registrar": FakeRegistrar(sharpness=0.05)}, "no better than beside it"),
        ({"registrar": FakeRegistrar(uprightness=0.1)}, "hardly better than turned over"),
        ({"extractor": FakeBrainExtractor(finds=False)}, "no brain was found"),
        ({"registrar": FakeRegistrar(turned((0, 0, 0), (0, 0, 150), (0, 0, 0)))}, "of the brain"),
    ],
    ids=["dull", "either way up", "no brain", "far away"],
)
def test_a_study_that_cannot_be_prepared_is_refused(options: dict, says: str) -> None:
    with pytest.raises(FaultyStudyError, match=says) as raised:
        preparing(**options)("head", images_of(fake_head(T1C, T1N)))

    assert raised.value.kind is FaultKind.NOT_REGISTERED


def _one_bright_slice(head: np.ndarray) -> np.ndarray:
    return head * np.where(np.arange(head.shape[2]) == 20, 30, 1)


def _one_blank_slice(head: np.ndarray) -> np.ndarray:
    return head * (np.arange(head.shape[2]) != 20)


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        (np.negative, "0% of the brain in t1n is brighter than the air"),
        (_one_bright_slice, "t1n: plane 20 along k is .* times as bright"),
        (_one_blank_slice, "t1n: plane 20 along k shows nothing of the brain"),
    ],
    ids=["negated", "a bright slice", "a blank slice"],
)
def test_an_image_that_shows_no_head_is_refused(
    drawn: Callable[[np.ndarray], np.ndarray], says: str
) -> None:
    head = fake_head(T1C, T1N)
    odd = replace(head, volumes={**head.volumes, T1N: drawn(head.volumes[T1N]).astype(np.float32)})

    with pytest.raises(FaultyStudyError, match=says) as raised:
        preparing()("head", images_of(odd))

    assert raised.value.kind is FaultKind.NOT_REGISTERED


def test_the_first_image_that_shows_which_way_up_it_is_places_the_head() -> None:
    class Doubts(FakeRegistrar):
        """Finds that t1n fits the template either way up."""

        def register(self, **options: object) -> Registration:
            found = super().register(**options)  # type: ignore[arg-type]
            to_template = options.get("within") is not None
            return replace(found, turned=0.45) if to_template and self.asked == 2 else found

    registrar = Doubts()

    with pytest.raises(FaultyStudyError, match="no brain was found"):
        preparing(registrar=registrar, extractor=FakeBrainExtractor(finds=False))(
            "head", images_of(fake_head(T1C, T1N))
        )

    assert registrar.asked == 3


def test_an_image_that_cannot_be_read_is_left_out() -> None:
    images = dict(images_of(fake_head(T1C))) | {T1N: InvalidInputError("torn")}

    made = preparing()("head", images)

    assert list(made.to_anchor) == [T1C]


class _Torn:
    """An image whose header can be read, and whose voxels cannot."""

    name = "torn"

    def __init__(self, grid: Grid) -> None:
        self.grid = self.native_grid = grid

    def read(self) -> np.ndarray:
        raise InvalidInputError("torn voxels")

    def covers(self, grid: Grid) -> bool:
        return self.grid == grid


@pytest.mark.parametrize("others", [(), (T1N,)], ids=["alone", "beside another one"])
def test_a_study_whose_anchor_cannot_be_read_is_refused(others: tuple[Modality, ...]) -> None:
    images = dict(images_of(fake_head(*others))) if others else {}

    with pytest.raises(InvalidInputError, match="torn voxels"):
        preparing()("head", {**images, T1C: _Torn(HEAD_GRID)})


def test_without_t1c_the_best_resolved_image_is_the_anchor() -> None:
    fine = Grid((60, 60, 60), np.diag([3.0, 3, 3, 1]))
    other = Study("x", "x", fine, {Modality.T2F: np.ones(fine.shape, np.float32)})
    images = {
        **images_of(fake_head(Modality.T2W)),
        **images_of(other),
    }

    assert anchor_of(images) is Modality.T2F


def test_a_brain_without_skull_keeps_its_own_border() -> None:
    made = preparing(extractor=FakeBrainExtractor(finds=False))(
        "head", images_of(fake_head(T1C, skull=False))
    )

    both = (made.brain & true_brain()).sum()
    assert 2 * both / (made.brain.sum() + true_brain().sum()) > 0.93


def test_the_mask_of_the_user_takes_precedence() -> None:
    half = np.zeros(HEAD_GRID.shape, np.float32)
    half[:, :, 8:40] = true_brain(HEAD_GRID)[:, :, 8:40]
    mask = Study("mask", "mask", HEAD_GRID, {T1C: half})
    own = OwnBrain(images_of(mask)[T1C], "hash")  # type: ignore[arg-type]

    made = preparing(own_brain=own)("head", images_of(fake_head(T1C)))

    assert made.brain.sum() / 1000 == pytest.approx(64 * half.sum() / 1000, rel=0.02)


def source_of(study: Study) -> FakeStudySource:
    tumour = np.zeros(study.grid.shape, bool)
    tumour[30:36, 24:30, 20:26] = True
    return FakeStudySource([Case(study, Reference(Grade.HGG, {Region.WT: tumour}))])


def saving(place: FakeStorage, registrar: FakeRegistrar) -> SavedPreparations:
    return SavedPreparations(preparing(registrar=registrar), place)


def test_a_second_call_computes_nothing() -> None:
    place, again = FakeStorage(), FakeRegistrar()
    source = source_of(fake_head(T1C))
    first = PreparedStudies(source, saving(place, FakeRegistrar())).study("head")
    second = PreparedStudies(source, saving(place, again)).study("head")

    volumes = [study.volume(T1C) for study in (first, second)]

    assert np.array_equal(*volumes)
    assert again.asked == 0


def test_a_damaged_preparation_is_made_anew() -> None:
    place, again = FakeStorage(), FakeRegistrar()
    source = source_of(fake_head(T1C))
    PreparedStudies(source, saving(place, FakeRegistrar())).study("head").volume(T1C)
    (name,) = place.names()
    place.write(name, place.read(name)[:-1])

    PreparedStudies(source, saving(place, again)).study("head").volume(T1C)

    assert again.asked == 1


def test_a_prepared_study_is_the_brain_on_the_grid_of_the_anchor() -> None:
    head = fake_head(T1C, T1N)
    source = PreparedStudies(source_of(head), saving(FakeStorage(), FakeRegistrar()))

    study = source.study("head")

    shown = study.volume(T1C)
    assert study.grid == HEAD_GRID
    assert np.array_equal(shown[shown != 0], head.volumes[T1C][shown != 0])
    both = ((shown != 0) & true_brain(HEAD_GRID)).sum()
    assert 2 * both / ((shown != 0).sum() + true_brain(HEAD_GRID).sum()) > 0.97


@pytest.mark.parametrize("grid", ["of the anchor", "of brats"])
def test_a_prepared_study_is_free_of_its_bias_field(grid: str) -> None:
    head, slope = fake_head(T1C), 0.01
    preparations = (
        SavedPreparations(preparing(bias_fields=FakeBiasField(given)), FakeStorage())
        for given in (0.0, slope)
    )
    as_it_was, even = (
        PreparedStudies(source_of(head), each).study("head") for each in preparations
    )
    if grid == "of brats":
        assert isinstance(as_it_was, PreparedScan)
        assert isinstance(even, PreparedScan)
        assert as_it_was.ready
        assert even.ready
        as_it_was, even = as_it_was.ready, even.ready

    shown = as_it_was.volume(T1C) != 0
    brighter = np.log(even.volume(T1C)[shown] / as_it_was.volume(T1C)[shown])

    right_mm = np.argwhere(shown)[:, 0] * even.grid.spacing_mm[0]
    assert np.polyfit(right_mm, brighter, 1)[0] == pytest.approx(slope / 6, rel=0.01)
    assert brighter.mean() == pytest.approx(0, abs=0.01)


def test_the_bias_field_moves_with_the_head() -> None:
    class Apart(FakeRegistrar):
        """Finds the head beside the template."""

        def register(self, **options: object) -> Registration:
            found = super().register(**options)  # type: ignore[arg-type]
            return replace(found, motion=SHIFT) if options.get("within") is not None else found

    def views(slope: float) -> list[Study]:
        one = preparing(registrar=Apart(), bias_fields=FakeBiasField(slope))
        scan = PreparedStudies(
            source_of(fake_head(T1C)), SavedPreparations(one, FakeStorage())
        ).study("head")
        assert isinstance(scan, PreparedScan)
        assert scan.ready
        return [scan, scan.ready]

    brighter = []
    for as_it_was, even in zip(views(0.0), views(0.01), strict=True):
        place_mm = MIDDLE_MM if as_it_was.grid == HEAD_GRID else SHIFT.moved(MIDDLE_MM[None])[0]
        voxel = tuple(np.round(as_it_was.grid.to_voxel(tuple(place_mm))).astype(int))
        brighter.append(np.log(even.volume(T1C)[voxel] / as_it_was.volume(T1C)[voxel]))

    assert brighter[0] == pytest.approx(brighter[1], abs=0.004)


def test_another_estimator_of_bias_fields_makes_other_content() -> None:
    source = source_of(fake_head(T1C))

    one, other = (
        PreparedStudies(
            source, SavedPreparations(preparing(bias_fields=FakeBiasField(slope)), FakeStorage())
        ).content_hash("head")
        for slope in (0.0, 0.01)
    )

    assert one != other


def test_networks_see_the_same_brain_on_the_grid_of_brats() -> None:
    source = PreparedStudies(source_of(fake_head(T1C)), saving(FakeStorage(), FakeRegistrar()))

    study = source.study("head")

    assert isinstance(study, PreparedScan)
    assert study.ready is not None
    assert study.ready.grid == PREPARED_GRID
    assert np.array_equal(study.ready.volume(T1C) != 0, true_brain())


def test_nothing_is_read_before_an_image_is_looked_at() -> None:
    registrar = FakeRegistrar()
    source = PreparedStudies(source_of(fake_head(T1C)), saving(FakeStorage(), registrar))

    source.study("head")

    assert registrar.asked == 0


def test_what_cannot_be_prepared_is_tried_once() -> None:
    dull = FakeRegistrar(sharpness=0.05)
    study = PreparedStudies(source_of(fake_head(T1C, T1N)), saving(FakeStorage(), dull)).study(
        "head"
    )

    for modality in (T1C, T1N, T1C):
        with pytest.raises(FaultyStudyError, match="cannot be prepared"):
            study.volume(modality)

    assert dull.asked == 1


def test_references_on_the_grid_of_the_anchor_stay_as_they_are() -> None:
    inner = source_of(fake_head(T1C))
    source = PreparedStudies(inner, saving(FakeStorage(), FakeRegistrar()))

    found = source.reference("head")

    assert np.array_equal(found.regions[Region.WT], inner.reference("head").regions[Region.WT])


def test_a_mask_on_another_grid_counts_the_failure_of_a_study_that_cannot_be_prepared() -> None:
    finer = Grid((30, 30, 30), np.diag([5.0, 5, 5, 1]))
    other = images_of(Study("x", "x", finer, {T1N: np.ones(finer.shape, np.float32)}))
    images = {**images_of(fake_head(T1C)), **other}
    study = study_of_images("head", images, patient_id="head", drawn_on=images[T1N])
    drawn = Reference(Grade.HGG, {Region.WT: np.ones(finer.shape, bool)})
    inner = FakeStudySource([Case(study, drawn)])

    found = PreparedStudies(inner, saving(FakeStorage(), FakeRegistrar(sharpness=0.05))).reference(
        "head"
    )

    assert found.grid == finer
    assert found.regions is drawn.regions


def test_a_mask_counts_the_failure_of_a_study_of_which_no_image_can_be_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def closed(_: str) -> Study:
        raise FaultyStudyError(FaultKind.UNREADABLE, "no image")

    head = fake_head(T1C)
    inner = source_of(head)
    alone = replace(inner.reference("head"), grid=head.grid)
    monkeypatch.setattr(inner, "study", closed)
    monkeypatch.setattr(inner, "reference", lambda _: alone)

    found = PreparedStudies(inner, saving(FakeStorage(), FakeRegistrar())).reference("head")

    assert found is alone


def test_the_content_of_prepared_studies_is_other_than_that_of_raw_ones() -> None:
    inner = source_of(fake_head(T1C))
    source = PreparedStudies(inner, saving(FakeStorage(), FakeRegistrar()))

    assert source.content_hash("head") != inner.content_hash("head")


def test_brains_found_by_other_weights_are_other_content() -> None:
    inner = source_of(fake_head(T1C))
    one, other = (
        NetworkBrainExtractor(FakeBrainNetwork(), fake_template, weights) for weights in ("a", "b")
    )

    hashes = {
        PreparedStudies(
            inner, SavedPreparations(preparing(extractor=extractor), FakeStorage())
        ).content_hash("head")
        for extractor in (one, other)
    }

    assert len(hashes) == 2


def test_a_preparation_needs_an_anchor_that_stays() -> None:
    made = prepared()

    with pytest.raises(InvalidInputError, match="anchor t1c is moved"):
        replace(made, to_anchor={T1C: SHIFT})


def test_a_motion_of_nothing_is_known_as_such() -> None:
    assert Rigid.none().is_none
    assert not SHIFT.is_none
