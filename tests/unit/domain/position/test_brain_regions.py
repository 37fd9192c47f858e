import numpy as np
import pytest

from gliobench.domain.position.brain_regions import ORDER, BrainRegion, regions_at

TEXTBOOK = [
    ("middle frontal gyrus", (42, 36, 24), BrainRegion.FRONTAL),
    ("supplementary motor area", (6, -4, 62), BrainRegion.FRONTAL),
    ("pars opercularis", (-50, 14, 16), BrainRegion.FRONTAL),
    ("orbitofrontal cortex", (28, 34, -14), BrainRegion.FRONTAL),
    ("precentral gyrus, hand", (-38, -16, 58), BrainRegion.FRONTAL),
    ("postcentral gyrus", (-52, -24, 46), BrainRegion.PARIETAL),
    ("superior parietal lobule", (24, -58, 62), BrainRegion.PARIETAL),
    ("angular gyrus", (-48, -62, 34), BrainRegion.PARIETAL),
    ("precuneus", (-8, -62, 48), BrainRegion.PARIETAL),
    ("superior temporal gyrus", (54, -20, 2), BrainRegion.TEMPORAL),
    ("temporal pole", (-40, 12, -32), BrainRegion.TEMPORAL),
    ("hippocampus", (28, -20, -16), BrainRegion.TEMPORAL),
    ("fusiform gyrus", (-40, -48, -18), BrainRegion.TEMPORAL),
    ("primary visual cortex", (8, -88, 2), BrainRegion.OCCIPITAL),
    ("cuneus", (10, -82, 26), BrainRegion.OCCIPITAL),
    ("lateral occipital gyrus", (-42, -80, 0), BrainRegion.OCCIPITAL),
    ("insula", (38, 4, 2), BrainRegion.INSULA),
    ("putamen", (-26, 4, 2), BrainRegion.BASAL_GANGLIA),
    ("head of the caudate", (12, 14, 8), BrainRegion.BASAL_GANGLIA),
    ("thalamus", (-12, -18, 8), BrainRegion.THALAMUS),
    ("genu of the callosum", (0, 32, 4), BrainRegion.CORPUS_CALLOSUM),
    ("splenium of the callosum", (2, -40, 12), BrainRegion.CORPUS_CALLOSUM),
    ("hypothalamus", (2, -4, -10), BrainRegion.DEEP_MIDLINE),
    ("pons", (0, -28, -34), BrainRegion.BRAINSTEM),
    ("cerebellar hemisphere", (30, -62, -38), BrainRegion.CEREBELLUM),
]


@pytest.mark.parametrize("mirror", [1, -1], ids=["as named", "on the other side"])
@pytest.mark.parametrize(("structure", "place", "region"), TEXTBOOK, ids=str)
def test_a_structure_is_in_the_region_that_textbooks_give(
    structure: str, place: tuple[int, int, int], region: BrainRegion, mirror: int
) -> None:
    x, y, z = place

    (found,) = regions_at(np.array([[mirror * x, y, z]], dtype=float))

    assert ORDER[found] is region, structure


def test_many_places_are_looked_up_at_once() -> None:
    places = np.array([place for _, place, _ in TEXTBOOK], dtype=float)

    assert [ORDER[found] for found in regions_at(places)] == [region for *_, region in TEXTBOOK]
