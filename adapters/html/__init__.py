"""Reports as one self-contained page, with the same facts as JSON beside it."""

from gliobench.adapters.html.writer import HtmlReportWriter

__all__ = ["HtmlReportWriter"]
