"""The outline that answers are drawn over is that of the public average brain."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gliobench.adapters.html import figures
from gliobench.adapters.phantom.anatomy import load_template

pytest.importorskip("nilearn")
SHIPPED = Path(figures.__file__).parent / "brain_outline.json"


def test_the_outline_is_the_shadow_of_the_mni152_brain_about_its_centroid() -> None:
    template = load_template()
    brain = template.depth > 0.5
    centre = np.argwhere(brain).mean(axis=0)[:2]
    shadow = brain.any(axis=2)
    outline = np.array(json.loads(SHIPPED.read_text())["radii_mm"])

    away = np.argwhere(np.ones_like(shadow)) - centre
    turns = np.arctan2(away[:, 1], away[:, 0]) % (2 * np.pi)
    angles = np.linspace(0, 2 * np.pi, len(outline), endpoint=False)
    inside = np.hypot(*away.T) <= np.interp(turns, angles, outline, period=2 * np.pi)

    both = (inside & shadow.ravel()).sum() / (inside | shadow.ravel()).sum()
    assert both > 0.96


def test_the_outline_names_its_source_and_its_licence() -> None:
    told = json.loads(SHIPPED.read_text())

    assert "152" in told["source"]
    assert "Copyright (C) 1993-2004 Louis Collins" in told["licence"]
