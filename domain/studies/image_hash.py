"""Images, told again whatever their file is called and however it is packed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import FloatArray, extent
from gliobench.domain.studies.study import Study

STEP = 2
"""Every second voxel along each axis is hashed: no two heads agree in so many."""


def image_hash(volume: FloatArray) -> str | None:
    """Stand in for an image where one has to be told again: in weights, manifests and scores.

    It is of the voxels, on the study's RAS+ grid, about which nothing but zeros lies. So a copy has
    the hash of its original though it was renamed, packed anew, turned, padded with zeros or stored
    as another type; a resampled or a rescaled one has another.

    Args:
        volume: (I, J, K), of one modality.

    Returns:
        16 hex digits, as many as `patient_hash`; None where every voxel is 0, for that tells
        nobody.
    """
    seen = volume != 0
    if not seen.any():
        return None
    head = volume[extent(seen)][::STEP, ::STEP, ::STEP]
    digest = sha256(str(head.shape).encode())
    digest.update(head.astype("<f4").tobytes())
    return digest.hexdigest()[:16]


def image_hashes(study: Study) -> frozenset[str]:
    """Hash every image of a study that can be read; a copy may lack some of them.

    Raises:
        StoreError: The study cannot be read now.
    """
    found = (image_hash(volume) for volume in _images(study))
    return frozenset(one for one in found if one is not None)


def image_at_hand(study: Study) -> FloatArray | None:
    """Give the first image of a study that can be read and shows something; None without any.

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
