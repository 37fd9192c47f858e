"""Compare models behind a server that others wrote with the same models in process.

    python docs/results/served_models.py WORK --server '/opt/vllm/bin/vllm serve {model} --port {port} \
        --host 127.0.0.1 --dtype float32 --generation-config vllm'

A tiny random checkpoint of each family learns two simulated studies by heart, so that its answers have
places and scores. The server is started with it and asked all questions, as is `hf-vision`. The server
may have an environment of its own: its command is all that is needed. WORK keeps checkpoints and logs.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import torch
from PIL import Image

sys.path.append(str(Path(__file__).parents[2] / "tests"))

from fakes.fake_study_source import FakeStudySource
from fakes.tiny_families import FAMILIES, tiny_checkpoint
from gliobench.adapters.openai.answers import Answers
from gliobench.adapters.openai.client import Client
from gliobench.adapters.openai.engine import Endpoint
from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.adapters.transformers.fine_tuning.fitting import LoraSchedule
from gliobench.adapters.transformers.fine_tuning.lora import LoraOptions
from gliobench.adapters.transformers.fine_tuning.trainer import LoraTrainer
from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint, load_checkpoint
from gliobench.adapters.transformers.hf.learner import HfLearner
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.requests import Picture, Reply, Request
from gliobench.domain.answers.questions import Decoding, Question
from integration.mllama.lessons import PROMPTS, cases

STUDIES = 2
PATIENCE_S = 900
"""For a server that starts on a busy machine."""
LIMIT = 160
SCORES = ("hit", "centre_error_mm", "box_iou", "polygon_dice")
COLUMNS = ("tokens", "replies", "grades", "P(HGG)", "by letter", "log p", "scores", "hits")


class Server(Endpoint):
    """An endpoint that keeps what it was asked."""

    asked: tuple[Request, ...] = ()

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer as the endpoint does."""
        self.asked += tuple(requests)
        return super().answer(requests)


class Served(HfLearner):
    """Answers by a server what the model would answer itself.

    Args:
        options: Of the model.
        states: Folder of the learner.
        server: Who answers.
    """

    def __init__(self, options: HfVisionOptions, states: Path, server: Server) -> None:
        super().__init__(options, states)
        self._server = server

    def engine(self, adapter: str | None) -> Any:
        """Return the server."""
        del adapter
        return self._server


def main() -> None:
    """Print a line a family, then versions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--server", required=True, help="command with {model} and {port}")
    parser.add_argument("--family", action="append", choices=FAMILIES)
    parser.add_argument("--size-px", type=int, default=224)
    parser.add_argument("--decoding", type=Decoding, default=Decoding.FREE, choices=Decoding)
    parser.add_argument("--epochs", type=int, default=150)
    given = parser.parse_args()
    reading = ReadingOptions(dialect="pixels", size_px=given.size_px, decoding=given.decoding)
    print(f"| family | {' | '.join(COLUMNS)} |\n|---|{'--:|' * len(COLUMNS)}", flush=True)
    for family in given.family or FAMILIES:
        folder = given.work.resolve() / family
        if not (folder / "taught").exists():
            teach(family, folder, reading, given.epochs)
        with served(given.server, folder / "taught", folder / "server.log") as url:
            found = compared(folder, url, reading)
        print(f"| {family} | {' | '.join(found)} |", flush=True)
    print(f"\n{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in ("gliobench", "torch", "transformers")))


def opened(model: Path, adapter: Path | None = None) -> HfVisionOptions:
    """Return the options of a model on the CPU."""
    return HfVisionOptions(
        model=str(model),
        adapter=str(adapter) if adapter else None,
        device="cpu",
        dtype="float32",
        max_new_tokens=LIMIT,
    )


def trainer_of(learner: HfLearner, reading: ReadingOptions, epochs: int = 1) -> LoraTrainer[Any]:
    """Return what teaches, and asks, about the simulated studies."""
    return LoraTrainer(
        FakeStudySource(cases(STUDIES)),
        learner,
        reading,
        lora=LoraOptions(rank=32, alpha=64, dropout=0.0),
        schedule=LoraSchedule(epochs=epochs, batch_size=8, learning_rate=1e-2),
        variants=1,
        prompts=PROMPTS,
    )


def teach(family: str, folder: Path, reading: ReadingOptions, epochs: int) -> None:
    """Write a checkpoint that has learned the studies, with the files of a random one."""
    plain, merged = tiny_checkpoint(family, folder / "random"), folder / "merged"
    trainer = trainer_of(HfLearner(opened(plain), folder / "states"), reading, epochs)
    trainer.fit(list(trainer.strata()), folder / "fit", lambda *_: None)
    shutil.copytree(plain, merged, dirs_exist_ok=True)
    model = load_checkpoint(opened(plain, folder / "fit" / "adapter")).model
    model.save_pretrained(merged)
    shutil.copyfile(plain / "generation_config.json", merged / "generation_config.json")
    merged.rename(folder / "taught")


@contextmanager
def served(command: str, model: Path, log: Path) -> Iterator[str]:
    """Start a server, and return its address once it lists its models."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [word.format(model=model, port=port) for word in shlex.split(command)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    environment.pop("PYTHONPATH", None)  # it is ours
    with log.open("w") as file:
        running = subprocess.Popen(
            words, stdout=file, stderr=file, env=environment, start_new_session=True
        )
        try:
            yield _address(port, running, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)
            running.wait()


def _address(port: int, running: subprocess.Popen[bytes], log: Path) -> str:
    url, deadline = f"http://127.0.0.1:{port}/v1", time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and running.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/models", timeout=5).is_success:
                return url
        time.sleep(1)
    sys.exit(f"the server did not start, see {log}")


def compared(folder: Path, url: str, reading: ReadingOptions) -> list[str]:
    """Ask both, and return the cells of a line."""
    options, answers = opened(folder / "taught"), folder / "answers.sqlite"
    answers.unlink(missing_ok=True)
    server = Server(
        OpenAiOptions(base_url=url, model=options.model, max_new_tokens=LIMIT),
        Client(url, is_local=True, timeout_s=600),
        Answers(answers),
    )
    learners = HfLearner(options, folder), Served(options, folder, server)
    here, there = (_rows(trainer_of(learner, reading)) for learner in learners)
    pairs = list(zip(here, there, strict=True))
    raw = [(one["raw"][name], other["raw"][name]) for one, other in pairs for name in one["raw"]]
    scores = [(one[name], other[name]) for one, other in pairs for name in SCORES]
    odds = [(one["probability_hgg"], other["probability_hgg"]) for one, other in pairs]
    model = load_checkpoint(options)
    letters = zip(_by_letter(model, server.asked), (odd for _, odd in odds), strict=True)
    tokens, log_p = _first_token(model, url, options.model, reading.size_px or 224)
    return [
        tokens,
        _share(one == other for one, other in raw),
        _share(one["grade_answer"] == other["grade_answer"] for one, other in pairs),
        _most(odds),
        _most(letters),
        log_p,
        _share(one == other for one, other in scores),
        _share(row["hit"] for row in there),
    ]


def _rows(trainer: LoraTrainer[Any]) -> list[Mapping[str, Any]]:
    return trainer.predict(list(trainer.strata()), None)


@torch.no_grad()
def _by_letter(opened: HfCheckpoint, asked: Iterable[Request]) -> list[float]:
    """Return P(HGG) by the letter at which the two answers part, as a server lists it."""
    found = []
    for request in asked:
        prompt = request.prompts[0]
        begun = opened.chat(prompt.text) + prompt.continuations[0].partition("LGG")[0]
        inputs = opened.inputs([begun], [request.pictures])
        odds = opened.model(**inputs).logits[0, -1].double().exp()
        low, high = (float(odds[opened.tokenizer.convert_tokens_to_ids(at)]) for at in "LH")
        found.append(high / (low + high))
    return found


@torch.no_grad()
def _first_token(opened: HfCheckpoint, url: str, model: str, edge: int) -> tuple[str, str]:
    """Compare what could begin a reply about noise: tokens read, and log-probabilities of the 20 likeliest."""
    noise = np.random.default_rng(0).integers(0, 256, (edge, edge, 3)).astype(np.uint8)
    words = Prompts.load().prompt_text(Question.POLYGON)
    body = {
        "model": model,
        "messages": [{"role": "user", "content": [_part(noise), {"type": "text", "text": words}]}],
        "temperature": 0,
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": 20,
    }
    answer = httpx.post(f"{url}/chat/completions", json=body, timeout=600).json()
    inputs = opened.inputs([opened.chat(words)], [(noise,)])
    likely = opened.model(**inputs).logits[0, -1].log_softmax(-1).tolist()
    # Bytes that are no letter are all written as one sign.
    written = [opened.tokenizer.decode([token]) for token in range(len(likely))]
    found = {sign: value for sign, value in zip(written, likely, strict=True) if sign != "\ufffd"}
    (first,) = answer["choices"][0]["logprobs"]["content"]
    listed = [(each["token"], each["logprob"]) for each in first["top_logprobs"]]
    read = f"{inputs['input_ids'].shape[1]}/{answer['usage']['prompt_tokens']}"
    return read, _most((value, found[token]) for token, value in listed if token in found)


def _part(picture: Picture) -> dict[str, object]:
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    url = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _most(pairs: Iterable[tuple[float | None, float | None]]) -> str:
    apart = [math.inf if one is None or other is None else abs(one - other) for one, other in pairs]
    return f"{max(apart):.1e}"


def _share(right: Iterable[bool]) -> str:
    each = list(right)
    return f"{sum(each)}/{len(each)}"


if __name__ == "__main__":
    main()
