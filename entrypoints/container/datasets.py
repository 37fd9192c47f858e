"""Where studies come from, and what is asked of a dataset as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gliobench.adapters.json import read_cohort
from gliobench.adapters.nifti import BidsStudySource, StudyFiles, holds_bids, holds_nnunet
from gliobench.adapters.phantom import PhantomStudySource
from gliobench.adapters.slices import SliceStudySource
from gliobench.adapters.storage import open_dataset as open_dataset_path
from gliobench.application.datasets.chosen_studies import ChosenStudies
from gliobench.application.datasets.dataset_labels import settle_labels
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.messages import printable, shown
from gliobench.domain.studies.study import Modality, SliceChoice
from gliobench.domain.studies.study_ids import study_id_of
from gliobench.entrypoints.container.dicom import holds_dicom
from gliobench.entrypoints.container.places import split_place
from gliobench.entrypoints.label_settings import agreed_labels, declared_convention
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.settings import Settings

PHANTOM_DATASET = re.compile(
    r"phantom:(?P<count>\d{1,9})(:(?P<seed>\d{1,18})(:(?P<spacing_mm>\d{1,9}(\.\d{1,9})?))?)?",
    re.ASCII,
)
INDEX = ".parquet"
"""How the file of an index is named."""
_NAMED = 5
"""Studies that a message lists."""


def dataset_path(dataset: str, settings: Settings) -> DatasetPath:
    """Open a folder, or a URL whose files are fetched when they are looked at.

    Raises:
        NotFoundError: The folder is not there.
        InvalidInputError: No such kind of store is known.
        MissingExtraError: The library of the store is not installed.
    """
    return open_dataset_path(
        dataset,
        cache=settings.cache_dir,
        cache_bytes=int(settings.cache_gib * 2**30),
        patience_s=settings.store_patience_s,
        trust_checksums=settings.trust_checksums,
    )


def slice_source(folder: DatasetPath, settings: Settings) -> StudySource:
    """Read single slices."""
    choice = settings.slice_choice
    return SliceStudySource(
        folder, spacing_mm=settings.slice_spacing_mm, choice=SliceChoice(choice) if choice else None
    )


def bids_source(folder: DatasetPath, settings: Settings) -> StudySource:
    """Read a BIDS dataset."""
    return BidsStudySource(folder, entities=settings.bids_entities)


def phantom_source(dataset: str) -> StudySource:
    """Simulate studies: `phantom:COUNT[:SEED[:SPACING_MM]]`.

    Raises:
        InvalidInputError: The numbers cannot be read.
        MissingExtraError: The extra `phantom` is not installed.
    """
    parts = PHANTOM_DATASET.fullmatch(dataset)
    if parts is None:
        raise InvalidInputError(
            f"dataset {shown(dataset)}: wanted phantom:COUNT[:SEED[:SPACING_MM]], all numbers"
        )
    return PhantomStudySource(
        count=int(parts["count"]),
        seed=int(parts["seed"] or 0),
        spacing_mm=float(parts["spacing_mm"] or 1.0),
    )


@dataclass(frozen=True, slots=True)
class DatasetKind:
    """A kind of dataset.

    Args:
        source: Opens one: by its name where that has a prefix or suffix, else by its folder.
        prefix: How its names begin; empty for a folder.
        suffix: How its names end; empty for a folder.
        claims: Whether a folder holds one.
        is_pieced: Whether an index lists it in pieces.
    """

    source: Callable[[Any], StudySource]
    prefix: str = ""
    suffix: str = ""
    claims: Callable[[DatasetPath], bool] = lambda _: True
    is_pieced: bool = False

    @property
    def is_named(self) -> bool:
        """Whether it is known by its name, not by what a folder holds."""
        return bool(self.prefix or self.suffix)

    def fits(self, name: str) -> bool:
        """Return whether a dataset's name is of this kind."""
        return name.startswith(self.prefix) and name.endswith(self.suffix)


def dataset_kinds(
    *,
    brats_source: Callable[[DatasetPath], StudySource],
    bids_source: Callable[[DatasetPath], StudySource],
    nnunet_source: Callable[[DatasetPath], StudySource],
    slice_source: Callable[[DatasetPath], StudySource],
    dicom_source: Callable[[DatasetPath], StudySource],
    phantom_source: Callable[[str], StudySource],
    index_source: Callable[[str], StudySource],
) -> tuple[DatasetKind, ...]:
    """List the kinds of datasets, a row each; the first that fits opens a dataset."""
    return (
        DatasetKind(phantom_source, prefix="phantom:"),
        DatasetKind(index_source, suffix=INDEX),
        DatasetKind(slice_source, claims=holds_slices),
        DatasetKind(nnunet_source, claims=holds_nnunet),
        DatasetKind(bids_source, claims=holds_bids),
        DatasetKind(dicom_source, claims=holds_dicom),
        DatasetKind(brats_source, is_pieced=True),
    )


def holds_slices(folder: DatasetPath) -> bool:
    """Return whether a folder is one of slices."""
    return (folder / "cases.csv").is_file() and (folder / "image").is_dir()


def study_files(images: Mapping[Modality, Path]) -> StudySource:
    """Read one study that is given file by file; it is named after its folder."""
    folder = next(iter(images.values())).parent.resolve().name
    return StudyFiles(images, study_id=study_id_of(folder))


def dataset(
    name: str,
    labels: DatasetLabels | None = None,
    *,
    settings: Settings,
    open_storage: Callable[[str], Storage],
    open_path: Callable[[str], DatasetPath],
    kinds: Sequence[DatasetKind],
    prepared: Callable[[StudySource], StudySource],
) -> StudySource:
    """Open a dataset: a folder of studies or slices, an index, or `phantom:COUNT[:SEED[:SPACING_MM]]`.

    A folder may be a URL that fsspec knows, e.g. `s3://bucket/cohort`: its files are fetched when
    they are looked at. A folder of slices is one that holds `cases.csv` and `image/`; studies lie in
    the layout of nnU-Net, BIDS or else BraTS. One of DICOM holds DICOM files and no NIfTI, and may be a
    zip. Where the settings name a frozen cohort, or a part of one, only its studies are there.

    Args:
        name: As on the command line.
        labels: The convention of its masks; None takes what the settings or the cohort declare.
        settings: Of this process.
        open_storage: Opens the folder of the cohort's file.
        open_path: Opens the dataset's folder.
        kinds: Of datasets.
        prepared: Prepares raw images, where the settings say so.

    Raises:
        InvalidInputError: The phantom's numbers or the table of cases cannot be read, or the
            declared convention.
        NotFoundError: The folder is not there, or holds no study.
        MissingExtraError: Phantoms or a store are asked for and their extra is not installed.
        StoreError: The store cannot be read.
    """
    named = next((kind for kind in kinds if kind.is_named and kind.fits(name)), None)
    if named is not None:
        source = named.source(name)
    else:
        folder = open_path(name)
        kind = next(kind for kind in kinds if not kind.is_named and kind.claims(folder))
        source = kind.source(folder)
    frozen, members = _members(settings.cohort, open_storage) if settings.cohort else (None, None)
    if labels is None:
        declared = None if settings.labels is None else declared_convention(settings.labels)
        labels = agreed_labels(declared, frozen, cohort=settings.cohort or "")
    if labels is not None:
        source = source.labelled(labels)
    source = prepared(source)
    return source if members is None else ChosenStudies(source, members)


def labelled_dataset(name: str, *, open_dataset: Callable[[str], StudySource]) -> StudySource:
    """Open a dataset whose masks will be read: with the one convention that is declared or possible.

    Raises:
        UndeclaredLabelsError: None is declared, and several are possible or none.
        GliobenchError: As `dataset`.
    """
    return settle_labels(open_dataset(name), track=partial(tracked, "reading labels"))


def one_study(
    folder: str | None,
    files: Mapping[Modality, Path] | None = None,
    study_id: str | None = None,
    *,
    open_dataset: Callable[[str], StudySource],
    study_files: Callable[[Mapping[Modality, Path]], StudySource],
    prepared: Callable[[StudySource], StudySource],
) -> StudySource:
    """Open a source of exactly one study.

    Args:
        folder: Folder or URL of the study; None where it is given file by file.
        files: Its images.
        study_id: Which study of the folder; None where it is the only one.
        open_dataset: Opens the folder.
        study_files: Opens the files.
        prepared: Prepares raw images, where the settings say so.

    Raises:
        InvalidInputError: There is another number of studies.
        NotFoundError: There is no such study.
        GliobenchError: As `dataset`.
    """
    source = prepared(study_files(files or {})) if folder is None else open_dataset(folder)
    found = source.study_ids()
    if study_id is not None:
        if study_id not in found:
            few = ", ".join(found[:_NAMED])
            raise NotFoundError(f"no study {shown(study_id)} in {folder}: wanted one of {few}")
        return ChosenStudies(source, [study_id])
    if len(found) != 1:
        raise InvalidInputError(
            f"{folder} holds {len(found)} studies: name one of them by --study, such as {found[0]}, or "
            "run gliobench evaluate"
        )
    return source


def mask_convention(settings: Settings) -> LabelConvention:
    """Return the convention that predicted masks are written in: the declared one, or BraTS's of 2017.

    Raises:
        InvalidInputError: The declared convention cannot be read.
    """
    if settings.labels is None:
        return BUILT_IN["brats-gli-2017"]
    return declared_convention(settings.labels)


def cohort_name(
    dataset: str, *, open_storage: Callable[[str], Storage], listed_root: Callable[[str], str]
) -> str:
    """Call a cohort by its folder's name, fit to be shown, without the folders that it lies in."""
    if dataset.endswith(INDEX):
        return printable(listed_root(dataset).rpartition("/")[2])
    folder = Path(dataset)
    url = str(folder.resolve()) if folder.is_dir() else open_storage(dataset).url
    return printable(url.rpartition("/")[2])


def _members(
    cohort: str, open_storage: Callable[[str], Storage]
) -> tuple[DatasetLabels | None, list[str]]:
    """Return the labels and the studies of a frozen cohort, `FILE`, or of a part of it, `FILE:PART`."""
    file, part = cohort, ""
    folder, name = split_place(file)
    if not name or not open_storage(folder).exists(name):
        file, _, part = cohort.rpartition(":")
        folder, name = split_place(file)
    try:
        if not name:
            raise NotFoundError(f"no file {open_storage(file).url}")
        content = open_storage(folder).read(name)
    except NotFoundError as error:
        url = open_storage(cohort).url
        raise NotFoundError(f"cohort {url} cannot be read: wanted FILE or FILE:PART") from error
    frozen = read_cohort(content, file=open_storage(file).url)
    members = frozen.part(part) if part else frozen.members
    return frozen.labels, [member.study_id for member in members]
