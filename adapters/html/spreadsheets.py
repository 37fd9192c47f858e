"""The comparison as CSV: one long table per file, one number per row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

from gliobench.adapters.html.numbers import ends, value_of
from gliobench.adapters.html.stamps import marks
from gliobench.domain.comparison.pair import PValue
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.summary import FormSummary
from gliobench.domain.files.tables import write_csv
from gliobench.domain.metrics import measures
from gliobench.domain.position.control_responses import GradeResponse, PlaceResponse
from gliobench.domain.statistics.estimate import Estimate, Measured, NotEstimable

Line = Sequence[object]

NUMBER = ("value", "low", "high", "n", "not_estimable")


def spreadsheets(report: Report) -> dict[str, str]:
    """Convert a comparison to CSV.

    Returns:
        CSV by name; an empty value is not estimable, for the reason in `not_estimable`. The last
        field of every row holds the stamps: SIMULATED, oracle slices.
    """
    stamped = "; ".join(marks(report))
    tables: dict[str, tuple[Sequence[str], Iterable[Line]]] = {
        "measures": (
            ("arm", "counted", "form", "region", "measure", *NUMBER),
            _measures(report),
        ),
        "differences": (("first", "second", "endpoint", *NUMBER), _differences(report)),
        "tests": (
            ("first", "second", "family", "of", "p", "p_holm", "not_estimable"),
            _tests(report),
        ),
        "position_bias": (("arm", "form", "measure", *NUMBER), _biases(report)),
        "controls": (("arm", "control", "form", "measure", *NUMBER), _controls(report)),
        "failures": (("arm", "reason", "studies", *NUMBER), _failures(report)),
        "strata": (("by", "stratum", "arm", "measure", *NUMBER), _strata(report)),
    }
    return {
        name: write_csv((*head, "stamps"), ((*row, stamped) for row in rows))
        for name, (head, rows) in tables.items()
    }


def _measures(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        both = arm.summary.everyone
        ways = (
            ("intention_to_treat", both.intention_to_treat),
            ("answered_only", both.answered_only),
        )
        for way, summary in ways:
            grading = summary.grading.measures.items() if summary.grading else ()
            for measure, found in grading:
                yield (arm.name, way, "grade", "", measure.exported_as, *_number(found))
            for row in summary.localisation:
                region = row.region.value if row.region else ""
                for measure, found in row.measures.items():
                    name = measure.exported_as
                    yield (arm.name, way, row.form.value, region, name, *_number(found))
                for name, value in _spreads(row):
                    yield (arm.name, way, row.form.value, region, name, value, "", "", row.n, "")


def _spreads(row: FormSummary) -> Iterator[tuple[str, float]]:
    for measure, found in row.spreads.items():
        names = ("quartile_1", "median", "quartile_3")
        for name, value in (*zip(names, found.quartiles, strict=True), ("n_worst", found.n_worst)):
            yield f"{measure.exported_as}.{name}", value


def _differences(report: Report) -> Iterator[Line]:
    for pair in report.pairs:
        for difference in pair.differences:
            yield (pair.first, pair.second, difference.endpoint.name, *_number(difference.value))


def _tests(report: Report) -> Iterator[Line]:
    for pair in report.pairs:
        for test in pair.tests:
            names = (pair.first, pair.second, test.family.value, test.of)
            yield (*names, _p(test.p), _p(test.adjusted), _reason(test.p))


def _biases(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        for bias in arm.biases:
            measured = bias.measured
            if isinstance(measured, NotEstimable):
                yield (arm.name, bias.form.value, "tracking", *_number(measured))
                continue
            rows = {"tracking": measured.tracking, "answered_error_plane_mm": measured.error_mm}
            for axis, line in (("x", measured.x), ("y", measured.y), ("area", measured.area)):
                if line is not None:
                    rows |= {f"slope_{axis}": line.slope, f"r_squared_{axis}": line.r_squared}
            rows |= {f"gain_mm over {name}": item.gain_mm for name, item in measured.priors.items()}
            for name, found in rows.items():
                yield (arm.name, bias.form.value, name, *_number(found))


def _controls(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        for response in arm.controls:
            parts = [
                ("grade", response.grades),
                *((place.form.value, place) for place in response.places),
            ]
            for form, part in parts:
                for name, found in _measured(part):
                    yield (arm.name, response.control.value, form, name, *_number(found))


def _measured(part: GradeResponse | PlaceResponse | None) -> Iterator[tuple[str, Measured]]:
    for field in fields(part) if part is not None else ():
        found = getattr(part, field.name)
        if isinstance(found, Estimate | NotEstimable):
            yield field.name, found


def _failures(report: Report) -> Iterator[Line]:
    for arm in report.arms:
        for failure in arm.failures:
            reason = failure.reason.value if failure.reason else "any"
            yield (arm.name, reason, failure.n, *_number(failure.rate))


def _strata(report: Report) -> Iterator[Line]:
    for stratum in report.subgroups:
        for row in stratum.rows:
            numbers = {
                measures.ACCURACY: row.accuracy,
                measures.BALANCED_ACCURACY: row.balanced_accuracy,
                measures.CENTRE_ERROR: row.error_mm,
            }
            for measure, found in numbers.items():
                name = measure.exported_as
                yield (stratum.by.value, stratum.name, row.arm, name, *_number(found))


def _number(measured: Measured) -> Line:
    if isinstance(measured, NotEstimable):
        return ("", "", "", "", measured.reason)
    spread = ends(measured)
    low, high = (spread.low, spread.high) if spread else ("", "")
    why = _reason(measured.interval)
    return (value_of(measured), low, high, measured.n, why)


def _p(p: PValue) -> object:
    return "" if isinstance(p, NotEstimable) else p


def _reason(found: object) -> str:
    return found.reason if isinstance(found, NotEstimable) else ""
