import numpy as np
import pytest

from fakes.head import GRID as HEAD_GRID
from fakes.head import brain
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.study import Modality, Study

GRID = Grid(shape=(2, 3, 4), affine=np.eye(4))


def study(**volumes: np.ndarray) -> Study:
    by_modality = {Modality(name): volume for name, volume in volumes.items()}
    return Study(id="s1", patient_id="p1", grid=GRID, volumes=by_modality)


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("t1", Modality.T1N),
        ("t1n", Modality.T1N),
        ("T1CE", Modality.T1C),
        ("t1c", Modality.T1C),
        ("t2", Modality.T2W),
        ("t2w", Modality.T2W),
        ("FLAIR", Modality.T2F),
        ("t2f", Modality.T2F),
    ],
)
def test_both_generations_of_names_are_read(name: str, modality: Modality) -> None:
    assert Modality.parse(name) is modality


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("T1w", Modality.T1N),
        ("T1-Gd", Modality.T1C),
        ("t1_ce", Modality.T1C),
        ("T1+C", Modality.T1C),
        ("T1+", Modality.T1C),
        ("T2w", Modality.T2W),
        ("T2-FLAIR", Modality.T2F),
        ("T2*", None),
        ("T1map", None),
        ("ADC", None),
        ("", None),
    ],
)
def test_channels_are_read_by_their_usual_names(name: str, modality: Modality | None) -> None:
    assert Modality.of_channel(name) is modality


def test_a_name_of_a_channel_is_no_name_of_a_file() -> None:
    with pytest.raises(InvalidInputError, match="unknown modality 'T1w'"):
        Modality.parse("T1w")


def test_an_unknown_modality_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"unknown modality 'dwi'.*t1c \(t1ce\)"):
        Modality.parse("dwi")


def test_a_study_gives_its_volume() -> None:
    volume = np.ones(GRID.shape, dtype=np.float32)

    assert study(t2f=volume).volume(Modality.T2F).base is volume


@pytest.mark.parametrize("by", [0.0, 100.0])
def test_a_backend_cannot_change_what_other_backends_are_shown(by: float) -> None:
    given = brain() + np.float32(by)
    held = Study(id="s1", patient_id="p1", grid=HEAD_GRID, volumes={Modality.T2F: given})
    volume = held.volume(Modality.T2F)

    with pytest.raises(ValueError, match="read-only"):
        volume -= volume.mean()

    given[0, 0, 0] += 1  # it is still its owner's


def test_a_modality_that_the_study_lacks_is_named_by_both_names() -> None:
    with pytest.raises(NotFoundError, match=r"study s1 has no t1c \(t1ce\)"):
        study().volume(Modality.T1C)


def test_the_modalities_that_a_study_lacks_are_absent() -> None:
    volume = np.ones(GRID.shape, dtype=np.float32)

    assert study(t2f=volume, t1c=volume).absent == (Modality.T1N, Modality.T2W)


def test_a_volume_that_is_not_on_the_grid_is_refused() -> None:
    turned = np.ones((4, 3, 2), dtype=np.float32)

    with pytest.raises(InvalidInputError, match="t1n has shape"):
        study(t1n=turned).volume(Modality.T1N)


def test_a_volume_is_shown_on_zero_and_looked_at_once() -> None:
    raised = brain() + 100
    held = Study(id="s1", patient_id="p1", grid=HEAD_GRID, volumes={Modality.T2F: raised})

    shown = held.volume(Modality.T2F)

    np.testing.assert_allclose(shown, brain(), atol=1e-4)
    assert held.volume(Modality.T2F) is shown
    assert held.volumes[Modality.T2F] is raised


def test_the_head_is_the_block_that_holds_all_but_zeros() -> None:
    volume = np.zeros(GRID.shape, dtype=np.float32)
    volume[1, 1:3, 3] = 7

    assert study(t1n=volume).head(Modality.T1N) == (slice(1, 2), slice(1, 3), slice(3, 4))


def test_the_head_of_an_empty_volume_is_all_of_it() -> None:
    volume = np.zeros(GRID.shape, dtype=np.float32)

    assert study(t1n=volume).head(Modality.T1N) == (slice(0, 2), slice(0, 3), slice(0, 4))
