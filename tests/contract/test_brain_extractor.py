"""What every brain extractor keeps to."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from fakes.fake_preparation import (
    HEAD_GRID,
    FakeBrainExtractor,
    fake_head,
    fake_template,
    true_brain,
)
from gliobench.adapters.command.brain_extractor import BrainProgram, CommandBrainExtractor
from gliobench.adapters.nifti import write_image
from gliobench.adapters.nifti.mask_file import read_two_valued
from gliobench.application.ports.brain_extractor import BrainExtractor
from gliobench.application.prepare.template_brain import TemplateBrainExtractor
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Modality, Study

SCRIPT = """#!/usr/bin/env python3
import sys, nibabel, numpy
image = nibabel.load(sys.argv[1])
voxels = numpy.asarray(image.dataobj)
if not voxels.any():
    sys.exit("no brain here")
i, j, k = numpy.indices(voxels.shape)
half = [(n - 1) / 2 for n in voxels.shape]
edges = image.header.get_zooms()
far = sum(((at - mid) * mm / mm_half) ** 2 for at, mid, mm, mm_half in
          zip((i, j, k), half, edges, (68, 84, 62)))
nibabel.save(nibabel.Nifti1Image((far <= 1).astype(numpy.uint8), image.affine), sys.argv[2])
"""


def _program(folder: Path) -> BrainExtractor:
    script = folder / "brain.py"
    script.write_text(SCRIPT.replace("/usr/bin/env python3", _python()), encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    program = BrainProgram(f"{script} {{t1c}} {{mask}}", timeout_s=120)
    return CommandBrainExtractor(program, write_image=write_image, read_mask=read_two_valued)


def _python() -> str:
    import sys

    return sys.executable


EXTRACTORS: dict[str, Callable[[Path], BrainExtractor]] = {
    "fake": lambda _: FakeBrainExtractor(),
    "template": lambda _: TemplateBrainExtractor(fake_template),
    "program": _program,
}


@pytest.fixture(params=EXTRACTORS)
def extractor(request: pytest.FixtureRequest, tmp_path: Path) -> BrainExtractor:
    return EXTRACTORS[request.param](tmp_path)


def test_the_brain_is_one_part_on_the_grid_of_the_head(extractor: BrainExtractor) -> None:
    brain = extractor.extract(fake_head(Modality.T1C, Modality.T2F))

    truth = true_brain(HEAD_GRID)
    assert brain.shape == HEAD_GRID.shape
    assert brain.dtype == np.bool_
    assert ndimage.label(brain)[1] == 1
    assert 2 * (brain & truth).sum() / (brain.sum() + truth.sum()) > 0.95


def test_the_tumour_is_in_the_brain(extractor: BrainExtractor) -> None:
    assert extractor.extract(fake_head(Modality.T1C))[30:36, 24:30, 20:26].all()


def test_the_same_head_has_the_same_brain(extractor: BrainExtractor) -> None:
    head = fake_head(Modality.T1C)

    assert np.array_equal(extractor.extract(head), extractor.extract(head))


def test_settings_decide_the_fingerprint(tmp_path: Path) -> None:
    prints = {make(tmp_path).fingerprint for make in EXTRACTORS.values()}

    assert len(prints) == len(EXTRACTORS)


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    empty = Study("x", "x", HEAD_GRID, {Modality.T1C: np.zeros(HEAD_GRID.shape, np.float32)})

    with pytest.raises(InvalidInputError, match="no brain here"):
        _program(tmp_path).extract(empty)


def test_a_program_that_needs_another_image_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="needs t1c"):
        _program(tmp_path).extract(fake_head(Modality.T2W))
