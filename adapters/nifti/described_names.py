"""Sequences by names that describe them, as those of DICOM series do: `T1_KM`, `T2_TSE`, `FLAIR_brain`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gliobench.adapters.nifti.image_variants import without_words_of_an_image
from gliobench.domain.studies.series import Confidence, Series, judge, judge_all
from gliobench.domain.studies.study import Modality

_SEPARATORS = re.compile(r"[-_. ]+")
_USUAL = re.compile(
    r"t[12]\w{0,3}|flair|tirm|dark|fl(uid)?|mp?r(age)?|mprage|space|cube|vista|[tf]?se|t?f[fe]e|fast|vibe"
    r"|bravo|f?spgr|thrive|blade|propeller|f(at)?s(at)?|fat|sat|w|wi|weighted"
    r"|km|gd|gad\w*|ce|c|[ck]ontrast\w*|post|pre|after|before|nativ\w*|plain|with|without|no|inj\w*"
    r"|mit|ohne|nach|vor|apr[eè]s|avant|sans|con|sin|senza|dopo|mdc",
    re.IGNORECASE,
)
"""Words that describe how an image was acquired, and nothing that was computed from it."""


def described_sequences(ends: Sequence[str]) -> list[Modality | None]:
    """Read the sequences of the images of one study.

    Args:
        ends: Of the files' names, behind the name of the study.

    Returns:
        None where the words are others, or leave it in doubt whether there was a contrast agent.
    """
    bare = [without_words_of_an_image(end) for end in ends]
    usual = [end for end in bare if all(map(_USUAL.fullmatch, _SEPARATORS.split(end)))]
    judged = dict(
        zip(usual, judge_all([Series(end, description=end) for end in usual]), strict=True)
    )
    found: list[Modality | None] = []
    for end in bare:
        one = judged.get(end)
        is_sure = one is not None and one.confidence is not Confidence.DOUBTFUL
        found.append(Modality.of_channel(end) or (one.modality if one and is_sure else None))
    return found


def is_of_another_kind(stem: str) -> bool:
    """Return whether a file's name is of an image that is no modality, as `ADC` and `P1_SWI` are."""
    found = judge(Series(stem, description=stem))
    return found.modality is None and found.confidence is Confidence.SURE
