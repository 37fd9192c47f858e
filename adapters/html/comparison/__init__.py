"""A comparison as one self-contained page, with the same facts as JSON and as tables beside it."""

from gliobench.adapters.html.comparison.writer import HtmlComparisonWriter

__all__ = ["HtmlComparisonWriter"]
