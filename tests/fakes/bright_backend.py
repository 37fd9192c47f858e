"""A backend in a file: what is bright in FLAIR is tumour, core and enhancement; it grades as well."""

from __future__ import annotations

from pathlib import Path


def write_bright(folder: Path) -> str:
    """Write it, and return how it is named on the command line."""
    path = folder / "bright.py"
    path.write_text(BRIGHT)
    return f"{path}:make"


BRIGHT = """
from gliobench.plugin import *


class Bright(Localizer):
    forms = frozenset({Form.MASK})

    def localise(self, studies, forms):
        def mask(study):
            bright = study.volume(Modality.T2F) > 150
            regions = {region: bright for region in (Region.WT, Region.TC, Region.ET)}
            return LocalisationPrediction({Form.MASK: Mask(study.grid, regions)})

        return [mask(study) for study in studies]


def make(options):
    return Backend("bright", None, Bright(), "f")
"""
