"""Codes of the tissues that segments of a tumour have: those that gliobench writes, and others'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom import Dataset
from pydicom.sr.coding import Code

from gliobench.adapters.dicom.tags import first_item, text_of
from gliobench.domain.labels.regions import Region
from gliobench.domain.labels.segments import PRIMARY_TUMOUR, TUMOUR, Meaning

WRITTEN: Mapping[Region, Code] = {
    Region.WT: Code("108369006", "SCT", "Neoplasm"),
    Region.TC: Code("372087000", "SCT", "Neoplasm, Primary"),
    Region.ET: Code("C113842", "NCIt", "Enhancing Lesion"),
}
"""The coded type of each segment that is written; WT includes the oedema, which its label says."""
_MEANINGS: tuple[tuple[Code, Meaning], ...] = (
    (WRITTEN[Region.WT], TUMOUR),
    (WRITTEN[Region.TC], PRIMARY_TUMOUR),
    (Code("86049000", "SCT", "Malignant neoplasm, primary"), PRIMARY_TUMOUR),
    (Code("52988006", "SCT", "Lesion"), PRIMARY_TUMOUR),
    (Code("301766008", "SCT", "Lesion of brain"), PRIMARY_TUMOUR),
    (WRITTEN[Region.ET], Meaning.only(Region.ET)),
    (Code("C81175", "NCIt", "Non-Enhancing Lesion"), Meaning.only(Region.NETC)),
    (Code("6574001", "SCT", "Necrosis"), Meaning.only(Region.NETC)),
    (Code("79654002", "SCT", "Edema"), Meaning.only(Region.ED, Region.SNFH)),
    (Code("367643001", "SCT", "Cyst"), Meaning.only(Region.CC)),
    (Code("228791009", "SCT", "Gross tumor volume"), Meaning.only(Region.GTV)),
)


def meaning_of_code(segment: Dataset) -> Meaning | None:
    """Return what the coded type of a segment means; None where it is of nothing in a tumour.

    Codes of SNOMED RT (`SRT`) are those of SNOMED CT that pydicom maps them to.
    """
    item = first_item(segment, "SegmentedPropertyTypeCodeSequence")
    if item is None:
        return None
    code: Any = Code(text_of(item, "CodeValue"), text_of(item, "CodingSchemeDesignator"), "")
    return next((meaning for known, meaning in _MEANINGS if known == code), None)
