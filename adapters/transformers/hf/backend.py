"""The backends of `kind = "hf-vision"`: any model of pictures and words, a table of settings each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from gliobench.adapters.transformers.cards import STAND_IN, card_of, check_taught, learned_by
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.adapters.vision_language.backend import Speaker, Unloaded, backend_of, guide_of
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.application.backends.held_out import held_out
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.answers.parse import FRACTIONS


def hf_vision(name: str, options: BackendOptions, source: StudySource | None = None) -> Backend:  # noqa: ARG001 - as every kind takes it
    """Build the model that a table names, with the adapter that it may name.

    Args:
        name: Of the table.
        options: Its own, and what other backends are built from.
        source: Has no part in it.

    Where `held_out` names a training run, each patient is answered with the adapter of the fold that
    held them out: one model a fold is in memory then.

    Raises:
        MissingExtraError: A library that it needs is not installed.
        InvalidInputError: An option has a wrong value.
        NotFoundError: The model or the adapter is not there, or a licence is not accepted.
        BackendError: transformers cannot load it as a model of pictures and words.
    """
    of_folds = held_out(options, partial(_of_fold, name))
    if of_folds:
        return of_folds
    own = HfVisionOptions.checked(options.extra, backend=name)
    engine: Speaker
    if options.load:
        own, engine = _loaded(own)
    else:
        own = own.model_copy(update={"dialect": FRACTIONS.dialect.name})
        engine = Unloaded(own.model, own.adapter)
    check_taught(card_of(own.adapter), own, Prompts.load())
    return backend_of(
        name,
        engine,
        own,
        guide=guide_of(own, options),
        stand_in=card_of(own.model).get(STAND_IN, ""),
        learned={"its base model": learned_by(own.model)}
        | ({"its adapter": learned_by(own.adapter)} if own.adapter else {}),
    )


def _loaded(own: HfVisionOptions) -> tuple[HfVisionOptions, Speaker]:
    """Settle the dialect, and load the model."""
    # Only here: PyTorch and transformers take seconds to import.
    from gliobench.adapters.transformers.hf.checkpoint import with_dialect
    from gliobench.adapters.transformers.hf.engine import HfEngine

    own = with_dialect(own)
    return own, HfEngine.load(own)


def _of_fold(name: str, options: BackendOptions, folder: Path) -> Backend:
    extra = {**options.extra, "adapter": str(folder / "adapter")}
    return hf_vision(name, replace(options, extra=extra))
