"""Pictures by Pillow: studies as PNG for people, slices as small files for pages."""

from gliobench.adapters.pillow.picture_encoder import WebpPictureEncoder
from gliobench.adapters.pillow.study_painter import PillowStudyPainter

__all__ = ["PillowStudyPainter", "WebpPictureEncoder"]
