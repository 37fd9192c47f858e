"""Pictures of studies, drawn by matplotlib."""

from gliobench.adapters.matplotlib.own_folder import use_own_folder

use_own_folder()

from gliobench.adapters.matplotlib.overlay import (  # noqa: E402 -- it imports matplotlib
    MatplotlibStudyPainter,
    draw_overlay,
)

__all__ = ["MatplotlibStudyPainter", "draw_overlay"]
