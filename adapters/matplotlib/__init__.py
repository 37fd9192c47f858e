"""Pictures of studies, drawn by matplotlib."""

from gliobench.adapters.matplotlib.overlay import MatplotlibStudyPainter, draw_overlay

__all__ = ["MatplotlibStudyPainter", "draw_overlay"]
