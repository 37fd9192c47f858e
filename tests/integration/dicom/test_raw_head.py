"""A real head as its scanner left it, as DICOM, and the same patient as the organisers of BraTS prepared it."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

pytest.importorskip("pydicom", reason="the extra `dicom` is not installed")
pytest.importorskip("SimpleITK", reason="the extra `prepare` is not installed")

from command_line import gliobench
from fakes.dicom_files import SCANS, Writer
from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.application.prepare.preparation import PREPARED_GRID
from gliobench.application.prepare.saved_preparations import decoded
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import pulled_region
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.study import Modality

STUDY = "TCGA-FG-6692"


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.usefixtures("real_sizes")
def test_a_raw_head_from_a_scanner_is_read_as_its_prepared_study(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    writer = Writer(tmp_path / "export")
    for modality in Modality:
        image = ImageFile.open(real_data / "raw" / STUDY / f"{STUDY}_raw_{modality.alias}.nii.gz")
        writer.series(np.rint(image.read()).astype(np.int16), image.grid, SCANS[modality])
    monkeypatch.setenv("GLIOBENCH_DICOM__PSEUDONYM_KEY", "a key of many characters")
    monkeypatch.setenv("GLIOBENCH_CACHE_DIR", "cache")

    raw = gliobench("predict", "export", "--prepare", "--json", "--out", "raw")
    ready = gliobench("predict", real_data / "tcga_lgg" / STUDY, "--json", "--out", "ready")

    assert raw.exit_code == 0, raw.output
    found, expected = (json.loads(result.stdout) for result in (raw, ready))
    assert found["grade"]["grade"] == expected["grade"]["grade"]
    (saved,) = (tmp_path / "cache" / "prepared").iterdir()
    mask, reference = (nib.load(tmp_path / said["files"]["mask"]) for said in (found, expected))
    in_brats = pulled_region(
        np.asarray(mask.dataobj) != 0,
        source=Grid(mask.shape, mask.affine),
        target=PREPARED_GRID,
        motion=decoded(saved.read_bytes()).to_template,
    )
    whole = pulled_region(
        np.asarray(reference.dataobj) != 0,
        source=Grid(reference.shape, reference.affine),
        target=PREPARED_GRID,
        motion=Rigid.none(),
    )
    assert 2 * (in_brats & whole).sum() / (in_brats.sum() + whole.sum()) >= 0.8
