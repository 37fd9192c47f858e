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
    FakeBrainNetwork,
    fake_head,
    fake_template,
    true_brain,
)
from gliobench.adapters.command.brain_extractor import BrainProgram, CommandBrainExtractor
from gliobench.adapters.nifti import write_image
from gliobench.adapters.nifti.mask_file import read_two_valued
from gliobench.application.ports.brain_extractor import BrainExtractor, BrainTemplate
from gliobench.application.ports.registrar import Scan
from gliobench.application.prepare.network_brain import NetworkBrainExtractor
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.metrics.segmentation import dice
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
    "network": lambda _: NetworkBrainExtractor(FakeBrainNetwork(), fake_template, "a"),
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


@pytest.mark.parametrize("beyond_mm", [-4, pytest.param(4, marks=pytest.mark.full)])
def test_the_images_correct_a_network_whose_brain_is_too_small_or_too_large(
    beyond_mm: float,
) -> None:
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = HEAD_GRID.affine[:3, 3]
    grid = Grid(tuple(2 * n for n in HEAD_GRID.shape), affine)
    truth = true_brain(grid)
    noise = np.random.default_rng(0).normal(0, 20, grid.shape)
    template = BrainTemplate(Scan(truth.astype(np.float32), grid), truth, "an ellipsoid")
    extractor = NetworkBrainExtractor(FakeBrainNetwork(beyond_mm), lambda: template, "a")

    seen, unseen = (
        dice(reference=truth, prediction=extractor.extract(Study("x", "x", grid, volumes)))
        for volumes in (
            {Modality.T1C: (np.where(truth, 300, 100) + noise).astype(np.float32)},
            {Modality.T1C: noise.astype(np.float32)},
        )
    )

    assert seen > unseen + 0.005


def test_a_network_that_sees_no_brain_is_a_fault() -> None:
    network = FakeBrainNetwork(-1000)

    with pytest.raises(InvalidInputError, match="no brain was found"):
        NetworkBrainExtractor(network, fake_template, "a").extract(fake_head(Modality.T1C))


def test_other_weights_are_another_extractor() -> None:
    one, other = (
        NetworkBrainExtractor(FakeBrainNetwork(), fake_template, weights).fingerprint
        for weights in ("a", "b")
    )

    assert one != other


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    empty = Study("x", "x", HEAD_GRID, {Modality.T1C: np.zeros(HEAD_GRID.shape, np.float32)})

    with pytest.raises(InvalidInputError, match="no brain here"):
        _program(tmp_path).extract(empty)


def test_a_program_that_needs_another_image_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="needs t1c"):
        _program(tmp_path).extract(fake_head(Modality.T2W))
