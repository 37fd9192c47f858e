"""The port of every place that keeps the runs of an evaluation side by side."""

from __future__ import annotations

from typing import Protocol

from gliobench.application.ports.run_store import RunStore


class RunPlace(Protocol):
    """Keeps runs by name, such as `cnn-onnx` or `cnn-onnx/shards/0-of-4`.

    Contract:
        - Stores of different names share nothing.
        - A place that cannot be read raises JobError in one line that names it.
    """

    def folders(self, within: str = "") -> list[str]:
        """Name the folders in a folder, sorted; none where it is not there."""
        ...

    def store(self, name: str) -> RunStore:
        """Open the store of a run; it is made when the run begins."""
        ...
