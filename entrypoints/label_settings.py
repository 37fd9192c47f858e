"""Label conventions as a user declares them: by name, as a table, or as a small file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import first_fault, read_document, read_file
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import built_in
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.labels.regions import Region
from gliobench.domain.messages import shown

FILES = (".toml", ".yaml", ".yml")
"""Endings of a value that names a file."""
LARGEST_BYTES = 65_536
"""Of such a file."""
_INTEGER = re.compile(r"-?[0-9]{1,6}")


class OwnLabels(BaseModel):
    """A convention of the user's own, as `[labels]` of gliobench.toml or a file's content.

    A region is a list of integers, or of the tissues' names.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("own", description="what reports call it")
    title: str = ""
    tissues: dict[str, str]
    regions: dict[Region, tuple[int | str, ...]]
    source: str = ""

    @field_validator("tissues", mode="before")
    @classmethod
    def _keys_as_text(cls, tissues: Any) -> Any:  # noqa: ANN401 -- whatever was given
        """Take the integers of YAML as the text that they are in TOML."""
        is_table = isinstance(tissues, dict)
        return {str(item): name for item, name in tissues.items()} if is_table else tissues

    def convention(self) -> LabelConvention:
        """Return the convention.

        Raises:
            InvalidInputError: It contradicts itself, or a region names an unknown tissue.
        """
        tissues = self._tissues()
        return LabelConvention(
            name=self.name,
            title=self.title or self.name,
            tissues=tissues,
            regions={
                region: frozenset(
                    integer for name in names for integer in self._integers(name, tissues)
                )
                for region, names in self.regions.items()
            },
            source=self.source,
        )

    def _tissues(self) -> dict[int, str]:
        tissues: dict[int, str] = {}
        for key, name in self.tissues.items():
            if not _INTEGER.fullmatch(key) or int(key) in tissues:
                raise InvalidInputError(
                    f"label convention {shown(self.name)}: tissue {shown(key)}: wanted each integer "
                    "once"
                )
            tissues[int(key)] = name
        return tissues

    def _integers(self, tissue: int | str, tissues: Mapping[int, str]) -> list[int]:
        if isinstance(tissue, int):
            return [tissue]
        found = [integer for integer, name in tissues.items() if name == tissue]
        if not found:
            raise InvalidInputError(
                f"label convention {shown(self.name)}: no tissue is called {shown(tissue)}: wanted "
                f"one of {shown(list(tissues.values()))}"
            )
        return found


def checked_table(labels: Any) -> Any:  # noqa: ANN401 -- whatever was given
    """Check the table of a user's own convention, and leave names and paths to be looked up.

    Raises:
        ValueError: It is a table, but declares no convention.
    """
    if not isinstance(labels, dict):
        return labels
    try:
        table = OwnLabels.model_validate(labels)
    except ValidationError as error:
        raise ValueError(first_fault(error)) from error
    table.convention()
    return table


def declared_convention(labels: str | OwnLabels) -> LabelConvention:
    """Return the convention that the setting `labels` declares.

    Args:
        labels: A built-in name, the path of a TOML or YAML file, or a table.

    Raises:
        InvalidInputError: There is no such convention or file, or it is no convention.
    """
    if isinstance(labels, OwnLabels):
        return labels.convention()
    if labels.lower().endswith(FILES):
        return read_label_file(Path(labels))
    return built_in(labels)


def read_label_file(path: Path) -> LabelConvention:
    """Read a convention.

    Raises:
        InvalidInputError: The file cannot be read, or declares no convention.
    """
    name = f"labels {path}"
    content = read_file(path, name=name, most_bytes=LARGEST_BYTES)
    values = _from_toml if path.suffix.lower() == ".toml" else _from_yaml
    return read_document(
        lambda text: OwnLabels.model_validate(values(text.decode())).convention(),
        content,
        name=name,
    )


def agreed_labels(
    declared: LabelConvention | None, frozen: DatasetLabels | None, *, cohort: str
) -> DatasetLabels | None:
    """Return the convention that the setting declares, a frozen cohort, or both alike.

    Raises:
        InvalidInputError: They declare different ones.
    """
    if declared is None:
        return frozen
    if frozen is not None and frozen.convention != declared:
        raise InvalidInputError(
            f"labels {declared.name}: cohort {cohort} was frozen with {frozen.convention.name}: "
            "leave the setting out, or freeze the cohort again"
        )
    return DatasetLabels(declared)


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
