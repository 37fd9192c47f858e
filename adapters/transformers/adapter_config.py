"""What a LoRA adapter asks for, checked before PEFT acts on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gliobench.domain.errors import BackendError

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
LARGEST_RANK = 512
LARGEST_CONFIG = 2**16
"""Bytes; PEFT writes about 1,100."""
_LONGEST_PATTERN = 512
_MOST_WILDCARDS = 6
_GROUP = re.compile(r"\((?:\?:)?([^()]*)\)([*+{]?)")
_REPEATED = re.compile(r"(?<!\\)[*+{]")
_INERT = {
    "megatron_core": "megatron.core",
    "qalora_group_size": 16,
    "runtime_config": {"ephemeral_gpu_offload": False},
}
"""What PEFT writes for features that are off."""


class AdapterConfig(BaseModel):
    """A plain LoRA: additions to modules that are named, and nothing that makes PEFT do more.

    PEFT would import a module that a config names, copy layers, replace embeddings or decompose the
    base's weights: any such option that is on is refused by its name.
    """

    model_config = ConfigDict(extra="allow")

    peft_type: Literal["LORA"]
    r: int = Field(ge=1, le=LARGEST_RANK)
    lora_alpha: float = Field(gt=0, le=2**20)
    lora_dropout: float = Field(0, ge=0, lt=1)
    target_modules: list[str] | str
    init_lora_weights: bool | Literal["gaussian"] = True
    bias: Literal["none", "all", "lora_only"] = "none"
    use_rslora: bool = False
    use_dora: bool = False
    inference_mode: bool = False
    base_model_name_or_path: str | None = None
    revision: str | None = None
    task_type: str | None = None
    peft_version: str | None = None
    auto_mapping: Any = None

    @field_validator("target_modules")
    @classmethod
    def _of_bounded_cost(cls, value: list[str] | str) -> list[str] | str:
        names = value if isinstance(value, list) else []
        if len(names) > 4096 or any(len(name) > 256 for name in names):
            raise ValueError("wanted at most 4,096 names of 256 letters")
        if isinstance(value, str):
            _check_pattern(value)
        return value

    @model_validator(mode="after")
    def _nothing_else_is_on(self) -> AdapterConfig:
        for name, value in (self.model_extra or {}).items():
            if value and _INERT.get(name) != value:
                raise ValueError(f"{name} is set: only plain LoRA is loaded")
        return self


def check_adapter(folder: Path) -> None:
    """Check an adapter's files.

    Args:
        folder: With `adapter_config.json` and `adapter_model.safetensors`.

    Raises:
        BackendError: A file is not there, or asks for what is not loaded.
    """
    config = folder / CONFIG
    try:
        if config.stat().st_size > LARGEST_CONFIG:
            raise BackendError(f"{config} has over {LARGEST_CONFIG} bytes: it is no adapter's")
        AdapterConfig.model_validate_json(config.read_bytes())
    except OSError as error:
        raise BackendError(f"{config} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"])) or "config"
        raise BackendError(f"adapter {config}: {place}: {fault['msg']}") from error
    if not (folder / WEIGHTS).is_file():
        raise BackendError(f"adapter {folder} has no {WEIGHTS}: pickled weights are not loaded")


def _check_pattern(pattern: str) -> None:
    """Refuse a pattern that could take for ever on the name of a module.

    Raises:
        ValueError: It is long, no pattern, or repeats what repeats.
    """
    if len(pattern) > _LONGEST_PATTERN or len(_REPEATED.findall(pattern)) > 2 * _MOST_WILDCARDS:
        raise ValueError("the pattern of modules is too long: name the modules")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"no pattern of modules: {error}") from error
    if any(part.count(".*") > _MOST_WILDCARDS for part in pattern.split("|")):
        raise ValueError("the pattern has too many wildcards: name the modules")
    while found := _GROUP.search(pattern):
        within, repeated = found.groups()
        if repeated and _REPEATED.search(within):
            raise ValueError("the pattern repeats what repeats: name the modules")
        mark = "x+" if _REPEATED.search(within) or repeated else "x"
        pattern = pattern[: found.start()] + mark + pattern[found.end() :]
    if re.search(r"(\.[*+]\??){2}", pattern):
        raise ValueError("the pattern repeats what repeats: name the modules")
