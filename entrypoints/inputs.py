"""What the user names: datasets, backends and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gliobench.entrypoints.container import container

if TYPE_CHECKING:
    from gliobench.application.ports.backend import Backend
    from gliobench.application.ports.study_source import StudySource

PHANTOM = "phantom:"


def open_source(dataset: str) -> StudySource:
    """Open a dataset: a folder in BraTS layout or of slices, or `phantom:COUNT[:SEED[:SPACING_MM]]`.

    A folder may be a URL that fsspec knows, e.g. `s3://bucket/cohort`: its files are fetched when
    they are looked at. A folder of slices is one that holds `cases.csv` and `image/`. Where the
    settings name a frozen cohort, or a part of one, only its studies are there.

    Raises:
        InvalidInputError: The phantom's numbers or the table of cases cannot be read.
        NotFoundError: The folder is not there, or holds no study.
        MissingExtraError: Phantoms or a store are asked for and their extra is not installed.
        StoreError: The store cannot be read.
    """
    from gliobench.application.chosen_studies import ChosenStudies

    source = _open_whole(dataset)
    cohort = container.settings().cohort
    return ChosenStudies(source, _members(cohort)) if cohort else source


def _open_whole(dataset: str) -> StudySource:
    if dataset.startswith(PHANTOM):
        return container.phantom_source(dataset)
    folder = container.dataset_path(dataset)
    of_slices = (folder / "cases.csv").is_file() and (folder / "image").is_dir()
    return (container.slice_source if of_slices else container.brats_source)(folder)


def _members(cohort: str) -> list[str]:
    """Name the studies of a frozen cohort, `FILE`, or of one of its parts, `FILE:PART`."""
    from gliobench.domain.errors import NotFoundError

    file, _, part = (cohort, "", "") if _is_file(cohort) else cohort.rpartition(":")
    try:
        content = _read_file(file)
    except NotFoundError as error:
        url = container.storage(cohort).url
        raise NotFoundError(f"cohort {url} cannot be read: wanted FILE or FILE:PART") from error
    frozen = container.read_cohort(content, file=container.storage(file).url)
    return [member.study_id for member in (frozen.part(part) if part else frozen.members)]


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
