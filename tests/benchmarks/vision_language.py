"""Time four questions a study: the engine beside Transformers' `generate`, in one run.

    python tests/benchmarks/vision_language.py --size small
    python tests/benchmarks/vision_language.py --size 11b --studies 64 --batch 128

`plain` is what people do: `generate`, one question at a time, four padded tiles. `batched` is
`generate` over `--batch-generate` questions at once. Without a GPU, ratios are of CPU seconds. Weights are random, of the released shape or
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from gliobench.adapters.vision_language.requests import Picture, Prompt, Request

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
    return Checkpoint(model, tokenizer, pictures, CHAT_TEMPLATE, {})


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


def main() -> None:
    """Run the three contenders over the same pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "11b"), default="small")
    parser.add_argument("--studies", type=int, default=8, help="studies for the batched ones")
    parser.add_argument("--plain-studies", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32, help="prompts at once in the engine")
    parser.add_argument("--batch-generate", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=48)
    arguments = parser.parse_args()
    device = torch.device("cuda" if arguments.size == "11b" else "cpu")
    dtype = torch.bfloat16 if arguments.size == "11b" else torch.float32
    describe = released_config if arguments.size == "11b" else small_config
    checkpoint = checkpoint_of(describe(len(byte_tokenizer())), device, dtype)
    _print_machine(checkpoint, arguments)
    _compare(checkpoint, arguments)


def _compare(checkpoint: Checkpoint, arguments: argparse.Namespace) -> None:
    tokens, studies, at_once = arguments.tokens, arguments.studies, arguments.batch_generate
    columns = f"{'s a study':>10} {'CPU s':>8} {'times plain':>12} {'peak MiB':>9}"
    print(f"\n{'contender':42} {columns}", flush=True)
    one_by_one = PlainGenerate(checkpoint, batch=1, tokens=tokens)
    plain = _measure(one_by_one, arguments.plain_studies)
    _print("plain: generate, one question at a time", plain, plain)
    batched = PlainGenerate(checkpoint, batch=at_once, tokens=tokens)
    _print(f"batched: generate, {at_once} at once", _measure(batched, studies), plain)
    options = MllamaOptions(model="random", batch_size=arguments.batch, max_new_tokens=tokens)
    engine = Engine(checkpoint, options)  # last: it changes the model's attention

    def fast(pictures: Sequence[Picture]) -> None:
        engine.answer([Request((one,), QUESTIONS) for one in pictures])

    _print(f"engine, {arguments.batch} at once", _measure(fast, studies), plain)


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


def _print(name: str, taken: Taken, plain: Taken) -> None:
    times = plain.seconds / taken.seconds
    if not torch.cuda.is_available():
        times = plain.cpu_seconds / taken.cpu_seconds
    measured = f"{taken.seconds:10.4f} {taken.cpu_seconds:8.3f} {times:12.1f} {taken.peak_mib:9.0f}"
    print(f"{name:42} {measured}", flush=True)


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


def _print_machine(checkpoint: Checkpoint, arguments: argparse.Namespace) -> None:
    parameters = sum(one.numel() for one in checkpoint.model.parameters())
    gpu = torch.cuda.get_device_name() if checkpoint.model.device.type == "cuda" else "no GPU"
    print(f"{platform.platform()}, {gpu}, {torch.get_num_threads()} threads")
    print(", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "gliobench")))
    print(
        f"{parameters / 1e6:.0f} million parameters, {checkpoint.model.dtype}, "
        f"{len(QUESTIONS)} questions a study, {arguments.tokens} tokens a reply, "
        f"{arguments.studies} studies ({arguments.plain_studies} for plain)"
    )


if __name__ == "__main__":
    main()
