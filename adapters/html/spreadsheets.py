"""The comparison as CSV: one long table per file, one number per row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from gliobench.adapters.html.numbers import ends
from gliobench.adapters.html.stamps import marks
from gliobench.domain.comparison.report import Report, SubgroupScore, SubgroupTest
from gliobench.domain.evaluation.summary import FormSummary, Summary
from gliobench.domain.files.tables import write_csv
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.position.control_responses import GradeResponse, PlaceResponse
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured, NotEstimable

Line = tuple[*tuple[object, ...], Measured]
"""The names of a number, and the number."""
SCORED = ("form", "region", "measure")
NUMBER = ("value", "low", "high", "n", "not_estimable")


def spreadsheets(report: Report) -> dict[str, str]:
    """Convert a comparison to CSV.

    Returns:
        CSV by name; an empty value is not estimable, for the reason in `not_estimable`. The last
        field of every row holds the stamps: SIMULATED, oracle slices.
    """
    stamped, in_words = "; ".join(marks(report)), report.target.in_words

    def worded(row: Iterable[object]) -> tuple[object, ...]:
        return tuple(in_words(cell) if isinstance(cell, str) else cell for cell in row)

    tables: dict[str, tuple[tuple[str, ...], Iterable[Line]]] = {
        "measures": (("arm", "counted", "form", "region", "measure"), _measures(report)),
        "differences": (("first", "second", "endpoint"), _differences(report)),
        "position_bias": (("arm", "form", "measure"), _biases(report)),
        "controls": (("arm", "control", "form", "measure"), _controls(report)),
        "failures": (("arm", "reason", "studies"), _failures(report)),
        "strata": (
            ("by", "stratum", "arm", *SCORED, "studies", "failed", "detectable"),
            _strata(report),
        ),
        "ranks": (("endpoint", "method", "arm", "quantity"), _ranks(report)),
    }
    files = {
        name: write_csv(
            (*head, *NUMBER, "stamps"),
            (worded((*names, *_number(found), stamped)) for *names, found in rows),
        )
        for name, (head, rows) in tables.items()
    }
    tests: dict[str, tuple[tuple[str, ...], Iterable[tuple[object, ...]]]] = {
        "tests": (("first", "second", "family", "of"), _tests(report)),
        "subgroup_tests": (("by", "arm", *SCORED), _subgroup_tests(report)),
    }
    files |= {
        name: write_csv(
            (*head, "p", "p_holm", "not_estimable", "stamps"),
            (worded((*row, stamped)) for row in rows),
        )
        for name, (head, rows) in tests.items()
    }
    return files


def _measures(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        for way in ("intention_to_treat", "answered_only"):
            summary: Summary = getattr(arm.summary.everyone, way)
            if summary.grading:
                for measure, found in summary.grading.measures.items():
                    yield arm.name, way, "grade", "", measure.exported_as, found
            for row in summary.localisation:
                region = row.region.value if row.region else ""
                for name, found in _localised(row):
                    yield arm.name, way, row.form.value, region, name, found


def _localised(row: FormSummary) -> Iterator[tuple[str, Measured]]:
    for measure, found in row.measures.items():
        yield measure.exported_as, found
    for measure, spread in row.spreads.items():
        names = ("quartile_1", "median", "quartile_3", "n_worst")
        for name, value in zip(names, (*spread.quartiles, spread.n_worst), strict=True):
            yield f"{measure.exported_as}.{name}", Estimate(value, NotEstimable(""), row.n)


def _differences(report: Report) -> Iterator[Line]:
    for pair in report.pairs:
        for difference in pair.differences:
            yield pair.first, pair.second, difference.endpoint.name, difference.value


def _tests(report: Report) -> Iterator[tuple[object, ...]]:
    for pair in report.pairs:
        for test in pair.tests:
            ps = ("" if isinstance(p, NotEstimable) else p for p in (test.p, test.adjusted))
            yield pair.first, pair.second, test.family.value, test.of, *ps, _reason(test.p)


def _biases(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        for bias in arm.biases:
            for name, found in _dependences(bias.measured):
                yield arm.name, bias.form.value, name, found


def _dependences(bias: PositionBias | NotEstimable) -> Iterator[tuple[str, Measured]]:
    if isinstance(bias, NotEstimable):
        yield "tracking", bias
        return
    yield "tracking", bias.tracking
    yield "answered_error_plane_mm", bias.error_mm
    for axis, line in (("x", bias.x), ("y", bias.y), ("area", bias.area)):
        if line is not None:
            yield f"slope_{axis}", line.slope
            yield f"r_squared_{axis}", line.r_squared
    for name, prior in bias.priors.items():
        yield f"gain_mm over {name}", prior.gain_mm


def _controls(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        for response in arm.controls:
            places = ((place.form.value, place) for place in response.places)
            for form, part in (("grade", response.grades), *places):
                for name, found in _measured(part):
                    yield arm.name, response.control.value, form, name, found


def _measured(part: GradeResponse | PlaceResponse | None) -> Iterator[tuple[str, Measured]]:
    for field in fields(part) if part is not None else ():
        found = getattr(part, field.name)
        if isinstance(found, Estimate | NotEstimable):
            yield field.name, found


def _failures(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        for failure in arm.failures:
            reason = failure.reason.value if failure.reason else "any"
            yield arm.name, reason, failure.n, failure.rate


def _strata(report: Report) -> Iterator[Line]:
    for stratum in report.subgroups:
        for row in stratum.rows:
            for score in row.scores:
                detects = "" if isinstance(score.detectable, NotEstimable) else score.detectable
                names = (stratum.by, stratum.name, row.arm, *_scored(score))
                yield *names, row.n, row.n_failed, detects, score.value


def _subgroup_tests(report: Report) -> Iterator[tuple[object, ...]]:
    for test in report.subgroup_tests:
        ps = ("" if isinstance(p, NotEstimable) else p for p in (test.p, test.adjusted))
        yield test.by, test.arm, *_scored(test), *ps, _reason(test.p)


def _scored(found: SubgroupScore | SubgroupTest) -> tuple[str, str, str]:
    """Name a form, a region and a measure."""
    return (
        found.form.value if found.form else "grade",
        found.region.value if found.region else "",
        found.measure.exported_as,
    )


def _ranks(report: Report) -> Iterator[Line]:
    for ranking in report.rankings:
        endpoint = ranking.endpoint.name if ranking.endpoint else " ".join(ranking.measures)
        by, n = (endpoint, ranking.method.value), ranking.n
        for rank in ranking.ranks:
            yield *by, rank.arm, "rank", Estimate(rank.rank, Interval(rank.low, rank.high), n)
            yield *by, rank.arm, "first_share", Estimate(rank.shares[0], NotEstimable(""), n)
        yield *by, "", "kendall_tau", ranking.tau


def _number(measured: Measured) -> tuple[object, ...]:
    if isinstance(measured, NotEstimable):
        return "", "", "", "", measured.reason
    spread = ends(measured)
    low, high = (spread.low, spread.high) if spread else ("", "")
    return measured.value, low, high, measured.n, _reason(measured.interval)


def _reason(found: object) -> str:
    return found.reason if isinstance(found, NotEstimable) else ""
