"""Hostile images: NIfTI headers, gzip streams and PNG pictures."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from fuzz.ground import STUDIES, Ground, copied
from fuzz.harness import Hostile
from fuzz.mutations import damaged_bytes

NUMBERS = (0, 1, -1, 2, 7, 255, 32767, -32768, 2**31 - 1, -(2**31), 2**62, -(2**62))
FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-30, 1e30, 3.4e38, float("nan"), float("inf"), -float("inf"))
FIELDS_OF_FLOATS = (
    *("pixdim", "vox_offset", "scl_slope", "scl_inter", "qoffset_x", "srow_x", "srow_y"),
    *("srow_z", "quatern_b", "quatern_c", "quatern_d", "cal_max"),
)
ALIASES = {"t1": "t1n", "t1ce": "t1c", "t2": "t2w", "flair": "t2f", "seg": "segm"}
"""Names of a study's files, and others that mean the same."""
FIELDS_OF_NUMBERS = ("dim", "datatype", "bitpix", "qform_code", "sform_code", "sizeof_hdr")


def study_command(rng: random.Random, place: str = "{here}/studies") -> tuple[str, ...]:
    """Give a command that reads studies."""
    one = f"{place}/{STUDIES[0]}"
    return rng.choice(
        [
            ("dataset", "verify", place),
            ("dataset", "verify", place, "--json", "--quarantine", "out/q.json"),
            ("dataset", "fingerprint", place),
            ("dataset", "split", place, "--folds", "2"),
            ("predict", one, "--backend", "brain-centroid", "--out", "out"),
            ("predict", one, "--out", "out", "--json"),
            ("evaluate", place, "--backend", "brain-centroid", "--out", "out"),
            ("evaluate", place, "--backend", "mean-box", "--backend", "majority", "--out", "out"),
        ]
    )


def headers(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Set fields of a NIfTI header to what no scanner writes."""
    what = damage_header(rng, _damaged_study(rng, here, ground))
    return Hostile(study_command(rng), what)


def orientations(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Have files state no orientation, two, or one that no grid has; for all files of a study or one."""
    one = _damaged_study(rng, here, ground)
    paths = [one] if rng.random() < 0.5 else sorted(one.parent.glob("*.nii.gz"))
    codes = [rng.choice((0, 1, 2, 4, 5, -1)) for _ in range(2)]
    turned = _turned(rng)
    for path in paths:
        content = gzip.decompress(path.read_bytes())
        header = Nifti1Header(content[:348], check=False)
        header["qform_code"], header["sform_code"] = codes
        placed = header.get_sform() @ turned
        header["srow_x"], header["srow_y"], header["srow_z"] = placed[:3]
        path.write_bytes(gzip.compress(header.binaryblock + content[348:], 1))
    masks = ("score", "{here}/studies", "{here}/studies", "--resample", "--out", "out")
    command = masks if rng.random() < 0.3 else study_command(rng)
    what = f"{len(paths)} of {one.name}: codes {codes}, {np.diag(turned)[:3].round(2)}"
    return Hostile(command, what)


def _turned(rng: random.Random) -> np.ndarray:
    """Return a change of an affine: mirrored axes, exchanged ones, a tilt, a shear or a wrong unit."""
    change = np.diag([rng.choice((1.0, -1.0)) for _ in range(3)] + [1.0])
    change[:3, :3] = change[rng.sample(range(3), 3), :3] if rng.random() < 0.5 else change[:3, :3]
    if rng.random() < 0.3:
        change[0, rng.randrange(4)] += rng.choice((0.01, 0.3, 50.0, 1e6))
    return change * rng.choice((1.0, 1.0, 1.0, 1e-3, 1e3, 0.0))


def damage_header(rng: random.Random, path: Path) -> str:
    """Set fields of the header of a .nii.gz, which may lose its .gz; say what was done."""
    content = gzip.decompress(path.read_bytes())
    header, rest = content[:348], content[352:]
    if rng.random() < 0.2:
        what, raw = _of_version_2(rng, header)
    else:
        what, raw = _of_version_1(rng, header)
    content = raw + content[348:352] + rest
    if rng.random() < 0.1:
        what, content = "random header", rng.randbytes(348) + content[348:]
    named = path
    if rng.random() < 0.5:
        path.unlink()
        named = path.with_suffix("")
        named.write_bytes(content)
    else:
        path.write_bytes(gzip.compress(content, 1))
    return f"{named.name}: {what}"


def _damaged_study(rng: random.Random, here: Path, ground: Ground) -> Path:
    copied(ground.studies, here / "studies")
    name = rng.choice(("t1", "t1ce", "t2", "flair", "flair", "seg"))
    return here / "studies" / STUDIES[0] / f"{STUDIES[0]}_{name}.nii.gz"


def _of_version_1(rng: random.Random, raw: bytes) -> tuple[str, bytes]:
    header = Nifti1Header(raw, check=False)
    told = [_set(rng, header) for _ in range(rng.choice((1, 1, 1, 2, 4)))]
    if rng.random() < 0.1:
        header["magic"] = rng.choice((b"ni1", b"n+2", b"xyz", b""))
        told.append("magic")
    if rng.random() < 0.1:
        told.append("big-endian")
        return ", ".join(told), header.as_byteswapped(">").binaryblock
    return ", ".join(told), header.binaryblock


def _of_version_2(rng: random.Random, raw: bytes) -> tuple[str, bytes]:
    header = Nifti2Header.from_header(Nifti1Header(raw), check=False)
    told = [_set(rng, header) for _ in range(rng.choice((1, 1, 2)))]
    return "NIfTI-2 " + ", ".join(told), header.binaryblock


def _set(rng: random.Random, header: Nifti1Header) -> str:
    if rng.random() < 0.5:
        name, values = rng.choice(FIELDS_OF_NUMBERS), NUMBERS
    else:
        name, values = rng.choice(FIELDS_OF_FLOATS), FLOATS
    value = rng.choice(values)
    field = np.asarray(header[name])
    kind = field.dtype
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        value = int(np.clip(value if np.isfinite(value) else 0, limits.min, limits.max))
    if field.shape:
        at = rng.randrange(field.size)
        changed = field.copy()
        with np.errstate(all="ignore"):
            changed.flat[at] = value
        header[name] = changed
        return f"{name}[{at}] = {value}"
    with np.errstate(all="ignore"):
        header[name] = np.array(value).astype(kind)
    return f"{name} = {value}"


def gzips(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a gzip stream, or have it hold far more than it says."""
    what = damage_gzip(rng, _damaged_study(rng, here, ground))
    return Hostile(study_command(rng), what)


def damage_gzip(rng: random.Random, path: Path) -> str:
    """Damage a .nii.gz as a stream; say what was done."""
    content = path.read_bytes()
    plain = gzip.decompress(content)
    way = rng.randrange(9)
    if way == 0:
        what = "bomb"
        path.write_bytes(gzip.compress(plain, 1) + _bomb(rng.choice((64, 512))))
    elif way == 1:
        what, content = "bomb alone", _bomb(rng.choice((64, 512)))
        path.write_bytes(content)
    elif way == 2:
        what = "trailing garbage"
        path.write_bytes(content + rng.randbytes(rng.choice((1, 3, 5000))))
    elif way == 3:
        parts = rng.choice((2, 100, 1000))
        step = len(plain) // parts + 1
        what = f"{parts} members"
        members = [gzip.compress(plain[n : n + step], 1) for n in range(0, len(plain), step)]
        path.write_bytes(b"".join(members))
    elif way == 4:
        what = "gzip in gzip"
        path.write_bytes(gzip.compress(content))
    elif way == 5:
        what = "empty members"
        path.write_bytes(gzip.compress(b"") * rng.choice((1, 100_000)) + content)
    elif way == 6:
        what = "plain in the name of gzip"
        path.write_bytes(plain)
    else:
        what, content = damaged_bytes(rng, content)
        path.write_bytes(content)
    return f"{path.name}: {what}"


def subsets(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Take files of a study away, empty some and name some twice."""
    copied(ground.studies, here / "studies")
    told = []
    for name, other in ALIASES.items():
        path = here / "studies" / STUDIES[0] / f"{STUDIES[0]}_{name}.nii.gz"
        way = rng.choice(("no", "no", "empty", "twice", "whole", "whole", "whole"))
        told.append(f"{way} {name}")
        if way == "no":
            path.unlink()
        elif way == "empty":
            path.write_bytes(b"")
        elif way == "twice":
            copied(path, path.with_name(f"{STUDIES[0]}_{other}.nii.gz"))
    command = rng.choice((study_command(rng), _predict_files(rng)))
    weights = (f"--set=weights_dir={ground.subset_weights}",) if rng.random() < 0.7 else ()
    return Hostile((*weights, *command), ", ".join(told))


def _predict_files(rng: random.Random) -> tuple[str, ...]:
    """Give a command that predicts some files, whether they are there or not."""
    files = {
        f"--{new}": f"{{here}}/studies/{STUDIES[0]}/{STUDIES[0]}_{name}.nii.gz"
        for new, name in zip(("t1n", "t1c", "t2w", "t2f"), ALIASES, strict=False)
        if rng.random() < 0.5
    }
    return ("predict", *(part for pair in files.items() for part in pair), "--out", "out")


def _bomb(mebibytes: int) -> bytes:
    """Give a gzip stream of so many MiB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(2**20)
    return b"".join(packer.compress(block) for _ in range(mebibytes)) + packer.flush()


def pictures(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a PNG, or have it declare what memory does not hold."""
    slices = copied(ground.slices, here / "slices")
    path = slices / rng.choice(("image", "mask")) / "slice0.png"
    what, content = _picture(rng, path.read_bytes())
    path.write_bytes(content)
    command = rng.choice(
        [
            ("dataset", "verify", "{here}/slices"),
            ("dataset", "fingerprint", "{here}/slices", "--json"),
            ("evaluate", "{here}/slices", "--backend", "brain-centroid", "--out", "out"),
            ("evaluate", "{here}/slices", "--backend", "cnn-2d-onnx", "--out", "out"),
        ]
    )
    return Hostile(command, f"{path.parent.name}: {what}")


def _picture(rng: random.Random, content: bytes) -> tuple[str, bytes]:
    way = rng.randrange(6)
    if way == 0:
        width, height = rng.choice(
            [(50_000, 50_000), (4096, 4096), (4097, 1), (1, 100_000), (0, 0), (2**31, 2**31 - 1)]
        )
        rows = zlib.compress(bytes(min((width + 1) * max(height, 1), 2**26)), 9)
        return f"{width} x {height}", _png(width, height, rows)
    if way == 1:
        depth, colour = rng.choice(
            [(1, 0), (2, 0), (4, 0), (16, 0), (8, 2), (8, 3), (8, 6), (3, 9)]
        )
        return f"depth {depth} colour {colour}", _png(
            96, 96, zlib.compress(bytes(96 * 800)), depth, colour
        )
    if way == 2:
        text = b"Comment\0\0" + zlib.compress(bytes(2**28), 9)
        return "text bomb", content[:33] + _chunk(b"zTXt", text) + content[33:]
    if way == 3:
        profile = b"icc\0\0" + zlib.compress(bytes(2**28), 9)
        return "profile bomb", content[:33] + _chunk(b"iCCP", profile) + content[33:]
    return damaged_bytes(rng, content)


def _png(width: int, height: int, rows: bytes, depth: int = 8, colour: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height & 0xFFFFFFFF, depth, colour, 0, 0, 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )
