"""Runs side by side in memory."""

from __future__ import annotations

from collections import defaultdict
from typing import final

from fakes.fake_run_store import FakeRunStore
from gliobench.application.ports.run_place import RunPlace


@final
class FakeRunPlace(RunPlace):
    """Keeps its stores by name; a folder is there once its run has a manifest."""

    def __init__(self) -> None:
        self.stores: defaultdict[str, FakeRunStore] = defaultdict(FakeRunStore)

    def folders(self, within: str = "") -> list[str]:
        start = f"{within}/" if within else ""
        begun = [name for name, store in self.stores.items() if store.has_begun]
        below = [name.removeprefix(start) for name in begun if name.startswith(start)]
        return sorted({name.partition("/")[0] for name in below})

    def store(self, name: str) -> FakeRunStore:
        return self.stores[name]
