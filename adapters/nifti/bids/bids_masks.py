"""Which mask of a BIDS dataset is the experts' of the tumour: by its name, its table and its program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from gliobench.adapters.nifti.bids.bids_folders import find_files, pipelines, programs_of
from gliobench.adapters.nifti.bids.bids_names import BidsFile, Visit, preferred, sidecar_of
from gliobench.adapters.nifti.bids.label_tables import LabelTable, LabelTables
from gliobench.adapters.nifti.documents import read_json
from gliobench.adapters.nifti.mask_names import is_by_model, is_of_something_else, is_of_tumour
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.label_names import names_a_tumour

_SEGMENTATIONS = ("dseg", "seg", "segm")
"""Suffixes of label maps; the latter two are BraTS's."""
_MASKS = ("mask", "roi")
"""Suffixes of masks of one structure."""
_DESCRIBING = ("", "label", "desc", "seg", "atlas")
_OF_TUMOUR = re.compile(
    r"l|(whole)?(brain)?(tumou?rs?|lesions?|glioma)(mask|seg)?|wt|gtv", re.IGNORECASE
)
"""Values of `label` for the whole tumour; BIDS calls a lesion L."""
_PART = re.compile(r"core|(?<![a-z])(et|tc|ed|ncr|netc?|rc|cc|snfh)(?![a-z])", re.IGNORECASE)
_OF_TISSUES = re.compile(
    r"(?<![a-z])([a-z]*prep|freesurfer|fastsurfer|synthseg|samseg|mriqc|xcp\w*|cat12?|spm\d*|fsl\w*"
    r"|ants\w*|mindboggle|civet|brainsuite|tissues?|parcel\w*|hippo\w*)(?![a-z])",
    re.IGNORECASE,
)
"""Programs, such as fMRIPrep, whose segmentations without description are of the brain."""


@dataclass(frozen=True)
class BidsMask:
    """A mask.

    Args:
        file: Its file.
        is_own: Whether it is taken for the experts' of the tumour.
        home: The dataset or folder of derivatives that it is in.
    """

    file: BidsFile
    is_own: bool
    home: DatasetPath

    @property
    def is_two_valued(self) -> bool:
        """Whether it is a mask of one structure by its suffix."""
        return self.file.suffix in _MASKS


class BidsMasks:
    """The masks of a dataset and of its derivatives.

    Args:
        files: The dataset's own.
        home: The dataset.
        scope: Subject and session that are meant.
        wanted: Entities that decide between several candidates.

    Raises:
        InvalidInputError: A dataset_description.json cannot be read.
    """

    def __init__(
        self,
        files: Iterable[BidsFile],
        home: DatasetPath,
        scope: Mapping[str, str],
        wanted: Mapping[str, str],
    ) -> None:
        self.home, self._wanted = home, wanted
        self._tables = LabelTables()
        self._own = self._among(files, home)
        self._derived: dict[Visit, list[BidsMask]] = {}
        for pipeline in pipelines(home):
            for visit, masks in self._among(find_files(pipeline, scope)[0], pipeline).items():
                self._derived.setdefault(visit, []).extend(masks)

    def of(self, visit: Visit, spaces: frozenset[str | None]) -> list[BidsMask]:
        """Return the masks of a visit, those that may be the experts' first.

        Those in the dataset itself go before those in derivatives, a segmentation before a mask of one
        structure in its folder, and those in the images' space before others.
        """
        masks = [*self._own.get(visit, ()), *self._derived.get(visit, ())]
        own = [mask for mask in self._own.get(visit, ()) if mask.is_own]
        own = own or [mask for mask in masks if mask.is_own]
        own = [mask for mask in own if not (mask.is_two_valued and _is_beside(mask, own))]
        own = [mask for mask in own if mask.file.entities.get("space") in spaces] or own
        kept = preferred([mask.file for mask in own], self._wanted)
        return [
            *(mask for mask in own if mask.file in kept),
            *(mask for mask in masks if not mask.is_own),
        ]

    def table(self, mask: BidsMask) -> LabelTable | None:
        """Return the table of a mask's labels; raises what `LabelTables.of` does."""
        return self._tables.of(mask.file, mask.home)

    def _among(self, files: Iterable[BidsFile], home: DatasetPath) -> dict[Visit, list[BidsMask]]:
        programs = programs_of(home)
        found: dict[Visit, list[BidsMask]] = {}
        for file in files:
            if file.visit and file.suffix in (*_SEGMENTATIONS, *_MASKS):
                is_own = self._is_own(file, home, programs)
                found.setdefault(file.visit, []).append(BidsMask(file, is_own, home))
        return found

    def _is_own(self, file: BidsFile, home: DatasetPath, programs: str) -> bool:
        described = " ".join(file.entities.get(key, "") for key in _DESCRIBING).strip()
        label = file.entities.get("label", "")
        is_other = is_of_something_else(described) or _PART.search(described)
        if is_other or is_by_model(programs) or (label and not _OF_TUMOUR.fullmatch(label)):
            return False
        if label or is_of_tumour(described) or is_of_tumour(programs):
            return True
        if file.suffix in _MASKS:
            return _is_of_lesion(file)
        return not _OF_TISSUES.search(programs) and self._may_be_of_tumour(file, home)

    def _may_be_of_tumour(self, file: BidsFile, home: DatasetPath) -> bool:
        """Return whether no table says that a segmentation is of something else."""
        try:
            table = self._tables.of(file, home)
        except InvalidInputError:  # raised when the mask is read
            return True
        return table is None or names_a_tumour(table.names)


class _Sidecar(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    Type: str = ""


def _is_of_lesion(file: BidsFile) -> bool:
    """Return whether a mask's JSON file states that it is of a lesion."""
    try:
        return read_json(sidecar_of(file.path), _Sidecar).Type.lower() in ("lesion", "tumor")
    except InvalidInputError:  # most masks have none
        return False


def _is_beside(mask: BidsMask, masks: Sequence[BidsMask]) -> bool:
    """Return whether a segmentation lies in the folder of a mask."""
    folder = mask.file.path.parent
    return any(not item.is_two_valued and item.file.path.parent == folder for item in masks)
