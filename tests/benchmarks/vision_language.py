"""Time four questions a study: the engine beside Transformers' `generate`, in one run.

    python tests/benchmarks/vision_language.py --size small
    python tests/benchmarks/vision_language.py --size 11b --studies 64 --batch 128

`plain` is what people do: `generate`, one question at a time, four padded tiles. `batched` is
`generate` over `--batch-generate` questions at once. On a GPU the engine runs once more with its
step captured. Without one, ratios are of CPU seconds. Weights are random, of the released shape or
of a small one; no reply ends before `--tokens`. The first study of each contender is not timed.
Needs the extra `vlm`.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from transformers import MllamaConfig, MllamaForConditionalGeneration, MllamaProcessor
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.tiny_mllama import (
    CHAT_TEMPLATE,
    byte_tokenizer,
    write_picture_processor,
)
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.vision_language.requests import Picture, Prompt, Reply, Request

QUESTIONS = tuple(
    # A byte is a token here: about 120 tokens a prompt, as LLaMA's tokenizer makes of ours.
    Prompt(f"This is one axial slice of a brain MRI. {question}")
    for question in ("Which grade?", "Where is its centre?", "Which box?", "Which outline?")
)


def released_config(tokens: int) -> MllamaConfig:
    """Describe the shape of Llama-3.2-11B-Vision-Instruct."""
    vision = MllamaVisionConfig(image_size=560, intermediate_layers_indices=[3, 7, 15, 23, 30])
    text = MllamaTextConfig(vocab_size=128256, pad_token_id=tokens - 1)
    return MllamaConfig(vision_config=vision, text_config=text, image_token_index=128256)


def small_config(tokens: int) -> MllamaConfig:
    """Describe the same architecture with some 60 million parameters."""
    vision = MllamaVisionConfig(
        hidden_size=384,
        num_hidden_layers=8,
        num_global_layers=2,
        attention_heads=6,
        intermediate_size=1536,
        vision_output_dim=6 * 384,
        image_size=224,
        intermediate_layers_indices=[1, 2, 4, 5, 7],
    )
    text = MllamaTextConfig(
        vocab_size=8000,
        hidden_size=512,
        num_hidden_layers=10,
        num_attention_heads=8,
        num_key_value_heads=2,
        intermediate_size=1536,
        cross_attention_layers=[3, 8],
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=tokens - 1,
    )
    return MllamaConfig(vision_config=vision, text_config=text, image_token_index=8000)


def checkpoint_of(config: MllamaConfig, device: torch.device, dtype: torch.dtype) -> Checkpoint:
    """Draw random weights where they are needed, with open gates and no end of turn."""
    torch.manual_seed(0)
    standing = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    with device:
        model = MllamaForConditionalGeneration._from_config(config, attn_implementation="sdpa")
    torch.set_default_dtype(standing)
    for name, parameter in model.named_parameters():
        if "gate" in name and parameter.numel() == 1:
            torch.nn.init.constant_(parameter, 0.7)
    model.eval()
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = config.text_config.pad_token_id
    tokenizer = byte_tokenizer()
    # The picture's token is the last of the model's vocabulary, not of this small tokenizer's.
    tokenizer.eos_token = None
    with tempfile.TemporaryDirectory() as folder:
        write_picture_processor(Path(folder), tile_px=config.vision_config.image_size)
        pictures = MllamaImageProcessorPil.from_pretrained(folder)
    return Checkpoint(model, tokenizer, pictures, CHAT_TEMPLATE, {"model_sha256": "random"})


class PlainGenerate:
    """Transformers' `generate` over so many questions at once, all tiles padded."""

    def __init__(self, checkpoint: Checkpoint, *, batch: int, tokens: int) -> None:
        self._model = checkpoint.model
        self._checkpoint = checkpoint
        self._batch = batch
        self._tokens = tokens
        self._processor = MllamaProcessor(
            checkpoint.picture_processor, checkpoint.tokenizer, checkpoint.chat_template
        )

    def __call__(self, pictures: Sequence[Picture]) -> None:
        """Ask the four questions about every picture."""
        asked = [(picture, prompt.text) for picture in pictures for prompt in QUESTIONS]
        for start in range(0, len(asked), self._batch):
            some = asked[start : start + self._batch]
            inputs = self._processor(
                images=[[picture] for picture, _ in some],
                text=[self._checkpoint.chat(text) for _, text in some],
                add_special_tokens=False,
                padding=True,
                padding_side="left",
                return_tensors="pt",
            ).to(self._model.device)
            self._model.generate(**inputs, max_new_tokens=self._tokens, do_sample=False)


@dataclass(frozen=True)
class Load:
    """What the contenders are given.

    Args:
        studies: For the batched ones.
        plain_studies: For the plain loop.
        batch: Prompts at once in the engine.
        batch_generate: Prompts at once in `generate`.
        tokens: Of every reply.
    """

    studies: int = 8
    plain_studies: int = 2
    batch: int = 32
    batch_generate: int = 32
    tokens: int = 48


def main() -> None:
    """Run the contenders over the same pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "11b"), default="small")
    for field in fields(Load):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=int, default=field.default, metavar="N"
        )
    arguments = vars(parser.parse_args())
    device, dtype, describe = torch.device("cpu"), torch.float32, small_config
    if arguments.pop("size") == "11b":
        device, dtype, describe = torch.device("cuda"), torch.bfloat16, released_config
    load = Load(**arguments)
    checkpoint = checkpoint_of(describe(len(byte_tokenizer())), device, dtype)
    _print_machine(checkpoint, load)
    print(f"\n{'contender':58} {'s a study':>10} {'CPU s':>8} {'times plain':>12} {'peak MiB':>9}")
    for name, taken, times in compared(checkpoint, load):
        measured = f"{taken.seconds:10.4f} {taken.cpu_seconds:8.3f} {times:12.1f}"
        print(f"{name:58} {measured} {taken.peak_mib:9.0f}", flush=True)


def compared(checkpoint: Checkpoint, load: Load) -> Iterator[tuple[str, Taken, float]]:
    """Time the contenders: what each is, what a study takes, and how often that goes into the plain loop.

    The engine comes last, since it changes the model's attention.
    """
    one_by_one = PlainGenerate(checkpoint, batch=1, tokens=load.tokens)
    plain = _measure(one_by_one, load.plain_studies)
    yield "plain: generate, one question at a time", plain, 1.0
    batched = PlainGenerate(checkpoint, batch=load.batch_generate, tokens=load.tokens)
    taken = _measure(batched, load.studies)
    yield f"batched: generate, {load.batch_generate} at once", taken, taken.times_faster_than(plain)
    eager = EngineAnswers(checkpoint, load, capture=False)
    taken = _measure(eager, load.studies)
    yield f"engine, {load.batch} at once", taken, taken.times_faster_than(plain)
    if checkpoint.model.device.type != "cuda":
        return
    captured = EngineAnswers(checkpoint, load, capture=True)
    taken = _measure(captured, load.studies)
    pairs = list(zip(captured.replies, eager.replies, strict=True))
    alike = f"{sum(one == other for one, other in pairs)} of {len(pairs)} replies alike"
    yield f"engine, its step captured, {alike}", taken, taken.times_faster_than(plain)


class EngineAnswers:
    """gliobench's own engine, all four questions about each picture, and what it answered last."""

    def __init__(self, checkpoint: Checkpoint, load: Load, *, capture: bool) -> None:
        self._engine = Engine(
            checkpoint,
            MllamaOptions(
                model="random",
                batch_size=load.batch,
                max_new_tokens=load.tokens,
                compile=capture,
            ),
        )
        self.replies: list[Reply] = []

    def __call__(self, pictures: Sequence[Picture]) -> None:
        """Ask the four questions about every picture."""
        answers = self._engine.answer([Request((picture,), QUESTIONS) for picture in pictures])
        self.replies = [reply for replies in answers for reply in replies]


@dataclass(frozen=True)
class Taken:
    """What a study took.

    Args:
        seconds: By the clock.
        cpu_seconds: Of all threads: steadier on a machine that others use.
        peak_mib: Of the GPU; without one, of the process so far.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float

    def times_faster_than(self, plain: Taken) -> float:
        """Divide what the plain loop took by this: by the clock on a GPU, else by processor time."""
        if torch.cuda.is_available():
            return plain.seconds / self.seconds
        return plain.cpu_seconds / self.cpu_seconds


def _measure(run: Callable[[Sequence[Picture]], object], studies: int) -> Taken:
    pictures = [_noise(n) for n in range(studies)]
    on_gpu = torch.cuda.is_available()
    run(pictures if on_gpu else pictures[:1])  # on a GPU the first batch chooses kernels
    if on_gpu:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    start, cpu_start = time.perf_counter(), time.process_time()
    run(pictures)
    if on_gpu:
        torch.cuda.synchronize()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    if on_gpu:
        peak_mib = torch.cuda.max_memory_allocated() / 2**20
    return Taken(seconds / studies, cpu_seconds / studies, peak_mib)


def _noise(seed: int) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 256, (224, 224, 3))
    return noise.astype(np.uint8)


def _print_machine(checkpoint: Checkpoint, load: Load) -> None:
    parameters = sum(one.numel() for one in checkpoint.model.parameters())
    gpu = torch.cuda.get_device_name() if checkpoint.model.device.type == "cuda" else "no GPU"
    print(f"{platform.platform()}, {gpu}, {torch.get_num_threads()} threads")
    print(", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "gliobench")))
    print(
        f"{parameters / 1e6:.0f} million parameters, {checkpoint.model.dtype}, "
        f"{len(QUESTIONS)} questions a study, {load.tokens} tokens a reply, "
        f"{load.studies} studies ({load.plain_studies} for plain)"
    )


if __name__ == "__main__":
    main()
