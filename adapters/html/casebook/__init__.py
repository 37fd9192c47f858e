"""Single cases on a page: a sortable table with filters, pictures with overlays, and a 3D viewer."""

from gliobench.adapters.html.casebook.section import (
    CaseSection,
    case_section,
    page_scripts,
    page_style,
)

__all__ = ["CaseSection", "case_section", "page_scripts", "page_style"]
