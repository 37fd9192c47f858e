"""Hostile runs, masks, networks and adapters: what gliobench or a trainer wrote, and a disk damaged."""

from __future__ import annotations

import io
import json
import pickle
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.ground import STUDIES, Ground, copied
from fuzz.harness import Hostile
from fuzz.mutations import HOSTILE_TEXTS, HOSTILE_VALUES, damaged_bytes, damaged_json
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.region_grader import RegionGrader, Term

BACKENDS = ("brain-centroid", "cnn-onnx")


def run_command(rng: random.Random, ground: Ground) -> tuple[str, ...]:
    """Give a command that reads a run."""
    evaluate = ("evaluate", str(ground.studies), *(f"--backend={one}" for one in BACKENDS))
    return rng.choice(
        [
            ("report", "out"),
            ("report", "out", "--json"),
            ("compare", "out", "--out", "out/comparison", "--replicates", "100"),
            ("merge", "out", "--allow-partial"),
            ("export-predictions", "out/brain-centroid", "--layout", "csv", "--out", "out/tables"),
            ("export-predictions", "out/cnn-onnx", "--layout", "brats", "--out", "out/masks"),
            (*evaluate, "--out", "out"),
        ]
    )


def run_folders(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage one file of a run."""
    run = copied(ground.run, here / "out")
    files = sorted(one for one in run.rglob("*") if one.is_file())
    path = rng.choice(files)
    way = rng.randrange(12)
    if way == 0:
        path.unlink()
        what = "deleted"
    elif way == 1:
        path.unlink()
        path.mkdir()
        what = "a folder"
    elif way == 2:
        path.unlink()
        path.symlink_to(rng.choice((path.name, "/nowhere", "/dev/full", "/etc")))
        what = f"a link to {path.readlink()}"
    elif way == 3:
        shutil.rmtree(path.parent)
        path.parent.write_bytes(b"no folder")
        what = "its folder is a file"
    elif path.suffix == ".json":
        what, content = damaged_json(rng, path.read_bytes())
        path.write_bytes(content)
    elif path.suffix == ".parquet" and way < 9:
        what = _damage_table(rng, path)
    else:
        what, content = damaged_bytes(rng, path.read_bytes())
        path.write_bytes(content)
    return Hostile(run_command(rng, ground), f"{path.relative_to(run)}: {what}")


def _damage_table(rng: random.Random, path: Path) -> str:
    """Change one value of a column, or the column, and keep the table's stamp."""
    table = pq.read_table(path)
    name = rng.choice(table.column_names)
    at = table.column_names.index(name)
    values = table.column(at).to_pylist()
    way = rng.randrange(5)
    if way == 0:
        pq.write_table(table.drop_columns([name]), path)
        return f"{name} dropped"
    if way == 1:
        column = pa.array([str(one) for one in values])
        pq.write_table(table.set_column(at, name, column), path)
        return f"{name} as text"
    if way == 2:
        times = rng.choice((0, 1, 2, 3))
        pq.write_table(pa.concat_tables([table] * times) if times else table[:0], path)
        return "rows repeated"
    value = rng.choice(HOSTILE_VALUES) if way == 3 else rng.choice(HOSTILE_TEXTS)
    if values:
        values[rng.randrange(len(values))] = [value] if isinstance(values[0], list) else value
    try:
        column = pa.array(values, table.schema.field(at).type)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        column = pa.nulls(len(values), table.schema.field(at).type)
        value = None
    pq.write_table(table.set_column(at, table.schema.field(at), column), path)
    return f"{name} = {str(value)[:20]!r}"


def archives(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a mask of a run: NumPy's archive, with pickles, bombs and absurd shapes."""
    run = copied(ground.run, here / "out")
    path = rng.choice(sorted((run / "cnn-onnx" / "masks").glob("*.npz")))
    way = rng.randrange(8)
    if way < 3:
        what, content = damaged_bytes(rng, path.read_bytes())
    else:
        with np.load(path) as kept:
            arrays = {name: kept[name] for name in kept.files}
        what, content = _archive(rng, arrays)
    path.write_bytes(content)
    evaluate = ("evaluate", str(ground.studies), *(f"--backend={one}" for one in BACKENDS))
    return Hostile((*evaluate, "--out", "out"), f"{path.name}: {what}")


class _Exploding:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("open('../pickled', 'w')",)


def _archive(rng: random.Random, arrays: dict[str, np.ndarray]) -> tuple[str, bytes]:
    name = rng.choice(list(arrays))
    way = rng.randrange(8)
    if way == 0:
        del arrays[name]
        what = f"without {name}"
    elif way == 1:
        arrays[name] = np.array([_Exploding()], dtype=object)
        what = f"{name} pickled"
    elif way == 2:
        arrays["shape"] = np.array(
            rng.choice(([10**9] * 3, [-1, 4, 4], [0, 0, 0], [2], [[1, 2, 3]]))
        )
        what = f"shape {arrays['shape'].tolist()}"
    elif way == 3:
        arrays["affine"] = np.full((4, 4), rng.choice((np.nan, np.inf, 0.0, 1e300)))
        what = f"affine {arrays['affine'][0, 0]}"
    elif way == 4:
        arrays[name] = np.array(rng.choice((["text"], [1j], [np.nan], [2**63])))
        what = f"{name} of type {arrays[name].dtype}"
    elif way == 5:
        return "a pickle", pickle.dumps(_Exploding())
    else:
        return _false_archive(rng, name)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return what, file.getvalue()


def _false_archive(rng: random.Random, name: str) -> tuple[str, bytes]:
    """Write an archive whose member declares more than it holds, or holds far too much."""
    shape = rng.choice(("(1000000000, 1000000000)", "(4000000000,)", "(-1,)", "(1,", "(" * 500))
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.npy", head + bytes(rng.choice((0, 1000, 2**27))))
        archive.writestr("../../outside.npy", head)
    return f"{name} declares {shape[:30]}", file.getvalue()


REGION_GRADER = RegionGrader(
    terms=(Term("rim", 0.5, 0.3, 1.2), Term("enclosed", 0.3, 0.2, 1.9)),
    intercept=0.4,
    trained_on=("aa", "bb"),
    conformal=ConformalSets(coverage=0.9, lgg_up_to=0.7, hgg_from=0.2, n_lgg=10, n_hgg=20),
)


def region_graders(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage the grader of regions beside the embedded localizer."""
    weights = here / "weights"
    copied(ground.weights / "localizer.onnx", weights / "localizer.onnx")
    what, content = damaged_json(rng, REGION_GRADER.to_json().encode())
    (weights / "grader.json").write_bytes(content)
    study = f"{ground.studies}/{STUDIES[0]}"
    command = rng.choice((("predict", study, "--out", "out", "--json"), ("backends",)))
    return Hostile(("--set", "weights_dir={here}/weights", *command), f"grader.json: {what}")


def networks(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage an ONNX file: its bytes, its card, where its weights lie, what it computes."""
    weights = here / "weights"
    for name in ("localizer.onnx", "grader.onnx"):
        copied(ground.weights / name, weights / name)
    path = weights / rng.choice(("localizer.onnx", "grader.onnx"))
    if rng.random() < 0.3:
        what, content = damaged_bytes(rng, path.read_bytes())
        path.write_bytes(content)
    else:
        what = _damage_network(rng, path)
    study = f"{ground.studies}/{STUDIES[0]}"
    command = rng.choice(
        [
            ("predict", study, "--out", "out"),
            ("backends",),
            ("doctor", "--json"),
            ("evaluate", str(ground.studies), "--backend=cnn-onnx", "--out", "out"),
        ]
    )
    return Hostile(("--set", "weights_dir={here}/weights", *command), f"{path.name}: {what}")


def _damage_network(rng: random.Random, path: Path) -> str:
    import onnx

    model = onnx.load(path)
    way = rng.randrange(7)
    if way < 2:
        card = next(one for one in model.metadata_props if one.key == "gliobench_model_card")
        what, content = damaged_json(rng, card.value.encode())
        card.value = content.decode("utf-8", "replace").encode("utf-8", "replace").decode()
        what = f"card {what}"
    elif way == 2:
        del model.metadata_props[:]
        what = "no card"
    elif way == 3:
        tensor = rng.choice(model.graph.initializer)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.ClearField("raw_data")
        place = rng.choice(("../../etc/passwd", "/etc/passwd", "weights.bin", "grader.onnx", ""))
        del tensor.external_data[:]
        for key, value in (("location", place), ("offset", "0"), ("length", "99999999999")):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        what = f"external data in {place}"
    elif way == 4:
        tensor = rng.choice(model.graph.initializer)
        tensor.dims[:] = [rng.choice((0, -1, 1, 2**40))] * max(1, len(tensor.dims))
        what = f"{tensor.name} of {list(tensor.dims)}"
    elif way == 5:
        model.ir_version, model.opset_import[0].version = rng.choice(((999, 18), (8, 9999), (1, 1)))
        what = "of another version"
    else:
        node = rng.choice(model.graph.node)
        node.op_type = rng.choice(("Loop", "NoSuchOp", "Relu", "ConstantOfShape", ""))
        what = f"{node.name} is {node.op_type}"
    path.write_bytes(model.SerializeToString())
    return what


def adapters(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a LoRA adapter: its settings, its card, its weights."""
    adapter = copied(ground.adapter, here / "adapter")
    path = rng.choice([*sorted(adapter.glob("*.json")) * 2, adapter / "adapter_model.safetensors"])
    way = rng.randrange(10)
    if way == 0:
        path.unlink()
        what = "deleted"
    elif path.suffix == ".json" and way < 5:
        what = _set_option(rng, path)
    elif path.suffix == ".json":
        what, content = damaged_json(rng, path.read_bytes())
        path.write_bytes(content)
    else:
        what, content = _weights(rng, path.read_bytes())
        path.write_bytes(content)
    study = f"{ground.studies}/{STUDIES[0]}"
    command = ("predict", study, "--backend", "llama-vision-lora", "--out", "out")
    set_ = ("--set", "llama.adapter={here}/adapter", "--set", "llama.policy=brain-middle")
    return Hostile((*set_, *command), f"{path.name}: {what}")


def _set_option(rng: random.Random, path: Path) -> str:
    document = json.loads(path.read_bytes())
    name, value = rng.choice(
        [
            ("r", rng.choice((10**9, 0, -1, "16", 2.5))),
            ("lora_alpha", rng.choice((10**30, float("nan"), "x"))),
            ("target_modules", rng.choice((".*", "(a+)+$", [], ["nowhere"], "(", 3))),
            ("peft_type", rng.choice(("LORA", "PREFIX_TUNING", "NOPE", None))),
            ("base_model_name_or_path", "../../../etc"),
            ("auto_mapping", {"base_model_class": "os.system", "parent_library": "os"}),
            ("trained_on", rng.choice(("all", [1], None, ["\x1b[31m"]))),
            ("settings", rng.choice(([], {"size_px": 10**9}, "x", {"modalities": 3}))),
            ("modules_to_save", ["lm_head"]),
            ("rank_pattern", {".*": 10**7}),
        ]
    )
    path.write_text(json.dumps({**document, name: value}))
    return f"{name} = {value!r}"


def _weights(rng: random.Random, content: bytes) -> tuple[str, bytes]:
    way = rng.randrange(4)
    if way == 0:
        size = int.from_bytes(content[:8], "little")
        what, header = damaged_json(rng, content[8 : 8 + size])
        return f"header {what}", len(header).to_bytes(8, "little") + header + content[8 + size :]
    if way == 1:
        return "a header of 2^60 bytes", (2**60).to_bytes(8, "little") + content[8:]
    if way == 2:
        return "a pickle", pickle.dumps({"weight": _Exploding()})
    return damaged_bytes(rng, content)
