"""What a user declares of series, by their UIDs or pseudonyms."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gliobench.adapters.dicom.catalogue import Catalogue
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.mask_choice import CHOICE
from gliobench.domain.studies.study import Modality


def declared_modalities(
    found: Catalogue, declared: Mapping[str, Modality | None], wanted: frozenset[str]
) -> dict[str, Modality | None]:
    """Return the declared modalities by the pseudonyms of series; None excludes segmentations, too."""
    images: dict[str, list[str]] = {}
    for study in found.studies.values():
        for item in study.series:
            _name(images, item.series.id, item.uid)
    masks = _mask_names(found)
    _check_there(wanted, images.keys() | masks.keys())
    settled: dict[str, Modality | None] = {}
    for name, modality in declared.items():
        if modality is not None:
            settled |= dict.fromkeys(_one(images, name), modality)
            if name in masks:
                raise InvalidInputError(
                    f"--series: a segmentation is declared as {modality.value}: wanted {CHOICE} or exclude"
                )
        else:
            settled |= dict.fromkeys(images.get(name, []) + masks.get(name, []))
    return settled


def declared_masks(
    found: Catalogue, declared: frozenset[str], wanted: frozenset[str]
) -> frozenset[str]:
    """Return the pseudonyms of the segmentations that are declared as references."""
    names = _mask_names(found)
    _check_there(wanted, names.keys())
    return frozenset(item for name in declared for item in _one(names, name))


def _mask_names(found: Catalogue) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for study in found.studies.values():
        for item in study.masks:
            for name in item.names:
                names.setdefault(name, []).append(item.facts.id)
    return names


def _name(names: dict[str, list[str]], series_id: str, uid: str) -> None:
    """Register a series by its names: its UID, its pseudonym, and that without the number of its part."""
    for name in {series_id, uid, series_id.partition(".")[0]}:
        names.setdefault(name, []).append(series_id)


def _check_there(wanted: frozenset[str], known: Collection[str]) -> None:
    if unknown := sum(name not in known for name in wanted):
        raise InvalidInputError(
            f"--series: {unknown} of {len(wanted)} series are not in this dataset: wanted ids as "
            "gliobench dataset series lists them, or UIDs"
        )


def _one(names: Mapping[str, list[str]], name: str) -> list[str]:
    found = names.get(name, [])
    if len(found) > 1:
        raise InvalidInputError(
            f"a declared series holds {len(found)} volumes: wanted one of {', '.join(found[:5])}"
        )
    return found
