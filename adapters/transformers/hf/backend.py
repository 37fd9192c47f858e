"""The backends of `kind = "hf-vision"`: any model of pictures and words, a table of settings each."""

from __future__ import annotations

from gliobench.adapters.transformers.cards import STAND_IN, card_of, check_taught, learned_by
from gliobench.adapters.transformers.hf.engine import HfEngine
from gliobench.adapters.transformers.hf.options import HfVisionOptions
from gliobench.adapters.vision_language.backend import backend_of
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.answers.dialects import dialect_of
from gliobench.domain.answers.parse import FRACTIONS
from gliobench.domain.slices.view import SlicePolicy


def hf_vision(name: str, options: BackendOptions, source: StudySource | None = None) -> Backend:
    """Build the model that a table names, with the adapter that it may name.

    Args:
        name: Of the table.
        options: Its own, and what other backends are built from.
        source: Has no part in it.

    Raises:
        MissingExtraError: A library that it needs is not installed.
        InvalidInputError: An option has a wrong value.
        NotFoundError: The model or the adapter is not there, or a licence is not accepted.
        BackendError: transformers cannot load it as a model of pictures and words.
    """
    del source
    own = HfVisionOptions.checked(options.extra, backend=name)
    engine = HfEngine.load(own)
    if own.dialect == "auto":
        spoken = dialect_of(engine.family) or FRACTIONS.dialect
        own = own.model_copy(update={"dialect": spoken.name})
    check_taught(card_of(own.adapter), own, Prompts.load())
    guided = own.policy is SlicePolicy.LOCALIZER_GUIDED
    return backend_of(
        name,
        engine,
        own,
        guide=options.other(own.localizer) if guided else None,
        stand_in=card_of(own.model).get(STAND_IN, ""),
        learned={"its base model": learned_by(own.model)}
        | ({"its adapter": learned_by(own.adapter)} if own.adapter else {}),
    )
