"""Answers prompts about pictures by asking a server, each question once."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Any, TypeGuard

from PIL import Image

from gliobench.adapters.openai.answers import Answers, Budget, Spent
from gliobench.adapters.openai.client import Client
from gliobench.adapters.openai.likelihoods import compared
from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.adapters.vision_language.requests import Picture, Prompt, Reply, Request
from gliobench.domain.answers.thoughts import without_thoughts
from gliobench.domain.answers.words import Unreadable
from gliobench.domain.errors import BackendError
from gliobench.domain.messages import shown
from gliobench.domain.predictions.tokens import Tokens

TILE_PX = 448
"""Edge of pictures: a multiple of the patches of 14, 16, 28 and 32 pixels that families see."""
_MOST_TOKENS_A_PICTURE = 4096
_CUT_OFF = ("content_filter", "length", "max_tokens")
"""Reasons to finish of a reply that is not whole."""
_TEXTS = ("text", "output_text")
"""Types of the parts of a reply that answer; others hold what the model thought first."""
_LARGEST_COUNT = 2**40
"""Of tokens; more is no count."""
_MARGIN_TOKENS = 256
"""Of a template around a prompt."""


class Endpoint:
    """A model behind a server.

    Contract:
        - A question whose pictures, words and settings were answered before is not asked again.
        - One that is answered is kept before the next step, whatever happens to the others.
        - Nothing beyond the budget is sent.
    """

    def __init__(self, options: OpenAiOptions, client: Client, answers: Answers) -> None:
        self._options = options
        self._client = client
        self._answers = answers
        self._most_sent = 0
        self._guard = Lock()
        self._asking: dict[str, Lock] = {}
        self._budget = Budget(
            options.max_requests,
            options.max_tokens_total,
            options.max_cost,
            options.price_in,
            options.price_out,
        )

    @property
    def provenance(self) -> Mapping[str, str]:
        """All that is known to decide the replies, by name; a server may change its model unseen."""
        asked = {"temperature": "0", "seed": "0"}
        return {
            "model": self._options.model,
            "server": self._options.base_url,
            "weights": "as the server holds them, not known by hash",
            "max_new_tokens": str(self._options.max_new_tokens),
            **{name: value for name, value in asked.items() if name not in self._options.omit},
            "logprobs": "none"
            if "logprobs" in self._options.omit
            else str(self._options.top_logprobs),
            **({"body": json.dumps(self._options.body)} if self._options.body else {}),
        }

    @property
    def fingerprint(self) -> str:
        """Hash of the provenance, 64 hexadecimal digits."""
        return hashlib.sha256(repr(sorted(self.provenance.items())).encode()).hexdigest()

    @property
    def tile_px(self) -> int:
        """Edge of the pictures that it is shown where no other is asked for."""
        return TILE_PX

    def seen_px(self, edge: int) -> int:
        """Return the edge itself: what the server does to a picture is not known."""
        return edge

    def chat(self, prompt: str, pictures: int = 1) -> str:
        """Write out what would be sent, without the pictures."""
        parts: list[object] = [{"type": "image_url", "image_url": {"url": "data:…"}}] * pictures
        return json.dumps(self._body(Prompt(prompt), parts), ensure_ascii=False)

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer every prompt of every request, many at a time.

        Returns:
            One tuple a request and one reply a prompt, in the order given.

        Raises:
            BackendError: The server refuses a request.
            JobError: It cannot be reached, refuses all, or the budget does not suffice.
        """
        pool = ThreadPoolExecutor(self._options.concurrency)
        try:
            # The questions about one picture follow one another: the server may keep it.
            asked = [
                [pool.submit(self._reply, request.pictures, prompt) for prompt in request.prompts]
                for request in requests
            ]
            every = [reply for replies in asked for reply in replies]
            wait(every, return_when=FIRST_EXCEPTION)
        finally:  # also where it is interrupted: nothing more is sent
            pool.shutdown(cancel_futures=True)
        errors = [reply.exception() for reply in every if not reply.cancelled()]
        for error in filter(None, errors):
            raise error
        return [tuple(reply.result() for reply in replies) for replies in asked]

    def _reply(self, pictures: Sequence[Picture], prompt: Prompt) -> Reply:
        hashes = [hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures]
        shapes = [list(picture.shape) for picture in pictures]
        asked = [self._options.base_url, self._body(prompt, []), hashes, shapes]
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        with self._one_at_a_time(key):
            kept = self._answers.get(key)
            if kept is None:
                self._ask(key, pictures, prompt)
                kept = self._answers.get(key)
            else:
                self._client.has_answered = True
        return reply_of(json.loads(kept or b"{}"), prompt)

    @contextmanager
    def _one_at_a_time(self, key: str) -> Iterator[None]:
        """Let one thread ask a question; another that has the same one finds it answered."""
        with self._guard:
            lock = self._asking.setdefault(key, Lock())
        try:
            with lock:
                yield
        finally:
            with self._guard:
                self._asking.pop(key, None)

    def _ask(self, key: str, pictures: Sequence[Picture], prompt: Prompt) -> None:
        """Send a question; its answer is kept under the key."""
        words = len(prompt.text.encode()) + _MARGIN_TOKENS
        sent = max(words + _MOST_TOKENS_A_PICTURE * len(pictures), self._most_sent)
        most = Spent(1, sent, self._options.max_new_tokens)
        body = json.dumps(self._body(prompt, [_shown(picture) for picture in pictures])).encode()

        def keep(answer: Mapping[str, Any]) -> None:
            choice = self._choice(answer)
            self._answers.put(key, json.dumps(choice).encode())

        meter = _Meter(self._answers, self._name, self._budget, most, keep)
        self._client.post("/chat/completions", body, meter)
        self._most_sent = max(self._most_sent, meter.cost.sent)

    def _choice(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the first choice of a response, without what is not read."""
        choices = answer.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise BackendError(f"{self._options.base_url} answers without choices: {shown(answer)}")
        read = {name: choices[0].get(name) for name in ("message", "finish_reason", "logprobs")}
        return {**read, "usage": answer.get("usage")}

    @property
    def _name(self) -> str:
        return f"{self._options.model} at {self._options.base_url}"

    def _body(self, prompt: Prompt, pictures: list[object]) -> dict[str, object]:
        options = self._options
        content = [*pictures, {"type": "text", "text": prompt.text}]
        asked: dict[str, object] = {"temperature": 0, "seed": 0}
        if prompt.continuations:
            asked |= {"logprobs": True, "top_logprobs": options.top_logprobs}
        left_out = {*options.omit, *(["top_logprobs"] if "logprobs" in options.omit else [])}
        body: dict[str, object] = {
            "model": options.model,
            "messages": [{"role": "user", "content": content}],
            options.token_limit: options.max_new_tokens,
            **{name: value for name, value in asked.items() if name not in left_out},
        }
        if prompt.grammar is not None:
            schema = json.loads(prompt.grammar)
            schema.pop("x-guidance", None)
            named = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return body | options.body


class _Meter:
    """Counts the tries of one question, and keeps its answer before anything else is done with it."""

    def __init__(
        self,
        answers: Answers,
        model: str,
        budget: Budget,
        most: Spent,
        keep: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._answers = answers
        self._model = model
        self._budget = budget
        self._most = most
        self._keep = keep
        self._began = 0.0
        self.cost = Spent()

    def start(self) -> None:
        self._answers.reserve(self._model, self._budget, self._most)
        self._began = time.monotonic()

    def answered(self, answer: Mapping[str, Any]) -> None:
        read, written = _counted(answer)
        self.cost = Spent(
            1,
            self._most.sent if read is None else read,
            self._most.written if written is None else written,
            time.monotonic() - self._began,
        )
        try:
            self._keep(answer)
        finally:
            self._answers.settle(self._model, self._most, self.cost)

    def refused(self) -> None:
        self._answers.settle(
            self._model, self._most, Spent(1, seconds=time.monotonic() - self._began)
        )

    def unsent(self) -> None:
        self._answers.settle(self._model, self._most, Spent())


def _counted(answer: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the tokens that a server has read and written; None where it gives no count that can be."""
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    read, written = (counts.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return (read if _is_count(read) else None, written if _is_count(written) else None)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_COUNT


def reply_of(choice: Mapping[str, Any], prompt: Prompt) -> Reply:
    """Read a choice of a response; what the model thought first stands in a tag before its answer.

    Raises:
        BackendError: It has no message.
    """
    message = choice.get("message")
    if not isinstance(message, dict):
        raise BackendError(f"the server answers without a message: {shown(choice)}")
    text = _text(message.get("content"))
    thoughts = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thoughts, str) and thoughts:
        text = f"<think>{thoughts}</think>{text}"
    finished = choice.get("finish_reason") not in _CUT_OFF
    is_clear = finished and _is_one_of(text, prompt.continuations)
    likely = compared(choice.get("logprobs"), prompt.continuations) if is_clear else ()
    read, written = _counted(choice)
    tokens = None if read is None or written is None else Tokens(read, written)
    return Reply(text, finished, likely, tokens)


def _is_one_of(text: str, continuations: Sequence[str]) -> bool:
    """Return whether a reply, without its thoughts, names one of the continuations, once."""
    try:
        answer = "".join(without_thoughts(text).split())
    except Unreadable:
        return False
    return sum(answer.count("".join(each.split())) for each in continuations) == 1


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(
        str(part.get("text", ""))
        for part in parts
        if isinstance(part, dict) and part.get("type", "text") in _TEXTS
    )


def _shown(picture: Picture) -> dict[str, object]:
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    url = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}
