"""A model behind a server answers studies as one in this process does, and is asked nothing twice."""

from __future__ import annotations

import json
import math
import socket
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("httpx", reason="the extra `openai` is not installed")

from PIL import Image

from fakes.fake_endpoint import Response, endpoint, prompt_of, said
from fakes.fake_study_source import fake_case
from gliobench.adapters.openai.answers import Answers
from gliobench.adapters.openai.backend import openai_vision
from gliobench.adapters.openai.client import Client
from gliobench.adapters.openai.engine import Endpoint
from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS, answer_schema
from gliobench.adapters.vision_language.requests import Picture, Prompt, Reply, Request
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import BackendError, InvalidInputError, JobError, StoppedError
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.predictions.tokens import Tokens

ANSWERS = {
    "grade": '{"grade": "HGG"}',
    "outline": '{"polygon": [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75]]}',
    "box": '{"x0": 0.25, "y0": 0.25, "x1": 0.75, "y1": 0.5}',
    "centre": '{"x": 0.25, "y": 0.5}',
}
GRADED = Prompt("Grade?", continuations=tuple(GRADE_ANSWERS.values()))


def speaker(url: str, folder: Path, **more: Any) -> Endpoint:
    options = OpenAiOptions.checked({"base_url": url, "model": "m", **more}, backend="gpt")
    client = Client(
        url, is_local=True, concurrency=options.concurrency, patience_s=options.patience_s
    )
    return Endpoint(options, client, Answers(folder / "answers.sqlite"))


def backend(url: str, folder: Path, **more: Any) -> Backend:
    table = {"base_url": url, "model": "m", "policy": "brain-middle", "size_px": 56, **more}
    return openai_vision("gpt", BackendOptions(extra=table), cache_dir=folder)


def picture(seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (28, 28, 3)).astype(np.uint8)


def by_question(body: dict[str, Any], _: int) -> Response:
    """Answer each question of gliobench in JSON."""
    words = prompt_of(body).lower()
    return said(next(answer for name, answer in ANSWERS.items() if f'"{_key(name)}"' in words))


def _key(name: str) -> str:
    return {"grade": "grade", "outline": "polygon", "box": "x0", "centre": "x"}[name]


def test_a_study_is_graded_and_placed_and_a_rerun_asks_nothing(tmp_path: Path) -> None:
    study = fake_case().study

    with endpoint(by_question) as server:
        ((grade, place),) = ask(backend(server.base_url, tmp_path), [study])
        ((again, _),) = ask(backend(server.base_url, tmp_path), [study])

    assert isinstance(grade, GradePrediction)
    assert grade.probability_hgg is None  # the server lists no tokens
    assert isinstance(place, LocalisationPrediction)
    assert set(place.answers) == {Form.POINT, Form.BOX, Form.POLYGON}
    assert not [item for item in place.answers.values() if isinstance(item, Failure)]
    assert again == grade
    assert len(server.bodies) == 4


def test_the_picture_is_sent_as_it_was_drawn_before_the_words(tmp_path: Path) -> None:
    with endpoint(lambda *_: said("yes")) as server:
        speaker(server.base_url, tmp_path).answer(
            [Request((picture(), picture(1)), (Prompt("?"),))]
        )

    (body,) = server.bodies
    *shown, words = body["messages"][0]["content"]
    for part, drawn in zip(shown, (picture(), picture(1)), strict=True):
        kind, _, data = part["image_url"]["url"].partition(",")
        assert kind == "data:image/png;base64"
        assert np.array_equal(np.asarray(Image.open(BytesIO(b64decode(data)))), drawn)
    assert words == {"type": "text", "text": "?"}
    assert (body["temperature"], body["seed"], body["max_tokens"]) == (0, 0, 512)
    assert "logprobs" not in body


def test_what_a_server_refuses_is_left_out_or_called_as_it_has_it(tmp_path: Path) -> None:
    more = {"omit": "temperature, logprobs", "token_limit": "max_completion_tokens"}

    with endpoint(lambda *_: said("yes")) as server:
        speaker(
            server.base_url, tmp_path, **more, body={"reasoning_effort": "low"}, max_new_tokens=9
        ).answer([Request((picture(),), (GRADED,))])

    (body,) = server.bodies
    assert body["max_completion_tokens"] == 9
    assert body["reasoning_effort"] == "low"
    assert not {"temperature", "logprobs", "top_logprobs", "max_tokens"} & set(body)


def test_listed_tokens_become_likelihoods(tmp_path: Path) -> None:
    top = [{"token": "H", "logprob": math.log(0.6)}, {"token": "L", "logprob": math.log(0.3)}]
    tokens = [
        {"token": '{"grade": "', "logprob": 0.0, "top_logprobs": []},
        {"token": "H", "logprob": math.log(0.6), "top_logprobs": top},
        {"token": 'GG"}', "logprob": 0.0, "top_logprobs": []},
    ]

    with endpoint(lambda *_: said('{"grade": "HGG"}', logprobs={"content": tokens})) as server:
        ((reply,),) = speaker(server.base_url, tmp_path).answer([Request((picture(),), (GRADED,))])

    assert server.bodies[0]["top_logprobs"] == 20
    assert np.exp(reply.log_likelihoods) == pytest.approx([0.3, 0.6])


ECHO = '<think>They want {"grade": "HGG"} or {"grade": "LGG"}. '


@pytest.mark.parametrize(
    ("text", "finish"),
    [
        (ECHO, "length"),
        (ECHO + "</think>I cannot say", "stop"),
        ('{"grade": "HGG"} or {"grade": "LGG"}', "stop"),
        ('{"grade": "HGG"}', "length"),
    ],
)
def test_what_is_no_answer_has_no_likelihood(tmp_path: Path, text: str, finish: str) -> None:
    tokens = [
        {"token": letter, "top_logprobs": [{"token": letter, "logprob": -0.1}]} for letter in text
    ]

    with endpoint(lambda *_: said(text, finish=finish, logprobs={"content": tokens})) as server:
        ((reply,),) = speaker(server.base_url, tmp_path).answer([Request((picture(),), (GRADED,))])

    assert reply.log_likelihoods == ()


def test_an_answer_behind_a_thought_has_one(tmp_path: Path) -> None:
    text = ECHO + '</think>{"grade": "LGG"}'
    tokens = [
        {"token": letter, "top_logprobs": [{"token": letter, "logprob": -0.1}]} for letter in text
    ]

    with endpoint(lambda *_: said(text, logprobs={"content": tokens})) as server:
        ((reply,),) = speaker(server.base_url, tmp_path).answer([Request((picture(),), (GRADED,))])

    low, high = reply.log_likelihoods
    assert low > high


def test_the_same_question_at_the_same_time_is_asked_once(tmp_path: Path) -> None:
    slow = Response(200, said("yes").content, pause_s=0.2)

    with endpoint(lambda *_: slow) as server:
        asked = speaker(server.base_url, tmp_path)
        replies = asked.answer([Request((picture(),), (Prompt("?"),))] * 6)

    assert replies == [(Reply("yes"),)] * 6
    assert len(server.bodies) == 1


@pytest.mark.parametrize("count", [10**30, -1, "many", True, None])
def test_an_answer_is_kept_whatever_the_server_counts(tmp_path: Path, count: object) -> None:
    content = json.loads(said("yes").content[0])
    content["usage"] = {"prompt_tokens": count}

    with endpoint(lambda *_: Response(content=(json.dumps(content).encode(),))) as server:
        asked = speaker(server.base_url, tmp_path)
        replies = asked.answer([Request((picture(),), (Prompt("?"),))])

    assert replies == [(Reply("yes"),)]
    assert replies[0][0].tokens is None
    spent = Answers(tmp_path / "answers.sqlite").spent(f"m at {server.base_url}")
    assert spent.sent > 4000
    assert spent.written == 512


def test_tokens_are_those_that_the_server_counted_when_it_was_asked(tmp_path: Path) -> None:
    requests = [Request((picture(),), (Prompt("?"),))]

    with endpoint(lambda *_: said("yes")) as server:
        counted = [
            speaker(server.base_url, tmp_path).answer(requests)[0][0].tokens for _ in range(2)
        ]

    assert counted == [Tokens(100, 10)] * 2
    assert len(server.bodies) == 1


def test_a_schema_is_asked_for_without_what_only_we_read(tmp_path: Path) -> None:
    schema = answer_schema(Question.BOX)

    with endpoint(lambda *_: said("{}")) as server:
        speaker(server.base_url, tmp_path).answer([Request((picture(),), (Prompt("?", schema),))])

    asked = server.bodies[0]["response_format"]["json_schema"]
    assert asked["strict"] is True
    assert set(asked["schema"]["required"]) == {"x0", "y0", "x1", "y1"}
    assert "x-guidance" not in asked["schema"]


@pytest.mark.parametrize(
    ("message", "finish", "reply"),
    [
        ({"content": "yes"}, "stop", Reply("yes")),
        ({"content": "ye"}, "length", Reply("ye", finished=False)),
        ({"content": "ye"}, "content_filter", Reply("ye", finished=False)),
        ({"content": "no", "reasoning_content": "hm"}, "stop", Reply("<think>hm</think>no")),
        (
            {"content": None, "reasoning": "hm"},
            "length",
            Reply("<think>hm</think>", finished=False),
        ),
        ({"content": [{"type": "text", "text": "a"}, {"text": "b"}, 3]}, "stop", Reply("ab")),
        ({"content": [{"type": "reasoning", "text": "a"}, {"text": "b"}]}, "stop", Reply("b")),
        ({"content": None, "refusal": "I cannot"}, "stop", Reply("")),
    ],
)
def test_a_message_is_read_with_its_thoughts_apart(
    tmp_path: Path, message: dict[str, Any], finish: str, reply: Reply
) -> None:
    with endpoint(lambda *_: said("", finish=finish, message=message)) as server:
        ((read,),) = speaker(server.base_url, tmp_path).answer(
            [Request((picture(),), (Prompt("?"),))]
        )

    assert read == reply


@pytest.mark.parametrize(
    "answer",
    [{}, {"choices": []}, {"choices": [3]}, {"choices": [{}]}, {"choices": [{"message": 3}]}],
)
def test_an_answer_without_a_message_is_a_failure_of_the_study(
    tmp_path: Path, answer: dict[str, Any]
) -> None:
    with endpoint(lambda *_: Response(content=(json.dumps(answer).encode(),))) as server:
        ((grade, place),) = ask(backend(server.base_url, tmp_path), [fake_case().study])

    assert isinstance(grade, Failure)
    assert isinstance(place, Failure)
    assert "without" in grade.detail


def test_a_refusal_costs_one_study_and_the_answers_are_kept(tmp_path: Path) -> None:
    def rule(body: dict[str, Any], count: int) -> Response:
        return Response(400) if "second" in prompt_of(body) else said("yes")

    with endpoint(rule) as server:
        asked = speaker(server.base_url, tmp_path, concurrency=1)
        with pytest.raises(BackendError, match="refuses the request"):
            asked.answer([Request((picture(),), (Prompt("first"), Prompt("second")))])
        assert asked.answer([Request((picture(),), (Prompt("first"),))]) == [(Reply("yes"),)]

    assert len(server.bodies) == 2


def test_a_budget_stops_the_job_and_nothing_beyond_it_is_sent(tmp_path: Path) -> None:
    questions = [Request((picture(n),), (Prompt("?"),)) for n in range(20)]

    with endpoint(lambda *_: said("yes")) as server:
        asked = speaker(server.base_url, tmp_path, max_requests=7)
        with pytest.raises(StoppedError, match="max_requests = 7"):
            asked.answer(questions)
        assert len(server.bodies) == 7

        raised = speaker(server.base_url, tmp_path, max_requests=20)
        assert raised.answer(questions) == [(Reply("yes"),)] * 20

    assert len(server.bodies) == 20
    spent = Answers(tmp_path / "answers.sqlite").spent(f"m at {server.base_url}")
    assert (spent.requests, spent.sent, spent.written) == (20, 2000, 200)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Refuse every connection and look-up, and list them."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


@pytest.mark.parametrize("url", ["https://api.openai.com/v1", "http://10.0.0.5:8000/v1"])
def test_no_image_leaves_this_machine_without_leave(
    tmp_path: Path, url: str, no_network: list[object]
) -> None:
    with pytest.raises(InvalidInputError, match=r"allow_remote = true") as raised:
        backend(url, tmp_path)

    assert url.split("/")[2].split(":", maxsplit=1)[0] in str(raised.value)
    assert no_network == []


def test_with_leave_the_named_host_is_the_only_one_tried(
    tmp_path: Path, no_network: list[object]
) -> None:
    allowed = backend("http://10.0.0.5:8000/v1", tmp_path, allow_remote=True, patience_s=0.1)

    with pytest.raises(JobError, match="could not answer"):
        ask(allowed, [fake_case().study])

    assert no_network
    assert all("10.0.0.5" in str(tried) for tried in no_network)


def test_a_server_that_counts_pixels_is_sent_none_that_it_resizes(tmp_path: Path) -> None:
    url, model = "http://127.0.0.1:1/v1", "Qwen/Qwen2.5-VL-7B-Instruct"

    assert backend(url, tmp_path, model=model).provenance["dialect"] == "qwen2.5-vl"
    with pytest.raises(InvalidInputError, match=r"size_px: got 500: .* multiples of 28"):
        backend(url, tmp_path, model=model, size_px=500)
