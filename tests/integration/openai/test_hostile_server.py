"""Thousands of questions to a server that fails now and then, from processes that are killed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from command_line import loaded_python

pytest.importorskip("httpx", reason="the extra `openai` is not installed")

from fakes.fake_endpoint import JSON, Response, endpoint, prompt_of, said
from gliobench.adapters.openai.answers import Answers

PROGRAM = Path(__file__).with_name("questions.py").read_text()
FAULTS = (
    Response(429, headers=JSON | {"retry-after": "0.02"}),
    Response(500),
    Response(200, (b'{"choices": [{"mess',)),
    Response(200, (b'{"choices"', b":"), cut=True),
    Response(502, (b"<html>",), {"content-type": "text/html"}),
    Response(200, (b"{}",), pause_s=2.5),
)
"""Each is given once in so many requests."""


@pytest.mark.slow
def test_nothing_is_lost_and_hardly_a_question_is_asked_twice(tmp_path: Path, full: bool) -> None:
    questions, kills = (10_000, 12) if full else (600, 2)
    every = questions // (2 * len(FAULTS))  # each fault twice
    asked: Counter[str] = Counter()

    def rule(body: dict[str, Any], count: int) -> Response:
        asked[prompt_of(body)] += 1
        number, at = divmod(count, every)
        if at == every - 1:
            return FAULTS[number % len(FAULTS)]
        return said(f"echo {prompt_of(body)}")

    with endpoint(rule) as server:
        command = loaded_python("-c", PROGRAM, server.base_url, str(tmp_path / "a.sqlite"))
        for kill in range(kills):
            running = subprocess.Popen([*command, str(questions)], env=dict(os.environ))
            goal = questions * (kill + 1) // (kills + 1)
            while len(server.bodies) < goal and running.poll() is None:
                time.sleep(0.005)
            running.kill()
            running.wait()
        done = subprocess.run(
            [*command, str(questions)], capture_output=True, check=True, text=True
        )

    assert int(done.stdout) == questions
    assert len(asked) == questions
    assert len(server.bodies) <= 1.02 * questions + 8 * kills  # those under way when it is killed
    spent = Answers(tmp_path / "a.sqlite").spent(f"m at {server.base_url}")
    assert spent.requests >= len(server.bodies) - 8 * kills
    assert "error" not in json.dumps(done.stderr)
