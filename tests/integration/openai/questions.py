"""Asks a server many questions in a process of its own, which may be killed at any time.

python questions.py URL ANSWERS QUESTIONS
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gliobench.adapters.openai.answers import Answers
from gliobench.adapters.openai.client import Client
from gliobench.adapters.openai.engine import Endpoint
from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.adapters.vision_language.requests import Prompt, Request

AT_ONCE = 40
PICTURE = np.zeros((2, 2, 3), np.uint8)


def ask(url: str, answers: Path, questions: int) -> int:
    """Ask for the echo of each number, and count the right answers."""
    options = OpenAiOptions(base_url=url, model="m", concurrency=8)
    client = Client(url, is_local=True, concurrency=8, timeout_s=2.0, patience_s=60.0)
    engine, right = Endpoint(options, client, Answers(answers)), 0
    for start in range(0, questions, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, questions))
        replies = engine.answer([Request((PICTURE,), (Prompt(f"{n}"),)) for n in numbers])
        right += sum(
            reply.text == f"echo {n}" for n, (reply,) in zip(numbers, replies, strict=True)
        )
    return right


if __name__ == "__main__":
    sys.stdout.write(str(ask(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
