"""Recognition of images by their file names: of which sequence they are, and of which study."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from gliobench.adapters.nifti.described_names import described_sequences
from gliobench.adapters.nifti.image_variants import Variant, variants
from gliobench.adapters.nifti.mask_names import is_of_masks, is_of_tumours, mask_claim
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.studies.study import Modality

_OF_A_NAME = re.IGNORECASE | re.DOTALL  # a name may contain a line end
_NIFTI = re.compile(r"(?P<stem>.+)\.nii(\.gz)?", _OF_A_NAME)
_NAMES = "|".join(re.escape(name) for m in Modality for name in m.names)
_IMAGE = re.compile(rf"((?P<prefix>.+)[-_. ])?(?P<name>{_NAMES})", _OF_A_NAME)
_ARCHIVE_OF_A_MAC = "__MACOSX"
_SEPARATOR = re.compile(r"[-_. ]")
_ENDED = re.compile(r"(?:(?P<start>.*)[-_. ])?(?P<end>[^-_. ]+)", _OF_A_NAME)
_NUMBERED = re.compile(
    r"(?P<number>\d{1,3})[-_. ]+(?:(?:ax|sag|cor|tra)[a-z]*[-_. ]+)?(?P<rest>.+)", _OF_A_NAME
)


class NamedFile(NamedTuple):
    """A file by its name, with the images it may refer to: more than one if ambiguous."""

    stem: str
    paths: list[DatasetPath]


ByPrefix: TypeAlias = dict[str, dict[Modality, list[DatasetPath]]]
"""Images of each sequence, by what their names begin with."""


def is_shown(entry: DatasetPath) -> bool:
    """Return whether an entry of a folder is neither hidden nor an archive's leftover."""
    return is_shown_name(entry.name)


def is_shown_name(name: str) -> bool:
    """Return whether a name in a folder is neither hidden nor an archive's leftover."""
    return not name.startswith(".") and name != _ARCHIVE_OF_A_MAC


def nifti_stem(path: DatasetPath) -> str:
    """Return an image's name without its suffix; empty for other files."""
    return _stem(path.name)


def is_named_like_image(name: str) -> bool:
    """Return whether a folder is named like an image or a mask, and stands for the image in it."""
    stem = _stem(name)
    return bool(stem) and bool(_IMAGE.fullmatch(stem) or mask_claim(stem, ()) is not None)


def sequence_of(folder: str) -> Modality | None:
    """Return the sequence that a folder is named after, perhaps with a number: `2_T1GD`."""
    return Modality.of_channel(_without_number(folder))


def ends_in_sequence(folder: str, sequences: Sequence[Modality]) -> bool:
    """Return whether a folder is named after the only one of some sequences, perhaps at its end: `IXI-T1`."""
    ends = (Modality.of_channel(name) for _, name in _splits(folder))
    return len(sequences) == 1 and sequences[0] in ends


def are_of_sequences(folders: Iterable[str]) -> bool:
    """Return whether some of the folders may hold one sequence each of one study."""
    return any(map(sequence_of, folders))


def is_of_sequence_folder(stem: str, folder: str) -> bool:
    """Return whether a file's name ends as the folder of its sequence, or of its mask, is named."""
    wanted = sequence_of(folder)
    if wanted is None:
        return is_of_masks(folder) and mask_claim(stem, ("",)) is not None
    return any(Modality.of_channel(name) is wanted for _, name in _splits(stem))


def name_by_folder(folder: str) -> str:
    """Return how files in the folder of a sequence or of masks would be named by it; empty for others."""
    sequence = sequence_of(folder)
    of_masks = ("seg" if is_of_tumours(folder) else "mask") * is_of_masks(folder)
    return sequence.alias if sequence else of_masks


def names_a_sequence(stem: str) -> bool:
    """Return whether a part of a file's name is a sequence."""
    return any(Modality.of_channel(end) for _, end in _splits(stem))


def by_prefix(files: Iterable[NamedFile]) -> tuple[ByPrefix, list[NamedFile]]:
    """Separate images, grouped by the prefix before the sequence, from other files."""
    files = _unnumbered(list(files))
    named = {file.stem: image for file in files if (image := _prefix_and_sequence(file.stem))}
    no_studies = _ending_in_sequences(named)
    variant_of = variants({prefix for prefix, _ in named.values()} - no_studies)
    images: ByPrefix = defaultdict(lambda: defaultdict(list))
    others: list[NamedFile] = []
    spare: list[tuple[str, Modality, NamedFile]] = []
    for file in files:
        prefix, modality = named.get(file.stem, ("", None))
        variant = variant_of.get(prefix, Variant(prefix, is_equal=True))
        if modality is None or prefix in no_studies or not variant.is_image:
            others.append(file)
        elif variant.is_equal:
            images[variant.study][modality] += file.paths
        else:
            spare.append((variant.study, variant.shows or modality, file))
    for prefix in no_studies:
        images[_without_end(prefix)]  # it may have images of other names only
    return images, _without_other_names(images, others, spare)


def _unnumbered(files: list[NamedFile]) -> list[NamedFile]:
    """Remove the numbers before names where they count the sequences of one study: `1_T1`, `2_AX_T1GD`."""
    images = [file.stem for file in files if _prefix_and_sequence(file.stem)]
    sequences = [sequence_of(file.stem) for file in files if _NUMBERED.fullmatch(file.stem)]
    found = [sequence for sequence in sequences if sequence]
    if len(found) < 2 or len(set(found)) < len(found) or not all(map(sequence_of, images)):
        return files
    return [NamedFile(_without_number(file.stem), file.paths) for file in files]


def _ending_in_sequences(named: Mapping[str, tuple[str, Modality]]) -> set[str]:
    """Find the prefixes that are no study, as P1_T2 of `P1_T2_FLAIR` and P1_T1 of `P1_T1-T1c`.

    T1 and T2 may be times of examination, too: where the prefix has several sequences, or where there
    are several such prefixes and no other image of P1.
    """
    of_prefix: dict[str, set[Modality]] = defaultdict(set)
    for prefix, modality in named.values():
        of_prefix[prefix].add(modality)
    doubtful = {
        prefix: next(iter(found))
        for prefix, found in of_prefix.items()
        if len(found) == 1 and Modality.of_channel(_end(prefix))
    }
    others = [stem for stem, (prefix, _) in named.items() if prefix not in doubtful]
    known = {
        prefix for stem in others for prefix, name in _splits(stem) if Modality.of_channel(name)
    }
    shared = Counter(map(_without_end, doubtful))
    return {
        prefix
        for prefix, modality in doubtful.items()
        if (study := _without_end(prefix)) in known
        or (shared[study] == 1 and Modality.of_channel(_end(prefix) + modality.alias))
    }


def _without_other_names(
    images: ByPrefix,
    files: Iterable[NamedFile],
    spare: Collection[tuple[str, Modality, NamedFile]],
) -> list[NamedFile]:
    """Move variants, and files such as `_T1GD`, to the images of a study that lacks the modality."""
    studies = {*images, *(prefix for prefix, _, _ in spare)}
    lacking = {prefix: set(Modality).difference(images.get(prefix, ())) for prefix in studies}
    for prefix, shown, file in spare:
        if shown in lacking[prefix]:
            images[prefix][shown] += file.paths
    left = []
    for file in files:
        for prefix, name in _splits(file.stem):
            modality = Modality.of_channel(name)
            if modality is not None and modality in lacking.get(prefix, ()):
                images[prefix][modality] += file.paths
                break
        else:
            left.append(file)
    return _without_described(images, left)


def _without_described(images: ByPrefix, files: list[NamedFile]) -> list[NamedFile]:
    """Move files such as `_T1_KM` to the images of a study that lacks the modality."""
    lacking = {prefix for prefix, found in images.items() if len(found) < len(Modality)}
    described: dict[str, list[tuple[str, NamedFile]]] = defaultdict(list)
    left = []
    for file in files:
        splits = [(prefix, end) for prefix, end in _splits(file.stem) if prefix in lacking]
        if splits:
            described[splits[-1][0]].append((splits[-1][1], file))
        else:
            left.append(file)
    for prefix, named in described.items():
        known = set(images[prefix])
        sequences = described_sequences([end for end, _ in named])
        for (_, file), sequence in zip(named, sequences, strict=True):
            if sequence is None or sequence in known:
                left.append(file)
            else:
                images[prefix][sequence] += file.paths
    return left


def _splits(stem: str) -> Iterator[tuple[str, str]]:
    """Split a name at each separator, the longest end first, which may be all of it."""
    yield "", stem
    yield from ((stem[: at.start()], stem[at.end() :]) for at in _SEPARATOR.finditer(stem))


def _prefix_and_sequence(stem: str) -> tuple[str, Modality] | None:
    image = _IMAGE.fullmatch(stem)
    return (image["prefix"] or "", Modality.parse(image["name"])) if image else None


def _stem(name: str) -> str:
    nifti = _NIFTI.fullmatch(name)
    return nifti["stem"] if nifti else ""


def _without_number(name: str) -> str:
    numbered = _NUMBERED.fullmatch(name)
    return numbered["rest"] if numbered else name


def _end(prefix: str) -> str:
    ended = _ENDED.fullmatch(prefix)
    return ended["end"] if ended else ""


def _without_end(prefix: str) -> str:
    ended = _ENDED.fullmatch(prefix)
    return (ended["start"] or "") if ended else prefix
