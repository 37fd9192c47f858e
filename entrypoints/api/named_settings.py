"""Settings that functions of the Python interface take by arguments of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import shown
from gliobench.domain.studies.target_rule import TargetRule
from gliobench.entrypoints.api.places import Place, as_text


def of_target(target: str | None) -> dict[str, object]:
    """Name the settings of a target."""
    if target is None:
        return {}
    rule = TargetRule.parse(target)
    return {"target.column": rule.column, "target.positive": rule.positive}


def of_metadata(
    metadata: Place | None, subgroups: Mapping[str, bool | Sequence[float]] | None
) -> dict[str, object]:
    """Name the settings of a user's table."""
    if subgroups is not None and not isinstance(subgroups, Mapping):
        raise InvalidInputError(
            f"subgroups {shown(subgroups)}: wanted columns by name, such as {{'age': [40, 60], 'sex': True}}"
        )
    given: dict[str, object] = {} if metadata is None else {"report.metadata": as_text(metadata)}
    return given if subgroups is None else given | {"report.subgroups": dict(subgroups)}
