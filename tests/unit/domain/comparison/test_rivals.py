"""Backends of one model rank as one."""

from __future__ import annotations

import numpy as np

from gliobench.domain.comparison.contest import Rivals


def test_backends_of_a_family_are_averaged_where_the_first_of_them_stands() -> None:
    rivals = Rivals.of(["a", "fold-1", "b", "fold-2"], {"fold-1": "net", "fold-2": "net"})

    assert rivals.members == {"a": ("a",), "net": ("fold-1", "fold-2"), "b": ("b",)}
    assert (np.array([1.0, 2, 3, 6]) @ rivals.shares).tolist() == [1, 4, 3]


def test_the_only_backend_of_a_family_goes_by_its_own_name() -> None:
    assert Rivals.of(["fold-1", "b"], {"fold-1": "net"}).members == {
        "fold-1": ("fold-1",),
        "b": ("b",),
    }


def test_a_family_is_not_taken_for_a_backend_of_its_name() -> None:
    rivals = Rivals.of(["net", "fold-1", "fold-2"], {"fold-1": "net", "fold-2": "net"})

    assert rivals.members == {"net": ("net",), "net (family)": ("fold-1", "fold-2")}
