"""Recognition of the reference mask by its file name.

Study folders contain other masks too: of the brain, of tissues, by models. None of them may be taken as
the reference. A mask's name must be the study's own, mention the tumour, or at least mention nothing
else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import IntEnum

_SEPARATOR = r"[-_.\s]"
_SEGMENTATION = r"seg(?:m|mentations?|mented)?"
_BARE = re.compile(rf"{_SEPARATOR}*{_SEGMENTATION}", re.IGNORECASE)
_MASK_LIKE = re.compile(r"seg(?!uence)|mask|label|roi(?![a-z])|gtv|glistr", re.IGNORECASE)
_MASKS = re.compile(
    rf"{_MASK_LIKE.pattern}|annotation|references?(?![a-z])|ground[-_.\s]*truth", re.IGNORECASE
)
_TUMOUR = re.compile(r"tumou?r|glioma|lesion|gtv", re.IGNORECASE)
_SEGMENTED = re.compile(
    rf"seg(?!uence)|label|{_TUMOUR.pattern}|annotation|references?(?![a-z])|truth", re.IGNORECASE
)
_TRUTH = re.compile(r"gt|(ground)?truth")
_BRAIN_TUMOUR = re.compile(r"brain[-_.\s]*(?=tumou?r|lesion)", re.IGNORECASE)
_MANUAL = re.compile(r"manual(?:ly)?[-_.\s]*correct(?:ed|ion)", re.IGNORECASE)
_AUTOMATIC = r"auto|approx|gliobench|glistr|fets|nn[-_]?unet|deep(?:med|bra)|hd[-_]?glio|pred|inferr?e|output"
_OTHER = re.compile(
    r"brain|skull|strip|head|cranial|ventric|hippo|parcel|parenchym|cerebell|cortex|cortical"
    r"|thalam|ganglia|putamen|caudate|amygdala|tissue|vessel|atlas|lobe|matter|meninges"
    r"|aseg|aparc|fastsurfer|freesurfer|synthseg|synthstrip|totalseg|medsam|probseg"
    r"|enhanc|necro|edema|cavity|resect|cyst|h(?:a?e)morrhag|calcif"
    r"|(?<![a-z])(?:bet|wm|gm|csf|fsl|spm|fast|posteriors?|probability|model|unet|ai|core)(?![a-z])",
    re.IGNORECASE,
)
"""Words for other structures or parts of the tumour; those for model outputs are in `_AUTOMATIC`."""
_NEUTRAL = re.compile(
    rf"{_SEGMENTATION}s?|masks?|label(?:s|map)?|roi|gt|(?:ground)?truth|ground|gold|standard"
    r"|ref(?:erence)?|final|manual(?:ly)?|correct(?:ed|ion)|consensus|experts?|rater|reader"
    r"|reviewed|revised|approved|edited|annotat(?:ed|ion)|multiclass|native|registered|resampled"
)
"""Words that a misnamed mask may have besides an id."""


class MaskClaim(IntEnum):
    """How well a file's name identifies the reference mask; smaller is better."""

    OWN = 0
    """`<study>_seg`, or a name that mentions the tumour."""
    MISNAMED = 1
    """A segmentation with an unknown id, as W39_1998.09.19_Segm of BraTS 2020's study 355, or `tumor` alone."""
    NONE = 2
    """A mask of something else, of a part of the tumour, or by a model."""


def mask_claim(stem: str, owners: Collection[str]) -> MaskClaim | None:
    """Classify a file's name.

    Args:
        stem: The name without its suffix.
        owners: Names of the study: the prefix of its files (empty if named by modality alone), and its
            folder. Words in these are ignored.

    Returns:
        None if the name does not indicate a mask.
    """
    owner = max((item for item in owners if begins_with(stem, item)), key=len, default="")
    is_own = bool(owner) or "" in owners
    rest = stem[len(owner) :]
    if not _MASK_LIKE.search(rest):
        return MaskClaim.MISNAMED if _is_of_tumour_alone(rest) else None
    if is_own and _BARE.fullmatch(rest):
        return MaskClaim.OWN
    if is_of_something_else(rest):
        return MaskClaim.NONE
    words = re.findall(r"[^\W_]+", rest.lower())
    strange = [item for item in words if not (_NEUTRAL.fullmatch(item) or _TUMOUR.search(item))]
    has_id = any(re.search(r"\d", word) for word in strange)
    if _TUMOUR.search(rest) or _MANUAL.search(rest):
        return MaskClaim.MISNAMED if has_id and not owner else MaskClaim.OWN
    says_so = any(re.fullmatch(_SEGMENTATION, word) for word in words)
    is_known = all(re.search(r"\d", word) for word in strange)
    return MaskClaim.MISNAMED if says_so and is_known else MaskClaim.NONE


def _is_of_tumour_alone(text: str) -> bool:
    """Return whether words mention the tumour or the truth and nothing else: `P1_tumor`, `groundtruth`."""
    words = re.findall(r"[^\W_]+", text.lower())
    is_usual = all(_TUMOUR.fullmatch(word) or _NEUTRAL.fullmatch(word) for word in words)
    return is_usual and any(_TUMOUR.fullmatch(word) or _TRUTH.fullmatch(word) for word in words)


def without_mask_words(stem: str) -> str:
    """Remove words for masks and tumours from the end of a name; empty if there are no others.

    >>> without_mask_words("P1_tumor_mask")
    'P1'
    """
    words = re.split(rf"({_SEPARATOR}+)", stem)
    while words and (_NEUTRAL.fullmatch(words[-1].lower()) or _TUMOUR.fullmatch(words[-1])):
        words = words[:-2]
    return "".join(words)


def begins_with(stem: str, owner: str) -> bool:
    """Return whether a file's name begins with a name of the study."""
    rest = stem[len(owner) :]
    return stem.lower().startswith(owner.lower()) and re.match(_SEPARATOR, rest) is not None


def is_of_something_else(text: str) -> bool:
    """Return whether words indicate another mask than that of the whole tumour by experts."""
    return is_by_model(text) or _OTHER.search(_BRAIN_TUMOUR.sub("", text)) is not None


def is_by_model(text: str) -> bool:
    """Return whether words indicate the output of a program."""
    return bool(re.search(_AUTOMATIC, text, re.IGNORECASE) and not _MANUAL.search(text))


def is_of_masks(folder: str) -> bool:
    """Return whether a folder's name denotes masks by experts, as far as it says: `images_segm`."""
    return bool(_MASKS.search(folder)) and not is_of_something_else(folder)


def is_of_tumours(text: str) -> bool:
    """Return whether a name of a file or its folder says that masks are segmentations or of the tumour.

    A `mask` alone may be of the brain.
    """
    return bool(_SEGMENTED.search(text)) and not is_of_something_else(text)


def is_of_programs(folder: str) -> bool:
    """Return whether a folder's name denotes masks by programs, and is no study's such as FeTS2022_00001."""
    return is_by_model(folder) and re.search(r"\d\d", folder) is None


def is_of_tumour(text: str) -> bool:
    """Return whether words mention the tumour."""
    return _TUMOUR.search(text) is not None
