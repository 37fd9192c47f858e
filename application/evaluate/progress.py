"""How far an evaluation is, for whoever watches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from gliobench.application.ports.executor import Outcome, Stage
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.evaluation.effort import Effort

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """An evaluation at one moment.

    Args:
        wanted: Studies on which each backend will be scored.
        done: Those that it is, by backend; those predicted by an earlier process count too.
        failed: Those among them with a failure.
        seconds: Spent by all workers together, by stage.
        providers: What each backend runs on, where its provenance states it.
    """

    wanted: int
    done: Mapping[str, int]
    failed: Mapping[str, int]
    seconds: Mapping[Stage, float]
    providers: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Studies of all backends that are wanted."""
        return self.wanted * len(self.done)

    @property
    def is_last(self) -> bool:
        """Whether all is done."""
        return sum(self.done.values()) == self.total

    def named(self, what: str) -> Progress:
        """Return the same progress with a suffix to the names of the backends."""

        def named(values: Mapping[str, T]) -> dict[str, T]:
            return {f"{backend} {what}": value for backend, value in values.items()}

        return replace(
            self, done=named(self.done), failed=named(self.failed), providers=named(self.providers)
        )


Watch: TypeAlias = Callable[[Progress], None]
"""Called at the beginning, after each batch, and from time to time while none is done."""


class Tally:
    """Counts outcomes, and reports the progress.

    Args:
        manifests: Of the backends.
        wanted: Studies on which each will be scored.
        watch: Called at once, after each outcome, and by `report`.

    Attributes:
        efforts: Of each backend that was asked, so far.
    """

    def __init__(self, manifests: tuple[RunManifest, ...], wanted: int, watch: Watch) -> None:
        names = [manifest.backend for manifest in manifests]
        self._wanted, self._watch = wanted, watch
        self._done, self._failed = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
        self._seconds = dict.fromkeys(Stage, 0.0)
        self.efforts: dict[str, Effort] = {}
        self._providers = {
            manifest.backend: manifest.provenance["provider"]
            for manifest in manifests
            if "provider" in manifest.provenance
        }
        self.report()

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        for name, cases in outcome.scores.items():
            self._done[name] += len(cases)
            self._failed[name] += sum(bool(case.failures) for case in cases)
        for stage, seconds in outcome.seconds.items():
            self._seconds[stage] += seconds
        for name, effort in outcome.efforts.items():
            self.efforts[name] = effort.beside(self.efforts.get(name))
        self.report()

    @property
    def done(self) -> int:
        """Studies of all backends that are scored."""
        return sum(self._done.values())

    @property
    def wanted(self) -> int:
        """Studies of all backends that will be scored."""
        return self._wanted * len(self._done)

    def report(self) -> None:
        """Report the progress."""
        self._watch(
            Progress(
                self._wanted,
                dict(self._done),
                dict(self._failed),
                dict(self._seconds),
                self._providers,
            )
        )
