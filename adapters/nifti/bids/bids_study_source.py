"""Studies in a BIDS dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, final

from pydantic import BaseModel, ConfigDict

from gliobench.adapters.nifti.bids.bids_folders import find_files, holds_bids, home_of
from gliobench.adapters.nifti.bids.bids_masks import BidsMask, BidsMasks
from gliobench.adapters.nifti.bids.bids_names import (
    BidsFile,
    Visit,
    images_of,
    parse_entities,
    sidecar_of,
)
from gliobench.adapters.nifti.bids.label_tables import LabelTable
from gliobench.adapters.nifti.bids.subject_tables import read_subjects
from gliobench.adapters.nifti.documents import read_json
from gliobench.adapters.nifti.study_folders import StudyFolder
from gliobench.adapters.nifti.study_source import FoundStudies, NiftiStudySource, listing
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.label_names import stated_labels
from gliobench.domain.labels.proposal import DatasetLabels, UndeclaredLabelsError
from gliobench.domain.messages import printable
from gliobench.domain.studies.study import Modality
from gliobench.domain.studies.study_ids import study_id_of

__all__ = ["BidsStudySource", "holds_bids"]
_TABLE = "dseg.tsv"
_REMEDY = ", or the setting bids_entities to choose by, such as run-1"
_NO_AGENT = ("", "none", "no", "n/a")


@final
class BidsStudySource(NiftiStudySource):
    """Reads `sub-*/[ses-*/]anat/*_{T1w,ce-*_T1w,T2w,FLAIR}.nii.gz`, raw or derived.

    A study is a subject's session. Masks lie beside the images or in a folder of derivatives, grades in
    participants.tsv or sessions.tsv.

    Args:
        root: The dataset, or one subject or session of it.
        entities: Decide between several files of one modality, or several masks: `run-1_space-T1w`.

    Raises:
        NotFoundError: There is no such folder, or no study in it.
        InvalidInputError: The folder or a table cannot be read, or `entities`.
    """

    def __init__(self, root: DatasetPath | str, *, entities: str = "") -> None:
        folder = resolved(root)
        home, scope = home_of(folder)
        wanted = parse_entities(entities) if entities else {}
        with listing(folder):
            files, visits = find_files(home, scope)
            masks = BidsMasks(files, home, scope, wanted)
            names = read_subjects(home, visits)
            found = [*_studies(files, visits, masks, wanted)]
        if not found:
            raise NotFoundError(
                f"no study in {folder}: wanted files such as sub-01/anat/sub-01_T1w.nii.gz"
            )
        own = [mask for _, its in found for mask in its]
        stated = cache(partial(_stated_labels, own, masks))
        folders = [study for study, _ in found]
        super().__init__(FoundStudies.of(folders, names=names, labels=stated))


def _studies(
    files: Iterable[BidsFile], visits: Iterable[Visit], masks: BidsMasks, wanted: Mapping[str, str]
) -> Iterator[tuple[StudyFolder, list[BidsMask]]]:
    """Yield the studies, each with the candidates for its mask."""
    by_visit: dict[Visit, list[BidsFile]] = defaultdict(list)
    for file in files:
        if file.visit:
            by_visit[file.visit].append(file)
    for visit in visits:
        images = _with_stated_agents(images_of(by_visit[visit], wanted))
        spaces = {file.entities.get("space") for its in images.values() for file in its}
        of_visit = masks.of(visit, frozenset(spaces))
        own = [mask for mask in of_visit if mask.is_own]
        yield _study(visit, images, of_visit, masks.home), own


def _study(
    visit: Visit,
    images: Mapping[Modality, Sequence[BidsFile]],
    masks: Sequence[BidsMask],
    home: DatasetPath,
) -> StudyFolder:
    paths = {modality: [file.path for file in files] for modality, files in images.items()}
    own = [mask for mask in masks if mask.is_own]
    return StudyFolder(
        id=study_id_of(visit.name),
        folder=next((its[0].parent for its in paths.values()), home / visit.patient),
        images=paths,
        masks=[mask.file.path for mask in own],
        other_masks=[mask.file.path for mask in masks if not mask.is_own],
        has_odd_name=printable(visit.name) != visit.name,
        patient=study_id_of(visit.patient),
        is_two_valued=any(mask.is_two_valued for mask in own),
        mask_name="_desc-tumor_dseg.nii.gz",
        remedy=_REMEDY,
    )


class _Sidecar(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    ContrastBolusIngredient: Any = None
    ContrastBolusAgent: Any = None


def _with_stated_agents(images: dict[Modality, list[BidsFile]]) -> dict[Modality, list[BidsFile]]:
    """Take a T1w without `ce` for T1c where its JSON file states an agent and there is no other T1c."""
    if Modality.T1C in images or Modality.T1N not in images:
        return images
    candidates = images[Modality.T1N]
    given = [file for file in candidates if _states_agent(file)]
    native = [file for file in candidates if file not in given]
    split = images | {Modality.T1N: native, Modality.T1C: given}
    return {modality: files for modality, files in split.items() if files}


def _states_agent(file: BidsFile) -> bool:
    try:
        sidecar = read_json(sidecar_of(file.path), _Sidecar)
    except InvalidInputError:  # most images have none
        return False
    stated = (sidecar.ContrastBolusIngredient, sidecar.ContrastBolusAgent)
    return any(isinstance(name, str) and name.strip().lower() not in _NO_AGENT for name in stated)


def _stated_labels(masks: Sequence[BidsMask], tables: BidsMasks) -> DatasetLabels | None:
    """Return what the tables of the segmentations say; None where there are none.

    Raises:
        UndeclaredLabelsError: A table cannot be read or understood, they disagree, or some are missing.
    """
    stated: dict[str, DatasetLabels | None] = {}
    for mask in (mask for mask in masks if not mask.is_two_valued):
        try:
            table = tables.table(mask)
        except InvalidInputError as error:
            raise UndeclaredLabelsError(f"{error}, or the setting labels") from error
        place = "no table" if table is None else str(table.path)
        if place not in stated:
            stated[place] = _labels_in(table)
    first = next(iter(stated), "")
    for place, labels in stated.items():
        if labels != stated[first]:
            raise UndeclaredLabelsError(
                f"labels of the masks differ: {first} and {place}: wanted one table for all, or the "
                "setting labels"
            )
    return stated.get(first)


def _labels_in(table: LabelTable | None) -> DatasetLabels | None:
    if table is None:
        return None
    return stated_labels(table.names, place=str(table.path), name=_TABLE)
