"""Indexes of datasets: made once, and opened as a dataset."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gliobench.adapters.nifti import IndexedStudySource
from gliobench.adapters.parquet.study_index import ParquetStudyIndex, write_index
from gliobench.adapters.storage import file_version, listed_file, local_path
from gliobench.application.datasets.index_dataset import IndexChange, index_dataset
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_index import IndexableSource, IndexFacts
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.messages import shown
from gliobench.entrypoints.container.datasets import INDEX, split_place
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
    open_storage: Callable[[str], Storage],
    open_path: Callable[[str], DatasetPath],
    open_dataset: Callable[[str], StudySource],
) -> IndexChange:
    """List a dataset in an index.

    Args:
        dataset: As on the command line.
        out: File or URL of the index; an earlier one there is compared and replaced.
        open_storage: Opens the folder that it lies in.
        open_path: Opens the dataset's folder.
        open_dataset: Opens the dataset.

    Raises:
        InvalidInputError: The dataset is of a kind that is not listed, or `out` is another file.
        GliobenchError: The dataset cannot be opened, or the index not be read or written.
    """
    folder, file = split_place(out)
    if not file.endswith(INDEX) or dataset.endswith(INDEX):
        raise InvalidInputError(
            f"dataset index {shown(dataset)} --out {shown(out)}: wanted a folder or URL of a dataset, "
            f"and the name of a file that ends in {INDEX}"
        )
    storage = open_storage(folder)
    before = ParquetStudyIndex(storage, file) if storage.exists(file) else None
    source = open_dataset(dataset)
    if not isinstance(source, IndexableSource):
        raise InvalidInputError(
            f"{dataset}: wanted NIfTI as BraTS, BIDS or nnU-Net lay it out, all of it and not prepared: "
            "slices, DICOM and phantoms are not listed in an index"
        )
    root = resolved(open_path(dataset))
    labels = source.labels
    facts = IndexFacts(str(root), labels, "" if labels else source.question)
    return index_dataset(
        tracked("listing", source.indexed(root, file_version)),
        facts,
        before=before,
        write=partial(write_index, storage, file),
    )


def _opened(name: str, open_storage: Callable[[str], Storage]) -> ParquetStudyIndex:
    folder, file = split_place(name)
    return ParquetStudyIndex(open_storage(folder), file)
