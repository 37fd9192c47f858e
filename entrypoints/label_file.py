"""A label convention of the user's own in a small file, TOML or YAML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import yaml

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import read_document
from gliobench.domain.labels.conventions import LabelConvention
from gliobench.entrypoints.label_settings import OwnLabels

LARGEST_BYTES = 65_536


def read_label_file(path: Path) -> LabelConvention:
    """Read a convention.

    Raises:
        InvalidInputError: The file cannot be read, or declares no convention.
    """
    name = f"labels {path}"
    if path.exists() and not path.is_file():  # opening a pipe would wait for ever
        raise InvalidInputError(f"{name}: wanted a file")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{name}: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST_BYTES:
        raise InvalidInputError(f"{name}: wanted a file of at most {LARGEST_BYTES} bytes")
    values = _from_toml if path.suffix.lower() == ".toml" else _from_yaml
    return read_document(
        lambda text: OwnLabels.model_validate(values(text.decode())).convention(),
        content,
        name=name,
    )


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Reads YAML in which nothing stands twice, and nothing refers to something else."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(
                None, None, "an alias", self.peek_event().start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{str(key)[:100]!r} stands twice", node.start_mark
                )
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _from_toml(text: str) -> Any:  # noqa: ANN401 -- a file holds anything
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _from_yaml(text: str) -> Any:  # noqa: ANN401 -- a file holds anything
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506 -- a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"it is not plain YAML: {error.problem}{line}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
