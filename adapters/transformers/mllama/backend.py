"""The backends `llama-vision` and `llama-vision-lora`: one model, without and with an adapter."""

from __future__ import annotations

from pathlib import Path

from gliobench.adapters.transformers.cards import STAND_IN, card_of, check_taught, learned_by
from gliobench.adapters.transformers.mllama.options import STAND_IN_FOLDER, LlamaOptions
from gliobench.adapters.vision_language.backend import Speaker, Unloaded, backend_of, guide_of
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.application.backends.held_out import held_out
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import InvalidInputError, MissingExtraError


def llama_vision(options: BackendOptions) -> Backend:
    """Build the model as it was published, or as `llama.model` names it.

    Raises:
        MissingExtraError: The extra `vlm` is not installed.
        InvalidInputError: An option has a wrong value.
        NotFoundError: The model is not there, or its licence is not accepted.
        BackendError: It is no Mllama, or cannot be loaded.
    """
    return _backend("llama-vision", options, adapter=None)


def llama_vision_lora(options: BackendOptions) -> Backend:
    """Build the same model with the LoRA adapter that `llama.adapter` names.

    Where `llama.held_out` names a training run, each patient is answered with the adapter of the
    fold that held them out: one model a fold is in memory then.

    Raises:
        MissingExtraError: The extra `vlm` is not installed.
        InvalidInputError: An option has a wrong value, or another model has no adapter.
        NotFoundError: The model or the adapter is not there, or a licence is not accepted.
        BackendError: It is no Mllama, or cannot be loaded.
    """
    of_folds = held_out(options, _of_fold)
    if of_folds:
        return of_folds
    own = LlamaOptions.checked(options.extra, backend="llama-vision-lora")
    if own.model and own.adapter is None:
        raise InvalidInputError(
            f"llama-vision-lora has no adapter for {own.model}: train one by "
            "'gliobench train lora' and set llama.adapter to its folder"
        )
    adapter = own.adapter or str(STAND_IN_FOLDER / "adapter")
    return _backend("llama-vision-lora", options, adapter=adapter)


def _engine(own: LlamaOptions) -> Speaker:
    try:
        from gliobench.adapters.transformers.mllama.engine import Engine
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="vlm", purpose="LLaMA vision") from error
    return Engine.load(own)


def _of_fold(options: BackendOptions, folder: Path) -> Backend:
    return _backend("llama-vision-lora", options, adapter=str(folder / "adapter"))


def _backend(name: str, options: BackendOptions, *, adapter: str | None) -> Backend:
    own = LlamaOptions.checked(options.extra, backend=name).loading(adapter)
    check_taught(card_of(adapter), own, Prompts.load())
    return backend_of(
        name,
        _engine(own) if options.load else Unloaded(own.model, adapter),
        own,
        guide=guide_of(own, options),
        stand_in=card_of(own.model).get(STAND_IN, ""),
        learned={"its base model": learned_by(own.model)}
        | ({"its adapter": learned_by(adapter)} if adapter else {}),
    )
