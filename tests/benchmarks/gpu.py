"""Run on a CUDA device all that needs one, and write one table: what `make gpu` does.

    python tests/benchmarks/gpu.py --out docs/results/gpu.md
    python tests/benchmarks/gpu.py --rehearse        # small models on a CPU: whether it all runs

Each part is a process with a deadline, so that one which fails or hangs loses no other: its rows
are in the table as far as it came, with the reason. No weights are read or fetched: those of language
models are random, of the shape of Llama-3.2-11B-Vision-Instruct. Needs the extra `vlm`; what a machine
with PyTorch and Transformers lacks of it, `make gpu-wheels` puts into `.wheels`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from benchmarks.vision_language import (
    Load,
    byte_tokenizer,
    checkpoint_of,
    compared,
    released_config,
    small_config,
)
from gliobench import __version__
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.adapters.transformers.fine_tuning.fitting import Lesson, LoraSchedule, fit_adapter
from gliobench.adapters.transformers.fine_tuning.lora import (
    LoraOptions,
    add_lora,
    trainable_parameters,
)
from gliobench.adapters.transformers.fine_tuning.samples import PictureReference, Sample
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint
from gliobench.adapters.transformers.mllama.learner import MllamaLearner
from gliobench.adapters.transformers.mllama.options import LlamaOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.errors import GliobenchError
from gliobench.domain.studies.study import Grade

WEIGHTS = ROOT / "adapters" / "onnx" / "weights"
LIBRARIES = ("torch", "transformers", "peft", "onnxruntime-gpu", "onnxruntime", "numpy")
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Args:
        part: Which part it is of.
        what: What ran.
        outcome: A time, a difference, a count, or why nothing came of it.
        beside: What it is compared with, in the same run.
    """

    part: str
    what: str
    outcome: str
    beside: str = ""


Rows: TypeAlias = Iterator[tuple[str, str, str]]
"""Of a part, as they come: what, outcome, beside."""


def networks(rehearse: bool) -> Rows:
    """Run the shipped networks on both execution providers, on inputs of their own size."""
    provider = "cpu" if rehearse else "cuda"
    for path in sorted(WEIGHTS.rglob("*.onnx")):
        name = str(path.relative_to(WEIGHTS).with_suffix(""))
        on_cpu = OnnxNetwork(path, kind=path.stem, provider="cpu")
        shape = (1, on_cpu.card.channels, *on_cpu.card.input_shape)
        inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        try:
            on_gpu = OnnxNetwork(path, kind=path.stem, provider=provider)
        except GliobenchError as error:
            yield f"{name}, provider {provider}", f"not run: {error}", ""
            continue
        expected, cpu_s = _timed(lambda on_cpu=on_cpu, inputs=inputs: on_cpu.run(inputs))
        found, gpu_s = _timed(lambda on_gpu=on_gpu, inputs=inputs: on_gpu.run(inputs))
        off = float(np.abs(found - expected).max())
        what = f"{name}, {'x'.join(map(str, shape))}, provider {on_gpu.provider}"
        yield (
            what,
            f"{gpu_s * 1e3:.1f} ms, logits at most {off:.1e} off",
            f"{cpu_s * 1e3:.1f} ms on cpu",
        )


def marked_tests(rehearse: bool) -> Rows:
    """Run every test that is marked `gpu`."""
    marked = [
        str(file)
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        if "mark.gpu" in file.read_text()
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", *marked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["no output"]
    for line in lines:
        if line.startswith(("FAILED", "ERROR")):
            yield line[:160], "failed", ""
    yield (
        f"tests marked gpu{' (skipped without one)' if rehearse else ''}",
        lines[-1].strip("= "),
        "",
    )


def questions(rehearse: bool) -> Rows:
    """Ask four questions a study: plain `generate`, batched, our engine, its captured step."""
    load = Load(studies=2, plain_studies=1, batch=8, tokens=8) if rehearse else Load(64, 2, 128, 32)
    plain = ""
    for name, taken, times in compared(_random_llama(rehearse), load):
        seconds = f"{taken.seconds:.4f} s a study, {taken.peak_mib / 1024:.1f} GiB"
        yield name, seconds, f"{times:.1f} times faster than {plain}" if plain else ""
        plain = plain or "the plain loop"


def lora(rehearse: bool) -> Rows:
    """Learn by LoRA: rank 16 on all attention of the language model, as `train lora` does."""
    opened = _random_llama(rehearse)
    batch, steps = (1, 2) if rehearse else (8, 8)
    opened.tokenizer.eos_token = "<|eot_id|>"  # which ends an answer to learn
    options = LlamaOptions(model="random")
    counts: dict[str, int] = {}
    ended: list[float] = []

    with tempfile.TemporaryDirectory() as folder:

        def prepare() -> Lesson:
            prompting = SlicePrompting.of(options, opened)
            learner = MllamaLearner(options, Path(folder) / "states")
            examples, collate = learner.lesson(
                opened,
                _samples(batch * steps, prompting.size_px),
                prompting,
                Prompts.load(),
                vision=False,
            )
            model = add_lora(opened.model, LoraOptions())
            counts.update(trainable_parameters(model))
            return Lesson(model, examples, collate)

        fit_adapter(
            prepare,
            schedule=LoraSchedule(epochs=1, batch_size=batch),
            settings={},
            folder=Path(folder) / "fit",
            progress=lambda *_: ended.append(time.perf_counter()),
        )
    each = (ended[-1] - ended[0]) / (steps - 1)  # the first one chooses kernels
    learned = ", ".join(
        f"{count:,} in the {tower} model" for tower, count in counts.items() if count
    )
    yield (
        f"a step of {batch} pictures with their four questions, {learned} learn",
        f"{each:.3f} s, {each / batch:.4f} s a picture{_peak()}",
        f"mean of {steps - 1} steps",
    )


PARTS: dict[str, tuple[Callable[[bool], Rows], int]] = {
    "networks": (networks, 60),
    "tests": (marked_tests, 90),
    "questions": (questions, 210),
    "lora": (lora, 110),
}
"""What runs, in this order, and the seconds after which it is ended."""


def main() -> None:
    """Run the parts one by one and print, or write, their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="a Markdown file; none: print only")
    parser.add_argument("--rehearse", action="store_true", help="small models on a CPU")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        for row in PARTS[given.part][0](given.rehearse):
            print(json.dumps(asdict(Row(given.part, *row))), flush=True)
        return
    if not (given.rehearse or torch.cuda.is_available()):
        raise SystemExit("no CUDA device: --rehearse runs small models on a CPU")
    started = time.monotonic()
    rows = [row for part in PARTS for row in _run(part, given.rehearse)]
    text = _page(rows, time.monotonic() - started, given.rehearse)
    print(text)
    if given.out:
        given.out.write_text(text)


def _run(part: str, rehearse: bool) -> Iterator[Row]:
    """Run a part in a process of its own, until its deadline."""
    deadline = PARTS[part][1] * (4 if rehearse else 1)
    command = [sys.executable, __file__, "--part", part, *(["--rehearse"] if rehearse else [])]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            ended = subprocess.run(
                command, stdout=out, stderr=err, timeout=deadline, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            ended = None
        out.seek(0)
        err.seek(0)
        for line in out:
            if line.startswith("{"):
                yield Row(**json.loads(line))
        if ended != 0:
            last = (err.read().strip().splitlines() or ["no message"])[-1][:200]
            reason = f"ended after {deadline} s" if ended is None else f"exit code {ended}: {last}"
            yield Row(part, "did not come to its end", reason)


def _page(rows: list[Row], seconds: float, rehearse: bool) -> str:
    title = "# On a CPU, in rehearsal" if rehearse else "# On a GPU"
    head = [title, "", f"Printed by `make gpu`, in {seconds:.0f} s, on {_machine()}.", ""]
    if not rehearse:
        head += ["Weights of language models are random, of the released shape in bfloat16.", ""]
    table = ["| part | what | outcome | beside it |", "|---|---|---|---|"]
    table += [f"| {' | '.join(map(_cell, asdict(row).values()))} |" for row in rows]
    return "\n".join([*head, *table, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _machine() -> str:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    cuda = f", CUDA {torch.version.cuda}" if torch.version.cuda else ""
    providers = " ".join(
        item.removesuffix("ExecutionProvider") for item in onnxruntime.get_available_providers()
    )
    installed = ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name)))
    return (
        f"{device}{cuda}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}; "
        f"gliobench {__version__}, {installed} (providers {providers})"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _random_llama(rehearse: bool) -> Checkpoint:
    if rehearse:
        return checkpoint_of(
            small_config(len(byte_tokenizer())), torch.device("cpu"), torch.float32
        )
    config = released_config(len(byte_tokenizer()))
    return checkpoint_of(config, torch.device("cuda"), torch.bfloat16)


def _samples(count: int, edge_px: int) -> list[Sample]:
    """Draw noise, each picture with a tumour of its own; no two are alike, so that none is cached."""
    numbers = np.random.default_rng(0)
    corners = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
    return [
        Sample(
            str(n),
            str(n),
            numbers.integers(0, 256, (edge_px, edge_px, 3), dtype=np.uint8),
            PictureReference(
                (0.5, 0.5), (0.4, 0.4, 0.6, 0.6), corners, (Grade.LGG, Grade.HGG)[n % 2]
            ),
        )
        for n in range(count)
    ]


def _peak() -> str:
    if not torch.cuda.is_available():
        return ""
    return f", {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB"


def _timed(run: Callable[[], NDArray[np.float32]]) -> tuple[NDArray[np.float32], float]:
    """Run once unmeasured, then some times; return the last result and the least seconds."""
    run()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return result, min(seconds)


if __name__ == "__main__":
    main()
