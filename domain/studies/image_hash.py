"""Identification of images by their voxels, independent of file name and format."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import FloatArray, extent
from gliobench.domain.studies.study import Study

STEP = 2
"""Every second voxel along each axis is hashed: no two heads agree in so many."""


def image_hash(volume: FloatArray) -> str | None:
    """Return the identifier of an image in weights, manifests and scores.

    The hash covers the voxels on the study's RAS+ grid without surrounding zeros. A renamed, recompressed,
    reoriented, zero-padded or type-converted copy has the same hash; a resampled or rescaled one has
    another.

    Args:
        volume: (I, J, K), of one modality.

    Returns:
        16 hex digits, like `patient_hash`; None where every voxel is 0, which identifies no patient.
    """
    seen = volume != 0
    if not seen.any():
        return None
    head = volume[extent(seen)][::STEP, ::STEP, ::STEP]
    digest = sha256(str(head.shape).encode())
    digest.update(head.astype("<f4").tobytes())
    return digest.hexdigest()[:16]


def image_hashes(study: Study) -> frozenset[str]:
    """Hash every readable image of a study; a copy may lack some of them.

    Raises:
        StoreError: The study cannot be read now.
    """
    found = (image_hash(volume) for volume in _images(study))
    return frozenset(item for item in found if item is not None)


def image_at_hand(study: Study) -> FloatArray | None:
    """Return the hash of the first readable, non-empty image of a study; None without any.

    Raises:
        StoreError: The study cannot be read now.
    """
    return next((volume for volume in _images(study) if volume.any()), None)


def _images(study: Study) -> Iterator[FloatArray]:
    for modality in study.volumes:
        try:
            yield study.volume(modality)
        except FaultError:
            continue
