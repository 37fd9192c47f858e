"""A server that no one here wrote says of the stand-in what it says in this process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="`transformers serve` needs fastapi, uvicorn and openai")
pytest.importorskip("uvicorn")
pytest.importorskip("openai")
pytest.importorskip("httpx")
pytest.importorskip("transformers")

from gliobench.adapters.openai.answers import Answers
from gliobench.adapters.openai.client import Client
from gliobench.adapters.openai.engine import Endpoint
from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.options import STAND_IN_FOLDER, MllamaOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.requests import Prompt, Request
from gliobench.domain.answers.questions import Question

MODEL = str(STAND_IN_FOLDER / "model")
LIMIT = 60
_PATIENCE_S = 180


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `transformers serve`, and return its address."""
    port = _free_port()
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--port", str(port)]
    options = ["--host", "127.0.0.1", "--device", "cpu", "--dtype", "float32"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    with log.open("w") as file:
        running = subprocess.Popen([*command, *options], env=environment, stdout=file, stderr=file)
        try:
            _wait_for(port, running)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            running.kill()
            running.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and running.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.2)
    pytest.fail("transformers serve did not start")


@pytest.mark.slow
def test_the_stand_in_says_the_same_behind_a_server(server: str, tmp_path: Path) -> None:
    own = Engine.load(MllamaOptions(model=MODEL, max_new_tokens=LIMIT, device="cpu"))
    options = OpenAiOptions(
        base_url=server, model=MODEL, omit="logprobs", max_new_tokens=LIMIT, concurrency=1
    )
    client = Client(server, is_local=True, concurrency=1, timeout_s=_PATIENCE_S)
    served = Endpoint(options, client, Answers(tmp_path / "answers.sqlite"))
    noise = np.random.default_rng(0)
    edge = own.tile_px
    prompts = tuple(Prompt(Prompts.load().prompt_text(question)) for question in Question)
    asked = [
        Request((noise.integers(0, 256, (edge, edge, 3)).astype(np.uint8),), prompts)
        for _ in range(2)
    ]

    here, there = own.answer(asked), served.answer(asked)

    for mine, theirs in zip(here, there, strict=True):
        for reply, same in zip(mine, theirs, strict=True):
            # Ours ends where its JSON closes.
            assert same.text.startswith(reply.text)
            assert same.text == reply.text or reply.text.endswith("}")
