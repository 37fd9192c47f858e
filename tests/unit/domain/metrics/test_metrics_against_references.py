"""Our numbers beside those of the libraries that the field measures with, on random inputs.

Where the definitions differ, the tests say by how much:

- MONAI gives NaN for empty masks; ours are declared. All else is the same definition.
- surface-distance lays the surface between voxels and weighs each piece by its area. On such
  inputs our HD95 is larger by 0.2 to 0.4 mm on average, and by about a voxel's diagonal at most;
  our NSD is lower by 0.02 to 0.03. Dice is the same.
- scikit-learn gives 0 where a rate has no studies behind it; ours is None.
"""

import importlib
from types import ModuleType

import numpy as np
import pytest
import shapely
from scipy import ndimage

from fakes.one_cohort import auprc, auroc, brier, rates
from gliobench.domain.geometry.grids import Axis, BoolArray, Box, Plane
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.metrics.localisation import box_iou, polygon_dice
from gliobench.domain.metrics.segmentation import dice, hd95_mm, iou, nsd, volume_error_mm3
from gliobench.domain.predictions.forms import polygon_on_plane
from gliobench.domain.studies.study import Grade

SEEDS = range(8)
SPACINGS = [(1.0, 1.0, 1.0), (0.9, 1.3, 4.0)]
PLANE = Plane(axis=Axis.AXIAL, index=0)
# surface-distance 0.1 calls scipy.ndimage.filters
of_surface_distance = pytest.mark.filterwarnings(
    "ignore:Please import .* from the `scipy.ndimage` namespace:DeprecationWarning"
)


@pytest.fixture(scope="module")
def monai_metrics() -> ModuleType:
    metrics: ModuleType = pytest.importorskip("monai.metrics")
    return metrics


def blobs(seed: int, shape: tuple[int, ...] = (24, 26, 22)) -> tuple[BoolArray, BoolArray]:
    """Two lumpy masks, the second one much like the first."""
    rng = np.random.default_rng(seed)
    one, other = (ndimage.gaussian_filter(rng.normal(size=shape), 2.5) for _ in range(2))
    first, second = one / one.std(), one / one.std() + 0.5 * other / other.std()
    return first > 0.8, second > 0.9


def grades(seed: int, n: int = 60) -> tuple[BoolArray, np.ndarray]:
    """Grades and probabilities that go with them loosely, with ties."""
    rng = np.random.default_rng(seed)
    reference = rng.random(n) < 0.7
    return reference, np.clip(0.3 * reference + 0.7 * rng.random(n), 0, 1).round(1 + seed % 2)


def tensor(mask: BoolArray) -> object:
    torch = importlib.import_module("torch")
    return torch.from_numpy(mask)[None, None]


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_of_probabilities_are_scikit_learns(seed: int) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    reference, probability = grades(seed)

    given = {"reference": reference, "probability": probability}

    assert auroc(**given) == pytest.approx(sklearn.roc_auc_score(reference, probability))
    assert auprc(**given) == pytest.approx(sklearn.average_precision_score(reference, probability))
    assert brier(**given) == pytest.approx(sklearn.brier_score_loss(reference, probability))


@pytest.mark.parametrize("seed", SEEDS)
def test_rates_of_labels_are_scikit_learns(seed: int) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    reference, probability = grades(seed)
    prediction = probability > 0.5

    confusion = ConfusionMatrix.of(
        reference=[Grade.HGG if hgg else Grade.LGG for hgg in reference],
        prediction=[Grade.HGG if hgg else Grade.LGG for hgg in prediction],
    )

    expected = {
        "sensitivity": sklearn.recall_score(reference, prediction),
        "specificity": sklearn.recall_score(reference, prediction, pos_label=False),
        "ppv": sklearn.precision_score(reference, prediction),
        "npv": sklearn.precision_score(reference, prediction, pos_label=False),
        "f1_hgg": sklearn.f1_score(reference, prediction),
        "f1_lgg": sklearn.f1_score(reference, prediction, pos_label=False),
        "accuracy": sklearn.accuracy_score(reference, prediction),
        "balanced_accuracy": sklearn.balanced_accuracy_score(reference, prediction),
        "mcc": sklearn.matthews_corrcoef(reference, prediction),
    }
    assert rates(confusion) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_overlap_of_masks_is_monais(seed: int, monai_metrics: ModuleType) -> None:
    one, other = blobs(seed)

    expected_dice = monai_metrics.compute_dice(tensor(other), tensor(one)).item()
    expected_iou = monai_metrics.compute_iou(tensor(other), tensor(one)).item()

    assert dice(reference=one, prediction=other) == pytest.approx(expected_dice)
    assert iou(reference=one, prediction=other) == pytest.approx(expected_iou)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy:FutureWarning")  # inside monai 1.6
def test_distances_of_surfaces_are_monais(
    seed: int, spacing: tuple[float, float, float], monai_metrics: ModuleType
) -> None:
    one, other = blobs(seed)
    pair = {"include_background": True, "spacing": spacing}

    expected_hd95 = monai_metrics.compute_hausdorff_distance(
        tensor(other), tensor(one), percentile=95, **pair
    ).item()
    expected_nsd = monai_metrics.compute_surface_dice(
        tensor(other), tensor(one), class_thresholds=[1.1], **pair
    ).item()

    masks = {"reference": one, "prediction": other, "spacing_mm": spacing}
    assert hd95_mm(**masks) == pytest.approx(expected_hd95, rel=1e-5)
    assert nsd(**masks, tolerance_mm=1.1) == pytest.approx(expected_nsd, rel=1e-5)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", SEEDS)
@of_surface_distance
def test_distances_of_surfaces_are_near_those_of_surface_distance(
    seed: int, spacing: tuple[float, float, float]
) -> None:
    surface_distance = pytest.importorskip("surface_distance")
    one, other = blobs(seed)

    distances = surface_distance.compute_surface_distances(one, other, spacing)
    their_hd95 = surface_distance.compute_robust_hausdorff(distances, 95)
    their_nsd = surface_distance.compute_surface_dice_at_tolerance(distances, 2.0)

    masks = {"reference": one, "prediction": other, "spacing_mm": spacing}
    assert hd95_mm(**masks) == pytest.approx(their_hd95, abs=np.linalg.norm(spacing))
    assert nsd(**masks, tolerance_mm=2.0) == pytest.approx(their_nsd, abs=0.08)
    expected_dice = surface_distance.compute_dice_coefficient(one, other)
    assert dice(reference=one, prediction=other) == pytest.approx(expected_dice)


@of_surface_distance
def test_a_block_moved_straight_ahead_is_as_far_off_as_surface_distance_says() -> None:
    surface_distance = pytest.importorskip("surface_distance")
    one = np.zeros((20, 20, 30), dtype=bool)
    one[5:15, 5:15, 5:15] = True
    other, spacing = np.roll(one, 6, axis=2), (1.0, 1.0, 1.5)

    distances = surface_distance.compute_surface_distances(one, other, spacing)
    theirs = surface_distance.compute_robust_hausdorff(distances, 95)

    assert theirs == 9.0
    assert hd95_mm(reference=one, prediction=other, spacing_mm=spacing) == theirs


@pytest.mark.parametrize("seed", SEEDS)
def test_volume_error_is_the_difference_of_numpys_counts(seed: int) -> None:
    one, other = blobs(seed)

    error = volume_error_mm3(reference=one, prediction=other, spacing_mm=(1.0, 2.0, 0.5))

    assert error == float(np.count_nonzero(other)) - float(np.count_nonzero(one))


@pytest.mark.parametrize("seed", SEEDS)
def test_overlap_of_boxes_is_shapelys(seed: int) -> None:
    corners = np.random.default_rng(seed).integers(0, 20, size=(2, 2, 2))
    one, other = (
        Box(plane=PLANE, start=(int(a), int(b)), stop=(int(a) + int(c) + 1, int(b) + int(d) + 1))
        for (a, b), (c, d) in corners
    )

    first, second = (shapely.box(*box.start, *box.stop) for box in (one, other))

    expected = first.intersection(second).area / first.union(second).area
    assert box_iou(reference=one, prediction=other) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_overlap_of_outlines_is_that_of_the_pixels_within(seed: int) -> None:
    filled, outlines = [], []
    for mask in blobs(seed, shape=(40, 50)):
        groups, _ = ndimage.label(mask)
        largest = groups == np.bincount(groups.ravel())[1:].argmax() + 1
        filled.append(ndimage.binary_fill_holes(largest))
        outlines.append(polygon_on_plane(mask[:, :, None], PLANE))
    one, other = outlines
    assert one is not None
    assert other is not None

    overlap = polygon_dice(reference=one, prediction=other)

    assert overlap == pytest.approx(dice(reference=filled[0], prediction=filled[1]))
