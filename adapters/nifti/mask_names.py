"""Whether a file's name says that it is the experts' mask of the tumour.

Folders of studies hold other masks too: of the brain, of tissues, of models. Taken for the tumour
they would be a reference that nobody drew, so a name must be the study's own, say that it is of the
tumour, or at least say nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import IntEnum

_SEPARATOR = r"[-_.\s]"
_SEGMENTATION = r"seg(?:m|mentations?|mented)?"
_BARE = re.compile(rf"{_SEPARATOR}*{_SEGMENTATION}", re.IGNORECASE)
_MASK_LIKE = re.compile(r"seg(?!uence)|mask|label|roi(?![a-z])|gtv|glistr", re.IGNORECASE)
_TUMOUR = re.compile(r"tumou?r|glioma|lesion|gtv", re.IGNORECASE)
_BRAIN_TUMOUR = re.compile(r"brain[-_.\s]*(?=tumou?r|lesion)", re.IGNORECASE)
_MANUAL = re.compile(r"manual(?:ly)?[-_.\s]*correct(?:ed|ion)", re.IGNORECASE)
_AUTOMATIC = r"auto|approx|glistr|fets|nn[-_]?unet|deep(?:med|bra)|hd[-_]?glio|pred|inferr?e|output"
_OTHER = re.compile(
    r"brain|skull|strip|head|cranial|ventric|hippo|parcel|parenchym|cerebell|cortex|cortical"
    r"|thalam|ganglia|putamen|caudate|amygdala|tissue|vessel|atlas|lobe|matter|meninges"
    r"|aseg|aparc|fastsurfer|freesurfer|synthseg|synthstrip|totalseg|medsam|probseg"
    r"|enhanc|necro|edema|cavity|resect|cyst|h(?:a?e)morrhag|calcif"
    r"|(?<![a-z])(?:bet|wm|gm|csf|fsl|spm|fast|posteriors?|probability|model|unet|ai|core)(?![a-z])",
    re.IGNORECASE,
)
"""What is not the tumour, or only a part of it; what a model drew is `_AUTOMATIC`."""
_NEUTRAL = re.compile(
    rf"{_SEGMENTATION}s?|masks?|label(?:s|map)?|roi|gt|(?:ground)?truth|ground|gold|standard"
    r"|ref(?:erence)?|final|manual(?:ly)?|correct(?:ed|ion)|consensus|experts?|rater|reader"
    r"|reviewed|revised|approved|edited|annotat(?:ed|ion)|multiclass|native|registered|resampled"
)
"""Words that a misnamed mask may have beside an id."""


class MaskClaim(IntEnum):
    """How well a file's name claims to be the experts' mask; the smaller the better."""

    OWN = 0
    """`<study>_seg`, or one that says tumour."""
    MISNAMED = 1
    """A segmentation with the id of nobody here, as W39_1998.09.19_Segm of BraTS 2020's study 355."""
    NONE = 2
    """A mask of something else, of a part of the tumour, or by a model."""


def mask_claim(stem: str, owners: Collection[str]) -> MaskClaim | None:
    """Judge a file's name.

    Args:
        stem: The name without its ending.
        owners: Names of the study: what its files begin with, nothing where they are named by
            modality alone, and its folder. What these say does not count.

    Returns:
        None where nothing in the name speaks of a mask.
    """
    owner = max((one for one in owners if begins_with(stem, one)), key=len, default="")
    is_own = bool(owner) or "" in owners
    rest = stem[len(owner) :]
    if not _MASK_LIKE.search(rest):
        return None
    if is_own and _BARE.fullmatch(rest):
        return MaskClaim.OWN
    if is_of_something_else(rest):
        return MaskClaim.NONE
    words = re.findall(r"[^\W_]+", rest.lower())
    strange = [one for one in words if not (_NEUTRAL.fullmatch(one) or _TUMOUR.search(one))]
    has_id = any(re.search(r"\d", word) for word in strange)
    if _TUMOUR.search(rest) or _MANUAL.search(rest):
        return MaskClaim.MISNAMED if has_id and not owner else MaskClaim.OWN
    says_so = any(re.fullmatch(_SEGMENTATION, word) for word in words)
    is_known = all(re.search(r"\d", word) for word in strange)
    return MaskClaim.MISNAMED if says_so and is_known else MaskClaim.NONE


def begins_with(stem: str, owner: str) -> bool:
    """Tell whether a file's name begins with a name of a study's."""
    rest = stem[len(owner) :]
    return stem.lower().startswith(owner.lower()) and re.match(_SEPARATOR, rest) is not None


def is_of_something_else(text: str) -> bool:
    """Tell whether words speak of another mask than the experts' of the whole tumour."""
    by_model = re.search(_AUTOMATIC, text, re.IGNORECASE) and not _MANUAL.search(text)
    return bool(by_model or _OTHER.search(_BRAIN_TUMOUR.sub("", text)))
