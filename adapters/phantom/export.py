"""Phantoms as files, in the layout of the BraTS 2020 training set."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.phantom.lesion import CONVENTION
from gliobench.adapters.phantom.source import PhantomStudySource
from gliobench.domain.files.tables import write_csv
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.studies.patients import PHANTOM_MARK
from gliobench.domain.studies.study import Grade, Modality, Reference, Study

GRADES_FILE = "name_mapping.csv"
GRADES_COLUMNS = (
    "Grade",
    "BraTS_2017_subject_ID",
    "BraTS_2018_subject_ID",
    "TCGA_TCIA_subject_ID",
    "BraTS_2019_subject_ID",
    "BraTS_2020_subject_ID",
)
NOT_GIVEN = "NA"
INCLUDED = Path(__file__).parent / "demo"
"""Four studies in BraTS's layout, drawn by docs/results/demo_phantoms.py."""


def export_phantoms(out_dir: Path, source: PhantomStudySource) -> None:
    """Write every phantom as `<id>/<id>_{flair,t1,t1ce,t2,seg}.nii.gz`, with a table of grades.

    Images are int16, masks uint8 in the convention of 2020, both on BraTS's own LPS grid. The table lists
    the folders as ids of 2019 and the patients as ids of 2020; readers use the newest. The header of every
    file marks it as simulated, whatever its name.

    Args:
        out_dir: Created if absent; files of the same names are replaced.
        source: The phantoms to write.
    """
    rows: list[list[str]] = []
    for study_id in source.study_ids():
        reference = source.reference(study_id)
        folder = out_dir / study_id
        folder.mkdir(parents=True, exist_ok=True)
        study = source.study(study_id)
        _export(study, reference, folder)
        rows.append(_row(study, reference.grade))
    (out_dir / GRADES_FILE).write_text(write_csv(GRADES_COLUMNS, rows), encoding="utf-8")


def _export(study: Study, reference: Reference, folder: Path) -> None:
    for modality in Modality:
        _write(study.volume(modality).astype(np.int16), study, folder, modality.alias)
    _write(CONVENTION.merge(reference.regions), study, folder, "seg")


def _write(array: NDArray[np.integer], study: Study, folder: Path, name: str) -> None:
    native = study.file_grid
    image = nibabel.Nifti1Image(reorient(array, source=study.grid, target=native), native.affine)
    image.header["descrip"] = PHANTOM_MARK.encode()
    nibabel.save(image, folder / f"{study.id}_{name}.nii.gz")


def _row(study: Study, grade: Grade | None) -> list[str]:
    unknown = [NOT_GIVEN] * (len(GRADES_COLUMNS) - 3)
    return [grade.value if grade else NOT_GIVEN, *unknown, study.id, study.patient_id]


def copy_included_phantoms(out_dir: Path) -> list[str]:
    """Copy the phantoms that ship with gliobench, in the layout of the BraTS 2020 training set.

    Args:
        out_dir: Created if absent; files of the same names are replaced.

    Returns:
        The ids of the studies.

    Raises:
        JobError: A file cannot be written.
    """
    files = sorted(path for path in INCLUDED.rglob("*") if path.is_file())
    for file in files:
        write_whole(out_dir / file.relative_to(INCLUDED), file.read_bytes())
    return sorted({file.parent.name for file in files if file.parent != INCLUDED})
