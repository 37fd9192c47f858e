"""Hostile texts: tables, settings, options and ids."""

from __future__ import annotations

import os
import random
from pathlib import Path

from fuzz.ground import STUDIES, Ground, copied
from fuzz.harness import Hostile
from fuzz.images import study_command
from fuzz.mutations import HOSTILE_TEXTS, damaged_bytes, damaged_json

SETTINGS = (
    *("provider", "allow_cpu_fallback", "threads", "batch_size", "executor", "workers"),
    *("study_timeout_s", "shards", "metrics_file", "weights_dir", "cache_dir", "cache_gib"),
    *("store_patience_s", "trust_checksums", "slice_spacing_mm", "cohort", "seed", "log_level"),
    *("log_format", "llama", "compare", "keep", "ray", "backend", "labels", "llama.model"),
    *("llama.modalities", "llama.size_px", "llama.policy", "compare.primary", "keep.volumes"),
    *("compare.replicates", "keep.pictures", "ray.num_cpus", "backend.cnn-onnx.held_out"),
    *("target.column", "target.positive", "target.died"),
    *("report.metadata", "report.subgroups", "report.subgroups.age", "report.id_column"),
    *("backend.majority.x", "llama.batch_size", "nosuch", "llama.nosuch", "a.b.c.d"),
)
TOML_VALUES = (
    *("5", "-1", "0", "1e400", "nan", "inf", "9" * 5000, "true", '""', '"x"', "[]", "[1]", "{}"),
    *("{a={b={c=1}}}", "1979-05-27", '"' + "a" * 100_000 + '"', "[" * 2000 + "]" * 2000),
    *("0xffffffffffffffffffffffff", '"\\u0000"', '"\\u202e"', "'''\n'''", "1000000000000"),
)
NUMBERS = (
    *("-1", "0", "1", "1000000000", "1000000000000", "99999999999999999999", "9" * 5000),
    *(
        "1e9",
        "nan",
        "inf",
        "-inf",
        "0.5",
        "",
        " ",
        "x",
        "٣",
        "1_000",
        "0x10",
        "a" * 10_000,
        "\u202e1",
    ),
)
DATASETS = (
    *("", " ", "/", ".", "..", "/dev/null", "/dev/zero", "/proc/self", "phantom:", "phantom:x"),
    *("phantom:10^20", "phantom:100000000000000000000", "phantom:-1", "phantom:0", "phantom:٣"),
    *("phantom:12:0:0", "phantom:1:0:1e-9", "phantom:1:0:0.001", "phantom:1:-1", "phantom:1:0:nan"),
    *("phantom:1000000000", "phantom:1:99999999999999999999999:4", f"phantom:{'9' * 5000}"),
    *("file:///nowhere", "s4://bucket/x", "://", "http://", "memory://x", "ftp://127.0.0.1:1/x"),
    *("simplecache::memory://x", "a" * 5000, "a/" * 3000, "x\ny", "\x1b[31m", "{here}/studies/.."),
    *("zip://a::file:///dev/zero", "http://127.0.0.1:1/x", "s3://", "github://a:b@/", "\udcff"),
)
OUTS = (
    *("", "/", " ", "/dev/null", "/dev/full", "/proc/x", "/sys/x", "{here}/file", "out/a/b"),
    *("a" * 300, "a/" * 3000, "s4://b/x", "://", "{here}/file/below", "{here}/loop", "/dev/null/x"),
)


CELLS = (
    *(
        "M",
        "F",
        "m\u00a0",
        "M (?)",
        "-1",
        "-999",
        "9999",
        "999",
        "1 234",
        "1'234",
        "1,234",
        "1.234",
    ),
    *("0,5", "50%", "#VALUE!", "(blank)", ".", "-", "+", "NOS/NEC", "TRUE", "IV", "4", "1E5", ""),
)
LABELS = (
    b"name: own\ntissues: {1: core, 2: oedema, 4: enhancing}\n"
    b"regions: {WT: [1, 2, 4], TC: [1, 4], ET: [enhancing]}\n"
)


def tables(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a table or a list: name_mapping.csv, cases.csv, a cohort, a quarantine."""
    way = rng.randrange(5)
    if way == 4:
        return _labels(rng, here, ground)
    if way == 0:
        studies = copied(ground.studies, here / "studies")
        what = _damage_table(rng, studies / "name_mapping.csv")
        return Hostile(study_command(rng), what)
    if way == 1:
        slices = copied(ground.slices, here / "slices")
        what = _damage_table(rng, slices / "cases.csv")
        backend = rng.choice(("majority", "brain-centroid", "site-only"))
        evaluate = ("evaluate", "{here}/slices", "--backend", backend, "--out", "out")
        return Hostile(rng.choice((evaluate, ("dataset", "verify", "{here}/slices"))), what)
    if way == 2:
        path = copied(ground.cohort, here / "cohort.json")
        what, content = damaged_json(rng, path.read_bytes())
        path.write_bytes(content)
        part = rng.choice(("", ":fold-0", ":nosuch"))
        command = study_command(rng, str(ground.studies))
        return Hostile(("--set", f"cohort={{here}}/cohort.json{part}", *command), f"cohort: {what}")
    path = here / "quarantine.json"
    what, content = damaged_json(rng, b'{"BraTS20_Training_001": "truncated", "b": "c"}')
    path.write_bytes(content)
    split = ("dataset", "split", str(ground.studies), "--folds", "2", "--exclude")
    return Hostile((*split, "{here}/quarantine.json"), f"quarantine: {what}")


def metadata(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a table about studies, and ask for subgroups by it."""
    path = here / "table.csv"
    rows = [f"{study},{'MF'[n]},{40 + n},note {n}" for n, study in enumerate(STUDIES)]
    path.write_text("\n".join(["study_id,sex,age,note", *rows]) + "\n")
    what = _damage_table(rng, path) if rng.randrange(3) else _spreadsheet(rng, path)
    if rng.randrange(6) == 0:
        what, content = damaged_bytes(rng, b"PAR1" + path.read_bytes())
        path.write_bytes(content)
    column = rng.choice(
        ("age=40,60", "sex", "note", "study_id", "age=", "=", "age=nan", "sex=1", "")
    )
    column = rng.choice((column, f"age={rng.choice(NUMBERS)}", rng.choice(HOSTILE_TEXTS)))
    flags = ("--out", "out", "--metadata", "{here}/table.csv")
    if rng.randrange(3) == 0:
        target = rng.choice(("sex=M", "sex=M|F", "age=>40", "age=<40", "age=>x", "note=", column))
        evaluate = ("evaluate", str(ground.studies), "--backend", "majority", *flags)
        command = (*evaluate, "--target=" + target.replace("\x00", ""))
        return Hostile(command, f"target: {what}, {target[:20]!r}")
    command = ("report", str(ground.run), *flags)
    chosen = ("--subgroup=" + column.replace("\x00", ""),) if rng.randrange(3) else ()
    return Hostile((*command, *chosen), f"metadata: {what}, {column[:20]!r}")


def _spreadsheet(rng: random.Random, path: Path) -> str:
    """Write a table as spreadsheets and archives do: codes, separators, errors, sums, and visits of a patient."""
    rows = [
        f"{study};{rng.choice(('P', '7', '007', study))};{rng.choice(CELLS)};{rng.choice(CELLS)}"
        for study in STUDIES * rng.randrange(1, 3)
    ]
    first = rng.choice(([], ["sep=;"], ["SEP=,"], ["sep="]))
    last = rng.choice(([], ["Total;;1.234;2"], [";;;", "7;7;7;7"]))
    head = "study_id;patient_id;sex;age"
    path.write_text("\n".join([*first, head, *rows, *last]) + "\n")
    return f"spreadsheet {first} {rows[0][-20:]!r}"


def _labels(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a label convention of the user's own."""
    way = rng.randrange(6)
    if way == 0:
        what, content = "deep", b"tissues: " + b"[" * 20_000
    elif way == 1:
        what, content = "aliases", b"a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    elif way == 2:
        what, content = "an object of Python", b"!!python/object/apply:os.system ['true']\n"
    elif way == 3:
        value = rng.choice(HOSTILE_TEXTS)
        what, content = f"tissue {value[:20]!r}", LABELS.replace(b"oedema", repr(value).encode())
    else:
        what, content = damaged_bytes(rng, LABELS)
    (here / "labels.yaml").write_bytes(content)
    command = study_command(rng, str(ground.studies))
    return Hostile(("--set", "labels={here}/labels.yaml", *command), f"labels: {what}")


def _damage_table(rng: random.Random, path: Path) -> str:
    content = path.read_bytes()
    way = rng.randrange(8)
    if way == 0:
        what, content = damaged_bytes(rng, content)
    elif way == 1:
        what, content = "semicolons", content.replace(b",", b";")
    elif way == 2:
        coding = rng.choice(("utf-16", "utf-8-sig", "utf-32"))
        what, content = coding, content.decode().encode(coding)
    elif way == 3:
        what, content = "an endless field", content + b'"' + b"a" * 200_000
    elif way == 4:
        what, content = "a wide row", content + b"," * 100_000 + b"\n"
    elif way == 5:
        what, content = "rows twice", content + content.partition(b"\n")[2]
    else:
        rows = [line.split(",") for line in content.decode().splitlines()]
        row = rng.choice(rows)
        at = rng.randrange(len(row))
        row[at] = rng.choice((*HOSTILE_TEXTS, '"', '"a""', "HGG", "LGG", "NA", "\udcff"))
        what = f"{row[at][:20]!r} in column {at}"
        content = "\n".join(map(",".join, rows)).encode("utf-8", "surrogateescape")
    path.write_bytes(content)
    return f"{path.name}: {what}"


def settings(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Set what is not to be set: in gliobench.toml, the environment, by flags and options."""
    (here / "file").write_text("a file\n")
    (here / "loop").symlink_to("loop")
    dataset = str(ground.studies)
    way = rng.randrange(7)
    env: dict[str, str] = {}
    command = rng.choice(
        [("config", "show"), ("config", "show", "--json"), study_command(rng, dataset)]
    )
    if way == 0:
        what, content = _toml(rng)
        (here / "gliobench.toml").write_bytes(content)
        what = f"toml {what}"
    elif way == 1:
        name = rng.choice(SETTINGS).upper().replace(".", "__")
        value = rng.choice((*TOML_VALUES, *HOSTILE_TEXTS)).replace("\x00", "")
        env, what = {f"GLIOBENCH_{name}": value}, f"environment {name}={value[:30]!r}"
    elif way == 2:
        name, value = (
            rng.choice(SETTINGS),
            rng.choice((*TOML_VALUES, *HOSTILE_TEXTS)).replace("\x00", ""),
        )
        command, what = ("--set", f"{name}={value}", *command), f"--set {name}={value[:30]!r}"
    elif way == 3:
        option = rng.choice(
            ("--limit", "--workers", "--batch-size", "--study-timeout", "--shard", "--executor")
        )
        value = rng.choice((*NUMBERS, "0/0", "1/1", "-1/2", "5/2", "0/1000000000", "1/2/3", "ray2"))
        evaluate = ("evaluate", dataset, "--backend", "majority", "--out", "out")
        command, what = (*evaluate, f"{option}={value}"), f"{option} {value[:30]!r}"
    elif way == 4:
        option, value = rng.choice(("--replicates", "--primary")), rng.choice(NUMBERS)
        command = ("compare", str(ground.run), "--out", "out", f"{option}={value}")
        what = f"{option} {value[:30]!r}"
    elif way == 5:
        place = rng.choice(OUTS)
        of_files = [
            ("dataset", "split", dataset, "--folds", "2", "--out", place),
            ("dataset", "verify", dataset, "--quarantine", place),
        ]
        of_folders = [
            ("evaluate", dataset, "--backend", "majority", "--out", place),
            ("predict", f"{dataset}/{STUDIES[0]}", "--backend=brain-centroid", "--out", place),
            ("compare", str(ground.run), "--replicates", "100", "--out", place),
            ("report", str(ground.run), "--out", place),
        ]
        may_replace = place == "{here}/file"
        command = rng.choice(of_folders if may_replace else [*of_folders, *of_files])
        what = f"--out {place[:30]!r}"
    else:
        folds = ("--folds", "--fractions", "--seed")
        option, value = (
            rng.choice(folds),
            rng.choice((*NUMBERS, "a=0.5,b=0.5", "a=1", "=", "a=nan,b=1")),
        )
        command = ("dataset", "split", dataset, f"{option}={value}")
        what = f"split {option} {value[:30]!r}"
    return Hostile(command, what, env)


def _toml(rng: random.Random) -> tuple[str, bytes]:
    way = rng.randrange(6)
    if way == 0:
        return "deep", b"a = " + b"[" * 100_000
    if way == 1:
        return "deep tables", b"[" + b"a." * 20_000 + b"a]\n"
    if way == 2:
        return damaged_bytes(rng, b'[llama]\nmodel = "x"\n[backend.cnn-onnx]\nheld_out = "y"\n')
    name, value = rng.choice(SETTINGS), rng.choice(TOML_VALUES)
    return f"{name} = {value[:30]}", f"{name} = {value}\n".encode()


def ids(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Name studies, slices, datasets, backends and parts as nobody should."""
    way = rng.randrange(4)
    if way == 0:
        place = rng.choice(DATASETS)
        command = study_command(rng, place)
        return Hostile(command, f"dataset {place[:40]!r}")
    if way == 1:
        name = rng.choice((*HOSTILE_TEXTS, "no-such", "cnn-onnx\n", "a/b", "..", "cnn_onnx"))
        name = name.replace("\x00", "")
        study = f"{ground.studies}/{STUDIES[0]}"
        command = rng.choice(
            [
                ("predict", study, "--backend", name, "--out", "out"),
                ("evaluate", str(ground.studies), "--backend", name, "--out", "out"),
                ("report", name),
                ("compare", name, "--out", "out"),
                ("merge", name),
                ("export", name, "--check", "phantom:1", "--out", "out"),
                (name, "x"),
            ]
        )
        return Hostile(command, f"name {name[:40]!r}")
    return _named_files(rng, here, ground)


def _named_files(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Give a study a name that its file system allows, and hardly anybody else."""
    name = rng.choice(
        [
            *(
                b"\xff\xfe_study",
                b"a\nb",
                b"\x1b[31mred",
                "\u202egpj".encode(),
                ("ж" * 50).encode(),
            ),
            *(
                b"=cmd()",
                b"+1",
                b"-rf",
                b"@x",
                b"%s",
                b"[bold]",
                b"<b>",
                b"'\"",
                b" ",
                b"a b",
                b"~",
            ),
            *(
                b"a" * 200,
                "e\u0301".encode(),
                "\u200b".encode(),
                b"CON",
                b"*",
                b"?",
                b"$(x)",
                b"a,b",
            ),
        ]
    )
    source = ground.studies / STUDIES[0]
    folder = os.fsencode(here / "studies") + b"/" + name
    Path(os.fsdecode(folder)).mkdir(parents=True)
    for path in source.iterdir():
        ending = path.name.removeprefix(STUDIES[0]).encode()
        os.link(path, folder + b"/" + name[:200] + ending) if len(name) + len(
            ending
        ) < 255 else None
    copied(ground.studies / STUDIES[1], here / "studies" / STUDIES[1])
    return Hostile(_cohort_command(rng), f"study {name!r}")


def _cohort_command(rng: random.Random) -> tuple[str, ...]:
    place = "{here}/studies"
    return rng.choice(
        [
            ("dataset", "verify", place),
            ("dataset", "verify", place, "--json", "--quarantine", "out/q.json"),
            ("dataset", "fingerprint", place),
            ("dataset", "split", place, "--folds", "2", "--out", "out/c.json"),
            ("evaluate", place, "--backend", "cnn-onnx", "--backend", "majority", "--out", "out"),
            ("evaluate", place, "--backend", "brain-centroid", "--out", "out", "--json"),
        ]
    )
