"""The flow of studies."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.figures.drawing import Figure, Label, Line, Mark, Panel
from gliobench.adapters.html.numbers import count
from gliobench.domain.comparison.flow import CohortFlow
from gliobench.domain.studies.grading_target import CLASS


def flow_figure(flow: CohortFlow) -> Figure:
    """Draw the flow of studies from those given to those scored."""
    numbers = {
        "given": flow.n_given,
        "scored by all": flow.n_shared,
        f"with reference {CLASS}": flow.n_with_grade,
        "with reference tumour": flow.n_with_tumour,
        "unreadable": flow.n_unreadable,
    }
    return Figure(
        name="cohort-flow",
        title="Cohort flow",
        says="All numbers on this page refer to the studies scored by every backend.",
        alt=f"{count(flow.n_given, 'study')} given; {flow.n_shared:,} scored by every backend; of these, "
        f"{flow.n_with_grade:,} with a reference grade and {flow.n_with_tumour:,} with a reference "
        "tumour.",
        size=(280, 186),
        marks=tuple(_flow(flow)),
        numbers=(tuple(numbers), tuple(numbers.values())),
    )


def _flow(flow: CohortFlow) -> Iterator[Mark]:
    yield from _box((65, 4), flow.n_given, "given")
    yield from _box((65, 74), flow.n_shared, "scored by all")
    yield from _box((0, 144), flow.n_with_grade, f"reference {CLASS}")
    yield from _box((130, 144), flow.n_with_tumour, "reference tumour")
    yield Line([(126, 42), (126, 74)], "arrow")
    yield Line([(126, 112), (126, 128), (61, 128), (61, 144)], "arrow")
    yield Line([(126, 128), (191, 128), (191, 144)], "arrow")
    yield Line([(126, 58), (192, 58)], "arrow")
    yield Label((196, 55), f"{flow.n_given - flow.n_shared:,} not scored", ink="name")
    yield Label((196, 67), "by all backends")
    yield Label((196, 90), f"{flow.n_unreadable:,} unreadable", ink="name")
    yield Label((196, 102), "count as failures")


def _box(at: tuple[float, float], n: int, what: str) -> Iterator[Mark]:
    yield Panel(at, (122, 38), "field")
    yield Label((at[0] + 61, at[1] + 17), f"{n:,}", "middle", ink="name")
    yield Label((at[0] + 61, at[1] + 30), what, "middle")
