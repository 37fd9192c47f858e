"""Reports as one self-contained page, with the same results as JSON."""

from gliobench.adapters.html.writer import HtmlReportWriter

__all__ = ["HtmlReportWriter"]
