"""The comparison as CSV: one long table per file, one number per row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from gliobench.adapters.html.numbers import ends
from gliobench.adapters.html.stamps import marks
from gliobench.domain.comparison.pair import Test
from gliobench.domain.comparison.report import Report, SubgroupScore, SubgroupTest
from gliobench.domain.evaluation.summary import FormSummary, Summary
from gliobench.domain.files.tables import write_csv
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.position.control_responses import GradeResponse, PlaceResponse
from gliobench.domain.statistics.estimate import Estimate, Measured, NotEstimable

Row = tuple[object, ...]
SCORED = ("form", "region", "measure")
NUMBER = ("value", "low", "high", "n", "not_estimable")
P = ("p", "p_holm", "not_estimable")


def spreadsheets(report: Report) -> dict[str, str]:
    """Convert a comparison to CSV.

    Returns:
        CSV by name; an empty value is not estimable, for the reason in `not_estimable`. The last
        field of every row holds the stamps: SIMULATED, oracle slices.
    """
    stamped, in_words = "; ".join(marks(report)), report.target.in_words
    tables: dict[str, tuple[tuple[str, ...], Iterable[Row]]] = {
        "measures": (("arm", "counted", "form", "region", "measure", *NUMBER), _measures(report)),
        "differences": (("first", "second", "endpoint", *NUMBER), _differences(report)),
        "position_bias": (("arm", "form", "measure", *NUMBER), _biases(report)),
        "controls": (("arm", "control", "form", "measure", *NUMBER), _controls(report)),
        "failures": (("arm", "reason", "studies", *NUMBER), _failures(report)),
        "strata": (
            ("by", "stratum", "arm", *SCORED, "studies", "failed", "detectable", *NUMBER),
            _strata(report),
        ),
        "ranks": (("endpoint", "method", "arm", "quantity", *NUMBER), _ranks(report)),
        "tests": (("first", "second", "family", "of", *P), _tests(report)),
        "subgroup_tests": (("by", "arm", *SCORED, *P), _subgroup_tests(report)),
    }
    return {
        name: write_csv(
            (*head, "stamps"),
            (
                [in_words(cell) if isinstance(cell, str) else cell for cell in (*row, stamped)]
                for row in rows
            ),
        )
        for name, (head, rows) in tables.items()
    }


def _measures(report: Report) -> Iterator[Row]:
    for arm in report.arms:
        for way in ("intention_to_treat", "answered_only"):
            summary: Summary = getattr(arm.summary.everyone, way)
            if summary.grading:
                for measure, found in summary.grading.measures.items():
                    yield arm.name, way, "grade", "", measure.exported_as, *_number(found)
            for row in summary.localisation:
                region = row.region.value if row.region else ""
                for numbers in _localised(row):
                    yield arm.name, way, row.form.value, region, *numbers


def _localised(row: FormSummary) -> Iterator[Row]:
    for measure, found in row.measures.items():
        yield measure.exported_as, *_number(found)
    for measure, spread in row.spreads.items():
        names = ("quartile_1", "median", "quartile_3", "n_worst")
        for name, value in zip(names, (*spread.quartiles, spread.n_worst), strict=True):
            yield f"{measure.exported_as}.{name}", value, "", "", row.n, ""


def _differences(report: Report) -> Iterator[Row]:
    for pair in report.pairs:
        for difference in pair.differences:
            yield pair.first, pair.second, difference.endpoint.name, *_number(difference.value)


def _tests(report: Report) -> Iterator[Row]:
    for pair in report.pairs:
        for test in pair.tests:
            yield pair.first, pair.second, test.family.value, test.of, *_ps(test)


def _biases(report: Report) -> Iterator[Row]:
    for arm in report.arms:
        for bias in arm.biases:
            for name, found in _dependences(bias.measured):
                yield arm.name, bias.form.value, name, *_number(found)


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


def _controls(report: Report) -> Iterator[Row]:
    for arm in report.arms:
        for response in arm.controls:
            places = ((place.form.value, place) for place in response.places)
            for form, part in (("grade", response.grades), *places):
                for name, found in _measured(part):
                    yield arm.name, response.control.value, form, name, *_number(found)


def _measured(part: GradeResponse | PlaceResponse | None) -> Iterator[tuple[str, Measured]]:
    for field in fields(part) if part is not None else ():
        found = getattr(part, field.name)
        if isinstance(found, Estimate | NotEstimable):
            yield field.name, found


def _failures(report: Report) -> Iterator[Row]:
    for arm in report.arms:
        for failure in arm.failures:
            reason = failure.reason.value if failure.reason else "any"
            yield arm.name, reason, failure.n, *_number(failure.rate)


def _strata(report: Report) -> Iterator[Row]:
    for stratum in report.subgroups:
        for row in stratum.rows:
            for score in row.scores:
                detects = "" if isinstance(score.detectable, NotEstimable) else score.detectable
                names = (stratum.by, stratum.name, row.arm, *_scored(score))
                yield *names, row.n, row.n_failed, detects, *_number(score.value)


def _subgroup_tests(report: Report) -> Iterator[Row]:
    for test in report.subgroup_tests:
        yield test.by, test.arm, *_scored(test), *_ps(test)


def _scored(found: SubgroupScore | SubgroupTest) -> tuple[str, str, str]:
    """Name a form, a region and a measure."""
    return (
        found.form.value if found.form else "grade",
        found.region.value if found.region else "",
        found.measure.exported_as,
    )


def _ranks(report: Report) -> Iterator[Row]:
    for ranking in report.rankings:
        endpoint = ranking.endpoint.name if ranking.endpoint else " ".join(ranking.measures)
        by, n = (endpoint, ranking.method.value), ranking.n
        for rank in ranking.ranks:
            yield *by, rank.arm, "rank", rank.rank, rank.low, rank.high, n, ""
            yield *by, rank.arm, "first_share", rank.shares[0], "", "", n, ""
        yield *by, "", "kendall_tau", *_number(ranking.tau)


def _number(measured: Measured) -> Row:
    if isinstance(measured, NotEstimable):
        return "", "", "", "", measured.reason
    spread = ends(measured)
    low, high = (spread.low, spread.high) if spread else ("", "")
    return measured.value, low, high, measured.n, _reason(measured.interval)


def _ps(test: Test | SubgroupTest) -> Row:
    return *("" if isinstance(p, NotEstimable) else p for p in (test.p, test.adjusted)), _reason(
        test.p
    )


def _reason(found: object) -> str:
    return found.reason if isinstance(found, NotEstimable) else ""
