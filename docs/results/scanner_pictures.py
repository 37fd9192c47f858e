"""Draw the pictures of docs/scanner.md, of a phantom only: its table of series, a segmentation, and a prepared head.

PYTHONPATH=src:tests python docs/results/scanner_pictures.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fakes.dicom_files import Scan, Writer
from fakes.scanned_head import in_a_head, scanned, turned
from gliobench.adapters.dicom import DicomStudySource
from gliobench.adapters.dicom.segmentation import Author, write_segmentation
from gliobench.adapters.phantom import PhantomStudySource
from gliobench.adapters.pillow import PillowStudyPainter
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Modality, Study

IMAGES = Path(__file__).parents[1] / "images"
KEY = "a key for pictures of phantoms"
QUALITY = 80
SCANS = {
    Modality.T1N: Scan("T1 SE tra", (500, 10)),
    Modality.T1C: Scan("T1 SE tra KM", (500, 10), "Gadovist"),
    Modality.T2W: Scan("T2 TSE tra", (4500, 100)),
    Modality.T2F: Scan("FLAIR tra", (9000, 120, 2500)),
}


def main() -> None:
    """Write a phantom as DICOM with a segmentation, and draw what gliobench reads of it."""
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export"
        _write(export)
        os.environ["GLIOBENCH_DICOM__PSEUDONYM_KEY"] = KEY
        _save("scanner_series", _table(export))
        _save("scanner_segmentation", _planes(export))
        _save("scanner_prepared", _prepared(Path(folder)))


def _write(export: Path) -> None:
    """Write the four modalities, a localiser, diffusion, and a segmentation."""
    source = PhantomStudySource(4, spacing_mm=2.0)
    study_id = max(
        source.study_ids(), key=lambda one: source.reference(one).regions[Region.ET].sum()
    )
    study = source.study(study_id)
    writer = Writer(export)
    writer.study(study, SCANS)
    flat = np.ones((*study.file_grid.shape[:2], 3), np.int16)
    writer.series(flat, study.file_grid, Scan("Localizer"))
    stored = np.ones(study.file_grid.shape, np.int16)
    writer.series(stored, study.file_grid, Scan("DWI ADC", (5000, 90)))
    dicom = _opened(export)
    images = dicom.images(dicom.study_ids()[0], Modality.T1C)
    regions = {region: source.reference(study_id).regions[region] for region in NESTED}
    author = Author("phantom", "0" * 64)
    write_segmentation(export / "seg", Mask(study.grid, regions), images, author)


def _table(export: Path) -> Image.Image:
    """Print the table of series, as a terminal does."""
    done = subprocess.run(
        [sys.executable, "-m", "gliobench", "dataset", "series", str(export)],
        env={**os.environ, "COLUMNS": "124"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ["$ gliobench dataset series EXPORT", *done.stdout.rstrip().splitlines()]
    font = ImageFont.truetype("DejaVuSansMono.ttf", 13)
    width = max(font.getlength(line) for line in lines)
    picture = Image.new("RGB", (int(width) + 32, 19 * len(lines) + 28), "#0f172a")
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((16, 14 + 19 * number), line, fill="#e2e8f0", font=font)
    return picture


def _planes(export: Path) -> Image.Image:
    """Paint the regions that the segmentation holds over T1c."""
    masks = frozenset(mask.id for mask in _opened(export).content().studies[0].masks.masks)
    source = _opened(export, masks)
    (study_id,) = source.study_ids()
    regions = source.reference(study_id).regions
    study = source.study(study_id)
    enhanced = replace(study, volumes={Modality.T1C: study.volume(Modality.T1C)})
    i, j, k = np.argwhere(regions[Region.TC]).mean(axis=0).round().tolist()
    painted = PillowStudyPainter().paint(
        enhanced, centre_vox=None, through_vox=(i, j, k), regions=regions
    )
    return Image.open(BytesIO(painted)).convert("RGB")


def _prepared(folder: Path) -> Image.Image:
    """Paint T1c of a turned head in thick slices, as it is scanned above and as it is prepared below."""
    study = PhantomStudySource(4, spacing_mm=2.0).study("Phantom_0001")
    head = in_a_head(
        replace(study, volumes={m: study.volume(m) for m in (Modality.T1N, Modality.T1C)}), seed=1
    )
    middle = tuple(head.grid.to_mm(tuple((n - 1) / 2 for n in head.grid.shape)))
    writer, motion = Writer(folder / "raw"), turned((14, -8, 10), (20, -15, 30), middle)
    for modality in head.volumes:
        voxels, grid = scanned(head.volume(modality), head.grid, motion=motion)
        writer.series(np.rint(voxels * 4).astype(np.int16), grid, SCANS[modality])
    words = ("prepare", str(folder / "raw"), "--out", str(folder / "prepared"))
    subprocess.run([sys.executable, "-m", "gliobench", *words], env=os.environ, check=True)
    raw = Study("raw", "raw", grid, {Modality.T1C: voxels})
    above = Image.open(BytesIO(PillowStudyPainter().paint(raw, centre_vox=None, title="T1c, raw")))
    below = Image.open(next((folder / "prepared").rglob("*t1ce.png")))
    size = (max(above.width, below.width), above.height + below.height)
    picture = Image.new("RGB", size)
    picture.paste(above.convert("RGB"), (0, 0))
    picture.paste(below.convert("RGB"), (0, above.height))
    return picture


def _opened(export: Path, masks: frozenset[str] = frozenset()) -> DicomStudySource:
    return DicomStudySource(str(export), Pseudonyms(KEY), masks=masks)


def _save(name: str, picture: Image.Image) -> None:
    IMAGES.mkdir(exist_ok=True)
    picture.save(IMAGES / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
