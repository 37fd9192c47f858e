"""A model in memory that says what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gliobench.adapters.vision_language.requests import Picture, Prompt, Reply, Request
from gliobench.domain.answers.questions import Question

ReplyRule = Callable[[Question, Prompt, Picture], Reply]

ANSWERS = {
    Question.GRADE: '{"grade": "HGG"}',
    Question.POINT: '{"x": 0.25, "y": 0.5}',
    Question.BOX: '{"x0": 0.25, "y0": 0.25, "x1": 0.75, "y1": 0.5}',
    Question.POLYGON: '{"polygon": [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75]]}',
}
HGG_LIKELY = (-3.0, -1.0)


def answers_all(question: Question, prompt: Prompt, picture: Picture) -> Reply:
    """Answer as `ANSWERS` has it, HGG with the odds of `HGG_LIKELY`."""
    return Reply(ANSWERS[question], log_likelihoods=HGG_LIKELY if prompt.continuations else ())


class FakeEngine:
    """Answers by a rule, which may raise; questions come in the order of `Question`.

    Args:
        rule: Of one question about one picture.
    """

    tile_px = 24
    fingerprint = "f00d"
    provenance: Mapping[str, str] = {"model": "fake", "model_sha256": "5ha"}

    def __init__(self, rule: ReplyRule = answers_all) -> None:
        self._rule = rule
        self.asked: list[list[Request]] = []

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        self.asked.append(list(requests))
        return [
            tuple(
                self._rule(question, prompt, request.pictures[0])
                for question, prompt in zip(Question, request.prompts, strict=True)
            )
            for request in requests
        ]

    def seen_px(self, edge: int) -> int:
        return edge

    def chat(self, prompt: str, pictures: int = 1) -> str:
        return f"<user>{'<picture>' * pictures}{prompt}<end>"
