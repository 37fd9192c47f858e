"""The backends of `kind = "openai-vision"`: any OpenAI-compatible server, a table of settings each."""

from __future__ import annotations

from pathlib import Path

from gliobench.adapters.openai.answers import Answers
from gliobench.adapters.openai.client import Client
from gliobench.adapters.openai.engine import Endpoint
from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.adapters.vision_language.backend import backend_of, guide_of
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.answers.dialects import dialect_named, dialect_of_name
from gliobench.domain.answers.parse import FRACTIONS
from gliobench.domain.errors import InvalidInputError

ANSWERS_FILE = "answers/answers.sqlite"


def openai_vision(
    name: str,
    options: BackendOptions,
    source: StudySource | None = None,
    *,
    cache_dir: Path = Path(),
) -> Backend:
    """Build the model that a table names; nothing is sent before it is asked.

    Args:
        name: Of the table.
        options: Its own, and what other backends are built from.
        source: Has no part in it.
        cache_dir: Of the user; answers are kept there where the table names no file.

    Raises:
        InvalidInputError: An option has a wrong value, or images would leave this machine without leave.
        StoreError: The file of answers cannot be opened.
    """
    del source
    own = OpenAiOptions.checked(options.extra, backend=name)
    if not own.is_local and not own.allow_remote:
        raise InvalidInputError(
            f"backend.{name} would send images of patients to {own.host}: set "
            f"backend.{name}.allow_remote = true if they may leave this machine for it"
        )
    if own.dialect == "auto":
        spoken = dialect_of_name(own.model) or FRACTIONS.dialect
        own = own.model_copy(update={"dialect": spoken.name})
    _check_size(name, own)
    client = Client(
        own.base_url,
        key=own.key,
        concurrency=own.concurrency,
        timeout_s=own.timeout_s,
        patience_s=own.patience_s,
        is_local=own.is_local,
    )
    answers = Answers(Path(own.answers) if own.answers else cache_dir / ANSWERS_FILE)
    return backend_of(
        name,
        Endpoint(own, client, answers),
        own,
        guide=guide_of(own, options),
        learned={"the served model": None},
    )


def _check_size(name: str, own: OpenAiOptions) -> None:
    """Refuse a picture that the server would resize where its pixels are counted."""
    step = dialect_named(own.dialect).multiple_px
    if own.size_px and own.size_px % step:
        raise InvalidInputError(
            f"backend.{name}.size_px: got {own.size_px}: dialect {own.dialect} counts pixels of the "
            f"picture that its server resizes to multiples of {step}: wanted one"
        )
