"""Names of the files that a program is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from gliobench.adapters.command.layouts import LAYOUTS, InputFiles
from gliobench.domain.studies.study import Modality

ORDER = (Modality.T2F, Modality.T1C)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("nnunet", ["case_007_0000.nii.gz", "case_007_0001.nii.gz"]),
        ("brats", ["case_007/case_007_flair.nii.gz", "case_007/case_007_t1ce.nii.gz"]),
        (
            "brats-2023",
            [
                "BraTS-GLI-00007-000/BraTS-GLI-00007-000-t2f.nii.gz",
                "BraTS-GLI-00007-000/BraTS-GLI-00007-000-t1c.nii.gz",
            ],
        ),
        (
            "brats-2024",
            [
                "BraTS-GLI-00007-100/BraTS-GLI-00007-100-t2f.nii.gz",
                "BraTS-GLI-00007-100/BraTS-GLI-00007-100-t1c.nii.gz",
            ],
        ),
        ("monai", ["case_007/case_007_t2f.nii.gz", "case_007/case_007_t1c.nii.gz"]),
        ("files", ["case_007/t2f.nii.gz", "case_007/t1c.nii.gz"]),
    ],
)
def test_files_are_named_as_the_layout_says_in_the_order_of_the_program(
    layout: str, expected: list[str]
) -> None:
    files = InputFiles(LAYOUTS[layout], ORDER, ".nii.gz", write_image=lambda *_: None)

    paths = files.paths(Path("in"), files.case(7))

    assert [path.relative_to("in").as_posix() for path in paths.values()] == expected
    assert tuple(paths) == ORDER
