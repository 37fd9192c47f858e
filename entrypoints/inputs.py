"""What the user names: datasets, backends and files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gliobench.domain.messages import printable
from gliobench.entrypoints.container import container

if TYPE_CHECKING:
    from gliobench.application.ports.backend import Backend
    from gliobench.application.ports.study_source import StudySource
    from gliobench.domain.labels.conventions import LabelConvention
    from gliobench.domain.labels.proposal import DatasetLabels

PHANTOM = "phantom:"


def open_source(dataset: str, labels: DatasetLabels | None = None) -> StudySource:
    """Open a dataset: a folder in BraTS layout or of slices, or `phantom:COUNT[:SEED[:SPACING_MM]]`.

    A folder may be a URL that fsspec knows, e.g. `s3://bucket/cohort`: its files are fetched when
    they are looked at. A folder of slices is one that holds `cases.csv` and `image/`. Where the
    settings name a frozen cohort, or a part of one, only its studies are there.

    Args:
        dataset: As on the command line.
        labels: The convention of its masks; None takes what the settings or the cohort declare.

    Raises:
        InvalidInputError: The phantom's numbers or the table of cases cannot be read, or the
            declared convention.
        NotFoundError: The folder is not there, or holds no study.
        MissingExtraError: Phantoms or a store are asked for and their extra is not installed.
        StoreError: The store cannot be read.
    """
    from gliobench.application.datasets.chosen_studies import ChosenStudies
    from gliobench.entrypoints.label_settings import agreed_labels, declared_convention

    source, settings = _open_whole(dataset), container.settings()
    frozen, members = _members(settings.cohort) if settings.cohort else (None, None)
    if labels is None:
        declared = None if settings.labels is None else declared_convention(settings.labels)
        labels = agreed_labels(declared, frozen, cohort=settings.cohort or "")
    if labels is not None:
        source = source.labelled(labels)
    return source if members is None else ChosenStudies(source, members)


def mask_convention() -> LabelConvention:
    """Give the convention that predicted masks are written in: the declared one, or BraTS's of 2017.

    Raises:
        InvalidInputError: The declared convention cannot be read.
    """
    from gliobench.domain.labels.conventions import BUILT_IN
    from gliobench.entrypoints.label_settings import declared_convention

    declared = container.settings().labels
    return BUILT_IN["brats-gli-2017"] if declared is None else declared_convention(declared)


def open_labelled(dataset: str) -> StudySource:
    """Open a dataset whose masks will be read: with the one convention that is declared or possible.

    Raises:
        UndeclaredLabelsError: None is declared, and several are possible or none.
        GliobenchError: As `open_source`.
    """
    from gliobench.application.datasets.dataset_labels import settle_labels
    from gliobench.entrypoints.progress import tracked

    return settle_labels(open_source(dataset), track=partial(tracked, "reading labels"))


def cohort_name(dataset: str) -> str:
    """Call a cohort by its folder's name, fit to be shown; where that lies is nobody's business."""
    folder = Path(dataset)
    url = str(folder.resolve()) if folder.is_dir() else container.storage(dataset).url
    return printable(url.rpartition("/")[2])


def _open_whole(dataset: str) -> StudySource:
    if dataset.startswith(PHANTOM):
        return container.phantom_source(dataset)
    folder = container.dataset_path(dataset)
    of_slices = (folder / "cases.csv").is_file() and (folder / "image").is_dir()
    return (container.slice_source if of_slices else container.brats_source)(folder)


def _members(cohort: str) -> tuple[DatasetLabels | None, list[str]]:
    """Give the labels and the studies of a frozen cohort, `FILE`, or of a part of it, `FILE:PART`."""
    from gliobench.domain.errors import NotFoundError

    file, _, part = (cohort, "", "") if _is_file(cohort) else cohort.rpartition(":")
    try:
        content = _read_file(file)
    except NotFoundError as error:
        url = container.storage(cohort).url
        raise NotFoundError(f"cohort {url} cannot be read: wanted FILE or FILE:PART") from error
    frozen = container.read_cohort(content, file=container.storage(file).url)
    members = frozen.part(part) if part else frozen.members
    return frozen.labels, [member.study_id for member in members]


def load_backend(name: str) -> Backend:
    """Load a backend, ours or a plugin's, with the options that the settings hold for it.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    return load_backends([name])[0]


def load_backends(names: Sequence[str]) -> list[Backend]:
    """Load backends; one that others build on is loaded once for all.

    Raises:
        NotFoundError: No installed package offers one.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    loaded: dict[str, Backend] = {}

    def other(name: str) -> Backend:
        if name not in loaded:  # what others build on builds on nothing itself
            loaded[name] = container.backend(name)
        return loaded[name]

    for name in names:
        if name not in loaded:
            loaded[name] = container.backend(name, other=other)
    return [loaded[name] for name in names]


def _read_file(place: str) -> bytes:
    from gliobench.domain.errors import NotFoundError

    folder, name = _parted(place)
    if not name:
        raise NotFoundError(f"no file {container.storage(place).url}")
    return container.storage(folder).read(name)


def _is_file(place: str) -> bool:
    folder, name = _parted(place)
    return bool(name) and container.storage(folder).exists(name)


def _parted(place: str) -> tuple[str, str]:
    name = place.rpartition("/")[-1]
    return place.removesuffix(name) or ".", name
