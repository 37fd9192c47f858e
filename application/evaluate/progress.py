"""How far an evaluation is, for whoever watches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from gliobench.application.ports.executor import Outcome, Stage
from gliobench.application.ports.run_store import RunManifest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """An evaluation at one moment.

    Args:
        wanted: Studies that each backend is to be scored on.
        done: Those that it is, by backend; those predicted by an earlier process count too.
        failed: Those among them with a failure.
        seconds: Spent by all workers together, by stage.
        providers: What each backend runs on, as far as it tells.
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
        """Tell whether all is done."""
        return sum(self.done.values()) == self.total

    def named(self, what: str) -> Progress:
        """Give the same with what is done added to the backends' names."""

        def named(values: Mapping[str, T]) -> dict[str, T]:
            return {f"{backend} {what}": value for backend, value in values.items()}

        return replace(
            self,
            done=named(self.done),
            failed=named(self.failed),
            providers=named(self.providers),
        )


Watch: TypeAlias = Callable[[Progress], None]
"""Told at the beginning, after each batch, and now and then where none is done."""


class Tally:
    """Counts outcomes, and tells whoever watches.

    Args:
        manifests: Of the backends.
        wanted: Studies that each is to be scored on.
        watch: Told at once, after each outcome, and when asked to.
    """

    def __init__(self, manifests: tuple[RunManifest, ...], wanted: int, watch: Watch) -> None:
        names = [manifest.backend for manifest in manifests]
        self._wanted, self._watch = wanted, watch
        self._done, self._failed = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
        self._seconds = dict.fromkeys(Stage, 0.0)
        self._providers = {
            one.backend: one.provenance["provider"]
            for one in manifests
            if "provider" in one.provenance
        }
        self.tell()

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        for name, cases in outcome.scores.items():
            self._done[name] += len(cases)
            self._failed[name] += sum(bool(case.failures) for case in cases)
        for stage, seconds in outcome.seconds.items():
            self._seconds[stage] += seconds
        self.tell()

    @property
    def done(self) -> int:
        """Studies of all backends that are scored."""
        return sum(self._done.values())

    @property
    def wanted(self) -> int:
        """Studies of all backends that are to be scored."""
        return self._wanted * len(self._done)

    def tell(self) -> None:
        """Tell how far things are."""
        self._watch(
            Progress(
                self._wanted,
                dict(self._done),
                dict(self._failed),
                dict(self._seconds),
                self._providers,
            )
        )
