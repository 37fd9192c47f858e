"""Indexes of datasets: made once, and opened as a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

from gliobench.adapters.nifti import BratsPieces, IndexedStudySource
from gliobench.adapters.parquet.index_rows import write_index
from gliobench.adapters.parquet.saved_pieces import ParquetPieces
from gliobench.adapters.parquet.study_index import ParquetStudyIndex
from gliobench.adapters.storage import file_version, in_pieces, listed_file, local_path
from gliobench.application.datasets.index_dataset import IndexChange, index_dataset
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_index import IndexableSource, IndexedStudy, IndexFacts
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.messages import shown
from gliobench.entrypoints.container.datasets import INDEX, DatasetKind
from gliobench.entrypoints.container.places import split_place
from gliobench.entrypoints.label_settings import declared_convention
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.settings import Settings


def index_source(
    name: str,
    *,
    settings: Settings,
    open_storage: Callable[[str], Storage],
    open_path: Callable[[str], DatasetPath],
) -> StudySource:
    """Open an index as a dataset.

    Raises:
        NotFoundError: There is no such file, or the dataset is not where it was listed.
        InvalidInputError: It is no index.
        JobError: It cannot be read.
    """
    index = _opened(name, open_storage)
    place = settings.index_root or index.facts.root
    root = resolved(open_path(place))
    if local_path(place) is not None and not root.is_dir():
        raise NotFoundError(
            f"{index.place} lists {place}, which is not there: set index_root to where it is now"
        )
    return IndexedStudySource(index, root, listed_file)


def listed_root(name: str, *, open_storage: Callable[[str], Storage]) -> str:
    """Return the folder or URL that an index lists; errors as of `index_source`."""
    return _opened(name, open_storage).facts.root


def index(
    dataset: str,
    out: str,
    *,
    settings: Settings,
    open_storage: Callable[[str], Storage],
    open_path: Callable[[str], DatasetPath],
    open_dataset: Callable[[str], StudySource],
    kinds: Sequence[DatasetKind],
) -> IndexChange:
    """List a dataset in an index; an earlier one at `out`, a file or URL, is compared and replaced.

    Raises:
        InvalidInputError: The dataset is of a kind that is not listed, or `out` is another file.
        GliobenchError: The dataset cannot be opened, or the index not be read or written.
    """
    folder, file = split_place(out)
    if not file.endswith(INDEX):
        raise InvalidInputError(f"--out {shown(out)}: wanted a file whose name ends in {INDEX}")
    if settings.cohort or settings.prepare.enabled:
        raise InvalidInputError(
            "dataset index lists a whole dataset as it is: wanted no cohort, and no prepare"
        )
    storage = open_storage(folder)
    before = ParquetStudyIndex(storage, file) if storage.exists(file) else None
    root = resolved(open_path(dataset))
    place, pieces = in_pieces(root), _pieces_folder(out, root, settings)
    studies: Iterable[IndexedStudy]
    taken_over: Sequence[float] = ()
    if _kind(dataset, place, kinds).is_pieced:
        saved = ParquetPieces(open_storage(str(pieces)))
        track = partial(tracked, "listing")
        listing = BratsPieces(place, file_version, saved, track=track)
        studies, taken_over = listing.indexed(), listing.taken_over
        facts = IndexFacts(str(root), _declared(settings))
    else:
        studies, facts = _whole(open_dataset(dataset), root)
    change = index_dataset(studies, facts, before=before, write=partial(write_index, storage, file))
    change.take_over(taken_over)
    rmtree(pieces, ignore_errors=True)
    return change


def _kind(dataset: str, place: DatasetPath, kinds: Sequence[DatasetKind]) -> DatasetKind:
    if any(kind.is_named and kind.fits(dataset) for kind in kinds):
        raise InvalidInputError(_wanted(dataset))
    return next(kind for kind in kinds if not kind.is_named and kind.claims(place))


def _whole(source: StudySource, root: DatasetPath) -> tuple[Iterable[IndexedStudy], IndexFacts]:
    """List a dataset that is not listed in pieces."""
    if not isinstance(source, IndexableSource):
        raise InvalidInputError(_wanted(str(root)))
    labels = source.labels
    facts = IndexFacts(str(root), labels, "" if labels else source.question)
    return tracked("listing", source.indexed(root, file_version)), facts


def _wanted(dataset: str) -> str:
    return (
        f"{dataset}: wanted a folder or URL of NIfTI as BraTS, BIDS or nnU-Net lay it out: slices, "
        "DICOM, phantoms and indexes are not listed in an index"
    )


def _declared(settings: Settings) -> DatasetLabels | None:
    return None if settings.labels is None else DatasetLabels(declared_convention(settings.labels))


def _pieces_folder(out: str, root: DatasetPath, settings: Settings) -> Path:
    """Choose where rows lie until all are listed: beside the index, in the cache where that is in a store."""
    key = sha256(f"{root} {out}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    path = local_path(out)
    if path is None:
        return settings.cache_dir / "listings" / key
    return path.with_name(f".{path.name}.{key}.pieces")


def _opened(name: str, open_storage: Callable[[str], Storage]) -> ParquetStudyIndex:
    folder, file = split_place(name)
    return ParquetStudyIndex(open_storage(folder), file)
