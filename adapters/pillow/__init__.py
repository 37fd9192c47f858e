"""Pictures as small files, by Pillow."""

from gliobench.adapters.pillow.picture_encoder import WebpPictureEncoder

__all__ = ["WebpPictureEncoder"]
