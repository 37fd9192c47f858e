"""Images beside those of a study: other planes, stages of processing, and what was computed from them.

`P1_brain_flair` beside `P1_flair` is no second study, nor are `AX_T1` and `SAG_T1`, or `P1_flair_to_t1`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gliobench.adapters.nifti.mask_names import mask_claim
from gliobench.domain.studies.study import Modality

_SEPARATOR = re.compile(r"[-_.\s]+")
_OF_AN_IMAGE = re.compile(
    r"ax(ial)?|sag(ittal)?|cor(onal)?|tra(ns\w*)?|obl(ique)?|[23]d|iso\w*|\dmm"
    r"|brain|(skull)?strip(ped)?|skull|ss|(hd)?bet|masked|unstripped|defaced|anon"
    r"|(co)?reg(istered)?|aligned|warped|res(ampled|liced)?|mni\w*|sri\w*|native|raw|orig(inal)?"
    r"|n4|bias\w*|corr(ected)?|norm(ali[sz]ed)?|zscored?|std",
    re.IGNORECASE,
)
"""Words for a plane or a stage of processing of the same image."""
_COMPUTED = re.compile(
    r"synth\w*|fake|generated|pred\w*|recon\w*|sub(tract\w*)?|diff(erence)?|delta|map|prob\w*|left|right|[lr]h"
    r"|atlas|template",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d")
_MOVED = re.compile(
    r"(?P<image>.+?)[-_. ](?:(?:(?:co)?reg(?:istered)?|warped|aligned)[-_. ])?(?:to|into|in|on)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Variant:
    """What the beginning of an image's name says where it is none of a study.

    Args:
        study: What the names of the study's images begin with.
        shows: The sequence, where the name ends in another one that it was moved to; None where it does not.
        is_image: Whether it is an image of the study, and not computed from some, or a mask.
        is_equal: Whether no other file has the study's plain name, so that all variants are candidates.
    """

    study: str
    shows: Modality | None = None
    is_image: bool = True
    is_equal: bool = False


def variants(prefixes: Collection[str]) -> dict[str, Variant]:
    """Find the prefixes of images in one folder that are no studies.

    Args:
        prefixes: What the names begin with, before a separator and the sequence.
    """
    found = {prefix: moved for prefix in prefixes if (moved := _moved(prefix))}
    known = set(prefixes) - found.keys()
    if len(known) < 2:
        return found
    plain = {prefix: plain_prefix(prefix) for prefix in known}
    shared = Counter(plain.values())
    for prefix in known:
        if variant := _beside(prefix, known):
            found[prefix] = variant
        elif plain[prefix] != prefix and shared[plain[prefix]] > 1:
            found[prefix] = Variant(plain[prefix], is_equal=True)
    left = known - found.keys()
    computed = set(filter(_is_computed, left))
    for study in left - computed if len(left - computed) == 1 else ():
        found |= dict.fromkeys(computed, Variant(study, is_image=False))
    return found


def without_words_of_an_image(text: str) -> str:
    """Leave out words for planes and stages of processing: `T1_brain` becomes `T1`.

    >>> without_words_of_an_image("FLAIR_3D_brain")
    'FLAIR'
    """
    return "_".join(word for word in _SEPARATOR.split(text) if not _OF_AN_IMAGE.fullmatch(word))


def _moved(prefix: str) -> Variant | None:
    """Read `P1_flair_to` of `P1_flair_to_t1`."""
    moved = _MOVED.fullmatch(prefix)
    for start, end in _cuts(moved["image"]) if moved else ():
        if (modality := Modality.of_channel(end)) is not None:
            return Variant(start, shows=modality)
    return None


def _beside(prefix: str, known: Collection[str]) -> Variant | None:
    """Look for the study that a prefix adds words to."""
    for start, end in _cuts(prefix):
        if start in known and (_is_of_an_image(end) or _is_computed(end)):
            return Variant(start, is_image=_is_of_an_image(end))
    return None


def _is_of_an_image(text: str) -> bool:
    return all(map(_OF_AN_IMAGE.fullmatch, _SEPARATOR.split(text)))


def _is_computed(text: str) -> bool:
    words = [word for word in _SEPARATOR.split(text) if not _OF_AN_IMAGE.fullmatch(word)]
    has_number = _NUMBER.search(text) is not None
    is_mask = not has_number and mask_claim(text, ("",)) is not None
    return is_mask or (bool(words) and all(map(_COMPUTED.fullmatch, words)))


def plain_prefix(prefix: str) -> str:
    """Remove words for planes and processing from the end of a prefix: `P1_brain` becomes `P1`."""
    cuts = [start for start, end in _cuts(prefix) if _is_of_an_image(end)]
    return min(cuts, key=len, default=prefix)


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Cut a text in two at each separator; the first part may be empty."""
    if text:
        yield "", text
    yield from ((text[: at.start()], text[at.end() :]) for at in _SEPARATOR.finditer(text))
