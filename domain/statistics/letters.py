"""Compact letter displays: which of several are not significantly different from each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from string import ascii_lowercase


def compact_letters(names: Sequence[str], different: Collection[frozenset[str]]) -> dict[str, str]:
    """Return letters so that two share one exactly where they are not significantly different.

    Args:
        names: Unique, the best first: "a" goes to the first.
        different: Pairs that are significantly different.

    Returns:
        Letters by name, such as "ab"; more than 26 groups are numbered.

    Source: Piepho, "An algorithm for a letter-based representation of all-pairwise comparisons",
    J Comput Graph Stat 2004 (insert and absorb).
    """
    groups = [frozenset(names)] if names else []
    for pair in sorted(different, key=lambda pair: sorted(map(names.index, pair))):
        split = [
            part
            for group in groups
            for part in ([group - {name} for name in pair] if pair <= group else [group])
        ]
        unique = list(dict.fromkeys(split))
        groups = [group for group in unique if not any(group < other for other in unique)]
    groups.sort(key=lambda group: sorted(map(names.index, group)))
    letters = [*ascii_lowercase, *map(str, range(len(groups)))]
    return {
        name: "".join(letters[at] for at, group in enumerate(groups) if name in group)
        for name in names
    }
