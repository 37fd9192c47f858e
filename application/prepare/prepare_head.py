"""Register the images of a head to each other and to the template, and find the brain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliobench.application.datasets.study_images import StoredImage
from gliobench.application.ports.bias_field import BiasFieldEstimator
from gliobench.application.ports.brain_extractor import BrainExtractor, BrainTemplate
from gliobench.application.ports.registrar import Registrar, Registration, Scan
from gliobench.application.prepare.bias_fields import bias_fields
from gliobench.application.prepare.head_checks import (
    check_brain,
    check_planes,
    check_quality,
    fault_of_fit,
    fault_of_place,
    not_registered,
)
from gliobench.application.prepare.preparation import (
    BIAS_EVERY,
    FILE_GRID,
    PREPARED_GRID,
    ImageQuality,
    Preparation,
    Quality,
)
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.geometry.resampling import Float32Array, pulled, pulled_region
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.studies.plausibility import LARGEST_BRAIN_ML, SMALLEST_BRAIN_ML, shows_skull
from gliobench.domain.studies.raw_images import shown_share
from gliobench.domain.studies.study import Modality, Study

FoundT = TypeVar("FoundT")

GUIDES = (Modality.T1N, Modality.T1C, Modality.T2W, Modality.T2F)
"""Images by how well they fit the template, which is T1-weighted without contrast agent."""


def anchor_of(images: Mapping[Modality, StoredImage | FaultError]) -> Modality:
    """Choose the image that the others are registered to: T1c, or else the best resolved one.

    Raises:
        FaultError: No image can be read.
    """
    sound = {m: image for m, image in images.items() if not isinstance(image, FaultError)}
    if not sound:
        raise next(image for image in images.values() if isinstance(image, FaultError))
    if Modality.T1C in sound:
        return Modality.T1C
    return min(sound, key=lambda modality: sound[modality].native_grid.voxel_volume_mm3)


@dataclass(frozen=True, slots=True)
class OwnBrain:
    """A mask of the brain that the user has drawn on one of the images.

    Args:
        image: Not zero in the brain, on the grid of one of the images.
        content: Hash of its file.
    """

    image: StoredImage
    content: str


@dataclass(frozen=True, slots=True)
class PrepareHead:
    """Prepares the images of one study."""

    registrar: Registrar
    extractor: BrainExtractor
    bias_fields: BiasFieldEstimator
    template: Callable[[], BrainTemplate]
    own_brain: OwnBrain | None = None

    @property
    def fingerprint(self) -> str:
        """What decides a preparation besides the images."""
        brain = self.own_brain.content if self.own_brain else self.extractor.fingerprint
        return f"{self.registrar.fingerprint}; {brain}; {self.bias_fields.fingerprint}"

    def __call__(
        self, study_id: str, images: Mapping[Modality, StoredImage | FaultError]
    ) -> Preparation:
        """Prepare a study; other images than the anchor are left out if they cannot be read.

        Raises:
            FaultyStudyError: An image cannot be registered, or no brain is found.
            FaultError: The anchor cannot be read.
        """
        anchor = anchor_of(images)
        scans = _scans(images, anchor)
        check_planes(study_id, scans)
        found = {
            modality: self._registered(study_id, modality, scan, scans[anchor])
            for modality, scan in scans.items()
            if modality is not anchor
        }
        to_anchor = {m: item.motion for m, item in found.items()} | {anchor: Rigid.none()}
        placed = self._placed(study_id, scans, to_anchor)
        motions = {m: motion.then(placed.motion) for m, motion in to_anchor.items()}
        brain = self._brain(study_id, scans, motions)
        inside = {m: _brain_in(scan, brain, motions[m]) for m, scan in scans.items()}
        bias = _checked(study_id, lambda: bias_fields(self.bias_fields, scans, motions, brain))
        measured = {
            m: _image_quality(
                item, motions[m], scans[m], brain=brain, inside=inside[m], bias=bias[m]
            )
            for m, item in (found | {anchor: placed}).items()
        }
        overlap = dice(reference=self._template_brain(), prediction=brain)
        quality = Quality(measured, float(brain.sum()) / 1000, overlap, placed.uprightness)
        check_quality(study_id, quality)
        check_brain(study_id, scans, inside)
        return Preparation(anchor, to_anchor, placed.motion, brain, bias, quality)

    def _registered(
        self, study_id: str, modality: Modality, scan: Scan, anchor: Scan
    ) -> Registration:
        found = _checked(study_id, lambda: self.registrar.register(fixed=anchor, moving=scan))
        if fault := fault_of_fit(modality, found):
            raise not_registered(study_id, fault)
        return found

    def _placed(
        self, study_id: str, scans: Mapping[Modality, Scan], to_anchor: Mapping[Modality, Rigid]
    ) -> Registration:
        """Register the anchor to the template, by the first image that shows which way up it is."""
        template, faults = self.template(), []
        for guide in (modality for modality in GUIDES if modality in scans):
            ask = partial(
                self.registrar.register,
                fixed=template.scan,
                within=template.near,
                turned_over=True,
            )
            found = _checked(study_id, partial(ask, moving=scans[guide]))
            faults.append(fault_of_place(guide, found))
            if not faults[-1]:
                return replace(found, motion=to_anchor[guide].inverse.then(found.motion))
        raise not_registered(study_id, "; ".join(faults))

    def _brain(
        self, study_id: str, scans: Mapping[Modality, Scan], motions: Mapping[Modality, Rigid]
    ) -> BoolArray:
        if self.own_brain is not None:
            return _own(study_id, self.own_brain.image, scans, motions)
        head = _head(study_id, scans, motions)
        stripped = _stripped(head)
        if stripped is not None:
            return stripped
        return _checked(study_id, lambda: self.extractor.extract(head))

    def _template_brain(self) -> BoolArray:
        template = self.template()
        brain = template.brain.astype(np.float32)
        placed = pulled(brain, source=template.scan.grid, target=PREPARED_GRID, motion=Rigid.none())
        return np.asarray(placed >= 0.5)


def _scans(
    images: Mapping[Modality, StoredImage | FaultError], anchor: Modality
) -> dict[Modality, Scan]:
    scans = {}
    for modality, image in images.items():
        try:
            if not isinstance(image, FaultError):
                scans[modality] = Scan(image.read(), image.grid)
        except FaultError:  # raised again by whoever looks at this image
            if modality is anchor:  # answers are given in its place
                raise
    return scans


def _head(
    study_id: str, scans: Mapping[Modality, Scan], motions: Mapping[Modality, Rigid]
) -> Study:
    """Lay all images on the grid of the template, to look for the brain."""
    volumes = {
        modality: pulled(
            scan.voxels, source=scan.grid, target=PREPARED_GRID, motion=motions[modality]
        )
        for modality, scan in scans.items()
    }
    return Study(study_id, study_id, PREPARED_GRID, volumes, native_grid=FILE_GRID)


def _own(
    study_id: str,
    mask: StoredImage,
    scans: Mapping[Modality, Scan],
    motions: Mapping[Modality, Rigid],
) -> BoolArray:
    """Bring the user's mask to the template, as the image that it was drawn on.

    Raises:
        FaultyStudyError: It is on the grid of none of the images, or holds no voxel.
    """
    drawn_on = next((m for m, scan in scans.items() if mask.covers(scan.grid)), None)
    if drawn_on is None:
        raise not_registered(study_id, f"{mask.name} is on the grid of none of its images")
    brain = pulled_region(
        mask.read() != 0, source=mask.grid, target=PREPARED_GRID, motion=motions[drawn_on]
    )
    if not brain.any():
        raise not_registered(study_id, f"{mask.name} holds no voxel of the brain")
    return brain


def _stripped(head: Study) -> BoolArray | None:
    """Return the brain of images whose skull is stripped already; None of a head."""
    shown = np.any([volume != 0 for volume in head.volumes.values()], axis=0)
    if not SMALLEST_BRAIN_ML <= shown.sum() / 1000 <= 0.7 * LARGEST_BRAIN_ML:
        return None
    spacing_mm = head.grid.spacing_mm
    if any(shows_skull(volume, spacing_mm, m) for m, volume in head.volumes.items()):
        return None
    return np.asarray(shown)


def _brain_in(scan: Scan, brain: BoolArray, motion: Rigid) -> BoolArray:
    """Return the voxels of an image that lie in the brain; the motion is to the template's world."""
    return pulled_region(brain, source=PREPARED_GRID, target=scan.grid, motion=motion.inverse)


def _image_quality(
    item: Registration,
    motion: Rigid,
    scan: Scan,
    *,
    brain: BoolArray,
    inside: BoolArray,
    bias: Float32Array,
) -> ImageQuality:
    """Measure how an image was moved, and how much of the brain it shows.

    Args:
        item: Its registration.
        motion: From its world to that of the template.
        scan: The image.
        brain: On the prepared grid.
        inside: The same on the grid of the image.
        bias: The logarithm of its bias field.
    """
    own_mm = motion.inverse.moved(_places_mm(brain))
    voxels = np.linalg.solve(scan.grid.affine, np.c_[own_mm, np.ones(len(own_mm))].T)[:3]
    within = np.all((voxels > -0.5) & (voxels < np.array(scan.grid.shape)[:, None] - 0.5), axis=0)
    return ImageQuality(
        mutual_information=item.mutual_information,
        sharpness=item.sharpness,
        moved_mm=item.motion.distance_mm(own_mm),
        moved_degrees=item.motion.degrees,
        covered=float(within.mean()),
        shown=shown_share(scan.voxels, inside),
        bias=float(bias[brain[BIAS_EVERY, BIAS_EVERY, BIAS_EVERY]].std()),
    )


def _places_mm(brain: BoolArray) -> NDArray[np.float64]:
    """Return the places of some voxels of a brain, (N, 3) in mm."""
    voxels = np.argwhere(brain[::4, ::4, ::4]) * 4
    placed = voxels @ PREPARED_GRID.affine[:3, :3].T + PREPARED_GRID.affine[:3, 3]
    return np.asarray(placed, dtype=np.float64)


def _checked(study_id: str, look: Callable[[], FoundT]) -> FoundT:
    try:
        return look()
    except InvalidInputError as error:
        raise not_registered(study_id, str(error)) from error
