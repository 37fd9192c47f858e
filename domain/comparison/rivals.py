"""Rivals in a ranking: backends, or several backends of one model together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import FloatArray


@dataclass(frozen=True, eq=False)
class Rivals:
    """Backends or families that are ranked against each other.

    Args:
        members: The backends of each of A rivals, by its name.
        shares: (B, A), by which columns of B backends are averaged to those of A rivals.
    """

    members: Mapping[str, tuple[str, ...]]
    shares: FloatArray

    @classmethod
    def of(cls, names: Sequence[str], families: Mapping[str, str]) -> Rivals:
        """Group backends that are of one family, such as folds or seeds of one model.

        Args:
            names: The backends.
            families: The families of backends that have one; a family of one backend goes by its name.
        """
        groups: dict[tuple[str, bool], list[str]] = {}
        for name in names:
            groups.setdefault((families.get(name, name), name in families), []).append(name)
        alone = {group[0] for group in groups.values() if len(group) == 1}
        members = {
            group[0] if len(group) == 1 else _unlike(family, alone): tuple(group)
            for (family, _), group in groups.items()
        }
        shares = np.zeros((len(names), len(members)))
        for column, group in enumerate(members.values()):
            shares[[names.index(name) for name in group], column] = 1 / len(group)
        return cls(members, shares)

    def __len__(self) -> int:
        return len(self.members)


def _unlike(family: str, backends: set[str]) -> str:
    return f"{family} (family)" if family in backends else family
