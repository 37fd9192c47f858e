"""Hostile predictions: folders of masks, tables, COCO and answers that another tool wrote."""

from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.ground import STUDIES, Ground
from fuzz.harness import Hostile
from fuzz.mutations import HOSTILE_TEXTS, damaged_bytes, damaged_json
from fuzz.texts import NUMBERS

NAMES = (
    *("{}.nii.gz", "{}_pred.nii.gz", "{}_unc_whole.nii.gz", "{}_t1ce.nii.gz", "{}/{}_seg.nii.gz"),
    *("{}.nii.gz/x.nii.gz", " {}.nii.gz", "{}0.nii.gz", "{}\n.nii.gz", "a/b/{}.nii.gz", "{}.nii"),
    *("膠腫.nii.gz", "x{}.nii.gz", "{}_seg_pred_mask_out.nii.gz", ".{}.nii.gz", "{}.NII.GZ"),
)
PATTERNS = (
    *("{study_id}.nii.gz", "{study_id}/{study_id}_seg.nii.gz", "../{study_id}.nii.gz", "", "{}"),
    *("/{study_id}.nii", "{study_id}" * 40 + ".nii", "{study_id}/../../x.nii", "(((.nii.gz"),
    *("{study_id}.nii.gz\n", "*{study_id}*.nii.gz", "[{study_id}.nii.gz", "{study_id[0]}.nii"),
)
OTHERS = (
    *("--labels=nnunet-brats", "--labels=nosuch", "--labels=/dev/zero", "--resample"),
    *("--trained-on=none", "--trained-on=/dev/zero", "--trained-on=nowhere", "--family=\x1b[31m"),
    *("--name=cnn-onnx", "--name=a/b", "--name=..", "--name=", "--limit=1", "--workers=0"),
)
TABLES = {
    "grades": "study_id,grade,probability_hgg,grade_set,set_coverage,failure\n"
    "{},HGG,0.5,LGG HGG,0.9,\n{},,,,,timeout\n",
    "points": "study_id,axis,x_mm,y_mm,z_mm,frame,confidence\n"
    "{},,-4,8,12,LPS,0.5\n{},axial,-20,-8,12,RAS,\n",
    "boxes": "study_id,i_min,j_min,k_min,i_max,j_max,k_max\n{},1,2,3,4,5,6\n{},9,9,9,20,20,20\n",
    "polygons": 'study_id,axis,vertices\n{},axial,"[[1,1,3],[9,1,3],[9,9,3]]"\n',
}

AXES = ("RAS", "LPS", "LPI", "RAI", "las", "RAS+", "ras-mm", "file", "world", "ITK", "LLS", "RPS+")
"""Codes of orientation: two that are known, others that are none, and one that is impossible."""
FRAME_NAMES = ("frame", "Frame", "orientation", "space", "coordinate_system", "note", "frame ")
WORDS = (*AXES, *HOSTILE_TEXTS, "train", "test", "0", "False", "held-out")


def frames(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """State frames and orientations of places, in columns of several names or in some rows only."""
    option = rng.choice(("points", "boxes", "polygons"))
    head, *rows = TABLES[option].format(*STUDIES).splitlines()
    name, stated = rng.choice(FRAME_NAMES), [rng.choice(WORDS) for _ in rows]
    kept = [cell if rng.random() < 0.8 else "" for cell in stated]
    lines = [
        f"{head},{name}",
        *(f"{row},{_quoted(cell)}" for row, cell in zip(rows, kept, strict=True)),
    ]
    text = "\n".join(lines).replace("_mm", rng.choice(("_mm", "_mm", "_cm", "_m", "")))
    return _tabled(here, ground, f"--{option}", text, f"{name}: {kept}"[:80])


def trained(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """List training patients as people do, and as no reader expects."""
    ids = [rng.choice((study, study.lower(), f"{study}.nii.gz", f"/x/{study}", rng.choice(WORDS)))
           for study in STUDIES]  # fmt: skip
    column = rng.choice(("split", "fold", "is_train", "set", "training", "site"))
    table = [
        f"patient_id,{column}",
        *(f"{_quoted(name)},{_quoted(rng.choice(WORDS))}" for name in ids),
    ]
    content = "\n".join(rng.choice((ids, table))).encode(errors="surrogatepass")
    if rng.random() < 0.3:
        _, content = damaged_bytes(rng, content)
    (here / (name := rng.choice(("t.csv", "t.txt", "t.json", "t.parquet")))).write_bytes(content)
    grades = TABLES["grades"].format(*STUDIES)
    more = ("--trained-on", f"{{here}}/{name}")
    return _tabled(here, ground, "--grades", grades, f"{name}: {column}, {ids}"[:80], *more)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _tabled(here: Path, ground: Ground, option: str, text: str, what: str, *more: str) -> Hostile:
    (here / "table.csv").write_text(text, errors="surrogatepass")
    table = (option, "{here}/table.csv", "--name", "tool", "--out", "out")
    return Hostile(("import", str(ground.studies), *table, *more), what)


def imports(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage what `gliobench import` reads."""
    what, options = rng.choice((_masks, _masks, _table, _document))(rng, here, ground)
    dataset = ground.slices if "c.json" in what and rng.random() < 0.8 else ground.studies
    command = ["import", str(dataset), "--name", "tool", "--out", "out", *options]
    if rng.random() < 0.2:
        other = rng.choice(OTHERS).replace("\x00", "")
        command, what = [*command, other], f"{what}, {other[:30]!r}"
    return Hostile(tuple(command), what)


def _masks(rng: random.Random, here: Path, ground: Ground) -> tuple[str, list[str]]:
    folder = here / "masks"
    folder.mkdir()
    told = []
    for study in STUDIES:
        content = (ground.studies / study / f"{study}_seg.nii.gz").read_bytes()
        if rng.random() < 0.5:
            what, content = _damaged_mask(rng, content)
            told.append(what)
        name = rng.choice(NAMES[: rng.choice((1, 3, len(NAMES)))])
        path = folder / name.format(study, study)
        path.parent.mkdir(parents=True, exist_ok=True)
        if rng.random() < 0.1:
            path.symlink_to(rng.choice((path.name, "/dev/zero", "/nowhere", str(folder))))
        elif not path.exists():
            path.write_bytes(content)
        told.append(name)
    if rng.random() < 0.2:
        (folder / "failures.csv").write_text(
            f"study_id,failure\n{STUDIES[0]},{rng.choice(('timeout', 'x', ''))}\n"
        )
    if rng.random() < 0.2:
        _, cell = damaged_bytes(rng, f"study_id,confidence,TC\n{STUDIES[0]},0.5,0.1\n".encode())
        (folder / "confidence.csv").write_bytes(cell)
    options = ["--masks", "{here}/masks"]
    if rng.random() < 0.3:
        options.append(f"--pattern={rng.choice(PATTERNS)}")
    return f"masks: {', '.join(told)!r}, {options[2:]!r}", options


def _damaged_mask(rng: random.Random, content: bytes) -> tuple[str, bytes]:
    """Damage the file, or a byte of its header or voxels."""
    if rng.random() < 0.3:
        return damaged_bytes(rng, content)
    raw = bytearray(gzip.decompress(content))
    at = rng.choice((rng.randrange(348), rng.randrange(40, 58), rng.randrange(len(raw))))
    raw[at] = rng.randrange(256)
    return f"byte {at}", gzip.compress(bytes(raw), 1)


def _table(rng: random.Random, here: Path, _: Ground) -> tuple[str, list[str]]:
    option, text = rng.choice([*TABLES.items()])
    content = text.format(*STUDIES).encode()
    name = rng.choice(("t.csv", "t.csv", "t.tsv", "t.json", "t.jsonl", "t.parquet"))
    way = rng.randrange(6)
    if name == "t.parquet":
        cells = [line.split(",") for line in content.decode().splitlines()]
        columns = {key: [row[at] for row in cells[1:]] for at, key in enumerate(cells[0][:3])}
        file = io.BytesIO()
        pq.write_table(pa.table(columns), file)
        content = file.getvalue()
    if way == 0:
        what, content = damaged_bytes(rng, content)
    elif way < 4:
        cells = content.decode(errors="replace").split(",")
        at = rng.randrange(len(cells))
        cells[at] = rng.choice((*HOSTILE_TEXTS, *NUMBERS))
        what, content = f"cell {at}", ",".join(cells).encode(errors="surrogatepass")
    else:
        coding = rng.choice(("utf-16", "utf-8-sig", "latin-1", "utf-32"))
        what, content = coding, content.decode(errors="replace").encode(coding, errors="replace")
    (here / name).write_bytes(content)
    return f"{option} {name}: {what}", [f"--{option}", f"{{here}}/{name}"]


def _document(rng: random.Random, here: Path, _: Ground) -> tuple[str, list[str]]:
    coco = {
        "images": [{"id": 1, "file_name": "slice0.png"}, {"id": 2, "file_name": "slice1.png"}],
        "annotations": [
            {"image_id": 1, "bbox": [10, 10, 20, 20], "score": 0.5},
            {"image_id": 2, "segmentation": [[5, 5, 20, 5, 20, 20]]},
        ],
    }
    lines = [
        {"study": STUDIES[0], "question": "grade", "answer": "HGG", "probability_hgg": 0.5},
        {"study": STUDIES[0], "question": "point", "answer": "(0.5, 0.5)", "plane": 20},
        {"study": "slice0", "question": "box", "answer": "[1, 1, 9, 9]", "size_px": 10},
    ]
    if rng.random() < 0.5:
        what, content = damaged_json(rng, json.dumps(coco).encode())
        name, option = "c.json", rng.choice(("--boxes", "--polygons"))
    else:
        damaged = [damaged_json(rng, json.dumps(line).encode()) for line in lines]
        what, content = damaged[0][0], b"\n".join(item for _, item in damaged)
        name, option = "a.jsonl", "--answers"
    (here / name).write_bytes(content)
    return f"{name}: {what}", [option, f"{{here}}/{name}"]
