"""Conventions from the names that a dataset gives its labels: nnU-Net's dataset.json, BIDS's tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.convention import LARGEST, LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels, UndeclaredLabelsError
from gliobench.domain.labels.regions import Region
from gliobench.domain.messages import shown

UNLABELLED = re.compile(r"background|bg|ignore|unlabell?ed|clear label", re.IGNORECASE)
"""What is no tissue: an ignored voxel is unknown, and an unknown label is refused where it occurs."""
_INTEGER = re.compile(r"\d{1,3}", re.ASCII)
_REMEDY = "or the setting labels"
_USUAL = ("tumour", "nnunet-brats", "brats-gli-2017", "brats-gli-2023")
"""Built-in conventions that names alone may stand for."""
_WORDS: Mapping[Region, str] = {
    Region.RC: r"resect|\brc\b|(surgical|operative) cavity|^cavity$",
    Region.GTV: r"\bgtv\b|gross tumou?r",
    Region.SNFH: r"snfh|hyperint",
    Region.ED: r"edema|\bed\b|infiltrat",
    Region.CC: r"cyst|\bcc\b",
    Region.NETC: r"NON-ENH|necro|\b(ncr|netc?|nec)\b",
    Region.ET: r"enh|\b(et|at)\b|active tumou?r",
    Region.TC: r"\bcore\b|\btc\b",
    Region.WT: r"\bwt\b|^(whole|complete|entire)? ?(brain )?(tumou?rs?|glioma|lesion|neoplasm)$",
}
"""Words by what they mean."""
_NEGATED = re.compile(r"\b(non|not|no|un|without)\w* ?(contrast )?enh\w*")
_SOMETHING_ELSE = re.compile(
    r"\b(no|non|not|without|except|minus|excl\w*|absent"
    r"|arter\w+|benign|bone|dura\w*|mening(eal|es)|radiation|treatment|vascular|vein\w*|vessels?)\b"
)
"""What is left out of a label, and what enhances or dies that is no tumour: neither is guessed at."""
_TOGETHER = re.compile(r"\band\b|\bwith\b|\bplus\b|\bincl|[+&]", re.IGNORECASE)
_TUMOUR_AND_OEDEMA = re.compile(
    r"(the )?(tumou?r( core)?|core|lesion) (and |with |plus |includ\w+ )?((peri\w+ )?edema|ed)"
    r"|((peri\w+ )?edema|ed) (and |with |plus )?(tumou?r( core)?|core|lesion)"
)
_OEDEMA = frozenset({Region.ED, Region.SNFH})
_CORE = frozenset({Region.CC, Region.NETC, Region.ET, Region.TC})
_WITHIN: Mapping[Region, frozenset[Region]] = {
    Region.WT: _CORE | {Region.WT, Region.ED, Region.SNFH},
    Region.TC: _CORE,
    Region.ET: frozenset({Region.ET}),
    Region.RC: frozenset({Region.RC}),
    Region.GTV: frozenset({Region.GTV}),
}
"""Which tissues lie in a region."""


def integers_by_name(table: Mapping[str, object], *, place: str) -> dict[str, frozenset[int]]:
    """Read a table of names by integers, or of integers or lists of them by names.

    Args:
        table: `{"0": "background", "1": "edema"}`, `{"background": 0, "whole tumor": [1, 2, 3]}`.
        place: Of the table, for messages.

    Returns:
        The integers by name, without background and what is ignored.

    Raises:
        InvalidInputError: It is another table, or two integers have one name.
    """
    if len(table) > LARGEST:
        raise InvalidInputError(f"{place}: {len(table)} labels: wanted at most {LARGEST}")
    found: dict[str, frozenset[int]] = {}
    for key, value in table.items():
        by_integer = isinstance(value, str) and _INTEGER.fullmatch(key) is not None
        name, held = (str(value), key) if by_integer else (key, value)
        integers = frozenset(_integers(held, name, place))
        if integers == {0} or UNLABELLED.fullmatch(name.strip()):
            continue
        if name in found:
            raise InvalidInputError(f"{place}: two labels are called {shown(name)}: wanted one")
        found[name] = integers
    return found


def convention_of_names(
    names: Mapping[str, frozenset[int]], *, place: str
) -> LabelConvention | None:
    """Return what labels mean by their names; a built-in convention where one means the same.

    A name of several integers is a region; if there is none, each name is of one tissue.

    Args:
        names: Integers by name, without the background.
        place: Of the table; the name of a convention that is none of the built-in ones.

    Returns:
        None where a name is none of a tumour or its parts.

    Raises:
        InvalidInputError: The names or regions contradict each other.
    """
    meant = {name: meaning_of(name) for name in names}
    if not names or None in meant.values():
        return None
    of_regions = any(len(integers) > 1 for integers in names.values())
    _check_apart(names if not of_regions else {name: meant[name] for name in names}, place)
    regions: dict[Region, frozenset[int]] = {}
    for region, tissues in (
        {region: {region} for region in Region}.items() if of_regions else _WITHIN.items()
    ):
        inside = [names[name] for name, meaning in meant.items() if meaning in tissues]
        regions |= {region: frozenset[int]().union(*inside)} if inside else {}
    for usual in map(BUILT_IN.__getitem__, _USUAL):
        if usual.regions == regions:
            return usual
    return LabelConvention(
        name=place, title=f"labels of {place}", tissues=_tissues(names), regions=regions
    )


def stated_labels(table: Mapping[str, object], *, place: str, name: str) -> DatasetLabels:
    """Return what a table says of a dataset's labels.

    Args:
        table: As of `integers_by_name`.
        place: Of the table, for messages.
        name: Of the table, short.

    Raises:
        UndeclaredLabelsError: Its names are of no tumour or parts of one, or contradict each other.
    """
    try:
        names = integers_by_name(table, place=place)
        convention = convention_of_names(names, place=name)
    except InvalidInputError as error:
        raise UndeclaredLabelsError(f"{error}, {_REMEDY}") from error
    if convention is None:
        called = f"calls its labels {shown([*names])}" if names else "does not name its labels"
        raise UndeclaredLabelsError(
            f"{place} {called}: wanted parts of a tumour, such as edema, necrosis, enhancing tumor, {_REMEDY}"
        )
    return DatasetLabels(convention, f"labels are named in {name}")


def names_a_tumour(table: Mapping[str, object]) -> bool:
    """Return whether most names in a table are of a tumour or its parts: an atlas has a CC as well."""
    texts = [text for item in table.items() for text in item if isinstance(text, str)]
    names = [text for text in texts if not (text.isdigit() or UNLABELLED.fullmatch(text.strip()))]
    return 2 * sum(meaning_of(name) is not None for name in names) > len(names)


def meaning_of(name: str) -> Region | None:
    """Read what the words of a label's name mean.

    Returns:
        None where they mean nothing, or parts that no region has alone.
    """
    words = re.sub(r"[^a-z0-9]+", " ", name[:200].lower().replace("oe", "e")).strip()
    words = _NEGATED.sub("NON-ENH", words)
    if _SOMETHING_ELSE.search(words):
        return None
    meant = {region for region, word in _WORDS.items() if re.search(word, words)}
    if _OEDEMA & meant and _TOGETHER.search(name[:200]):
        return Region.WT if _TUMOUR_AND_OEDEMA.fullmatch(words) else None
    if Region.SNFH in meant:  # "surrounding non-enhancing FLAIR hyperintensity"
        meant -= {Region.NETC}
    if len(meant) > 1:
        meant -= {Region.TC}  # "necrotic core", "enhancing core"
    if len(meant) > 1 and meant <= _CORE:
        return Region.TC if Region.ET in meant else Region.NETC
    return meant.pop() if len(meant) == 1 else None


def _integers(value: object, name: str, place: str) -> Iterable[int]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and _INTEGER.fullmatch(item):
            yield int(item)
        elif isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= LARGEST:
            yield item
        else:
            raise InvalidInputError(
                f"{place}: label {shown(name)} is {shown(item)}: wanted an integer of 0 to "
                f"{LARGEST}, or a list of them"
            )


def _check_apart(claims: Mapping[str, object], place: str) -> None:
    """Refuse two names of one integer, or of one region."""
    first: dict[object, str] = {}
    for name, claimed in claims.items():
        if (other := first.setdefault(claimed, name)) != name:
            raise InvalidInputError(
                f"{place}: labels {shown(other)} and {shown(name)} mean the same: wanted one"
            )


def _tissues(names: Mapping[str, frozenset[int]]) -> dict[int, str]:
    """Name each integer after the narrowest of the names that have it."""
    tissues: dict[int, str] = {}
    for name, integers in sorted(names.items(), key=lambda item: -len(item[1])):
        tissues |= dict.fromkeys(integers, name)
    return tissues
