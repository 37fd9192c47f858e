"""The comparison as one page that needs nothing but itself."""

from __future__ import annotations

from markupsafe import Markup

from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.comparison.figures import (
    FIELD_MM,
    clouds,
    difference_forest,
    reliability_curves,
)
from gliobench.adapters.html.comparison.tables import (
    bias_table,
    calibration_table,
    failure_table,
    graded_beside_the_paper,
    paired_grades,
    paired_places,
    strata_tables,
)
from gliobench.adapters.html.comparison.words import (
    POINT_ERROR,
    endpoint_name,
    lead,
    method_paragraphs,
    stamps,
)
from gliobench.adapters.html.numbers import interval, number, value_of
from gliobench.adapters.html.page import environment, policy, text
from gliobench.adapters.html.tables import (
    IN_VOLUME,
    ON_PLANE,
    grade_counts,
    localisation_table,
    site_rows,
)
from gliobench.domain.comparison.published import PAPER, PUBLISHED
from gliobench.domain.comparison.result import Comparison, Family
from gliobench.domain.statistics.estimate import Measured


def render_comparison(comparison: Comparison) -> str:
    """Put a comparison into HTML, under the policy of `render_html`; there is no script at all."""
    report = as_report(comparison)
    style = text("style.css") + text("comparison.css")
    family = Family.LOCALISATION
    nearer = None if comparison.primary == POINT_ERROR else POINT_ERROR
    return (
        environment()
        .get_template("comparison.html")
        .render(
            comparison=comparison,
            cohort=comparison.cohort,
            names=[arm.name for arm in comparison.arms],
            primary=endpoint_name(comparison.primary),
            lead=lead(comparison),
            stamps=stamps(comparison),
            grading=graded_beside_the_paper(comparison),
            paper=PAPER,
            published=list(PUBLISHED.values()),
            primary_forest=difference_forest(comparison, comparison.primary, Family.PRIMARY),
            pairs=paired_grades(comparison),
            error_forest=difference_forest(comparison, nearer, family) if nearer else None,
            on_plane=localisation_table(report, ON_PLANE),
            in_volume=localisation_table(report, IN_VOLUME),
            place_pairs=paired_places(comparison),
            field_mm=FIELD_MM,
            clouds=clouds(comparison),
            biases=bias_table(comparison),
            calibration=calibration_table(comparison),
            curves=reliability_curves(comparison),
            failures=failure_table(comparison),
            strata=strata_tables(comparison),
            site_rows=site_rows(report),
            grade_counts=grade_counts(comparison.cohort.grades),
            site_accuracy=_with_interval(comparison.sites.accuracy),
            site_balanced=_with_interval(comparison.sites.balanced_accuracy),
            methods=method_paragraphs(comparison),
            # Ours, and hashed: the only style that the page may use.
            style=Markup(style),  # noqa: S704
            policy=policy(style=style, script=""),
        )
    )


def _with_interval(measured: Measured) -> str:
    ends = interval(measured)
    return number(value_of(measured)) + (f" (95 % interval {ends})" if ends else "")
