"""The methods of a report, as text for a paper."""

from __future__ import annotations

from gliobench.adapters.html.blocks import Block, Closed, Part, Prose
from gliobench.adapters.html.sections.checklists import checklists
from gliobench.adapters.html.stamps import unranked
from gliobench.adapters.html.templating import environment
from gliobench.adapters.html.words import (
    concerned,
    endpoint_name,
    grade_counts,
    primary_test,
    repeats_patients,
)
from gliobench.domain.comparison.endpoints import AUROC
from gliobench.domain.comparison.pair import ALPHA, Family
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.definitions import PENALTY, TUMOUR_FREE
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.metrics.measures import HD95_MM, NSD, WORST_MM
from gliobench.domain.position.tracking import SHUFFLES
from gliobench.domain.statistics.delong import FEWEST
from gliobench.domain.statistics.means import RESAMPLES
from gliobench.domain.statistics.reliability import BINS, Reliability
from gliobench.domain.statistics.swapping import SWAPS


def methods(report: Report) -> list[Block]:
    """Return the section."""
    return [
        Closed("Methods, as text for a paper", [Prose(method_paragraphs(report), "paste")]),
        Part(
            "Reporting checklists",
            list(checklists(report)),
            "Ticked items are addressed on this page, in the section named; all others are left to the "
            "author. A tick does not mean that the item is fully met. Item numbers are those of the "
            "checklists, the wording is ours.",
        ),
    ]


def method_paragraphs(report: Report) -> list[str]:
    """Describe the methods; each paragraph is self-contained.

    `templates/methods.md` holds the text; in it, a blank line ends a paragraph.
    """
    hgg, lgg = grade_counts(report)
    chosen = f"The primary endpoint ({report.primary_choice.value}) was the {endpoint_name(report.primary)}."
    text = (
        environment()
        .get_template("methods.md")
        .render(
            ALPHA=ALPHA,
            BINS=BINS,
            FEWEST=FEWEST,
            HD95_MM=HD95_MM,
            NSD=NSD,
            PENALTY=PENALTY,
            RESAMPLES=RESAMPLES,
            SHUFFLES=SHUFFLES,
            SWAPS=SWAPS,
            TUMOUR_FREE=TUMOUR_FREE,
            WORST_MM=WORST_MM,
            report=report,
            cohort=report.cohort,
            hgg=hgg,
            lgg=lgg,
            baselines=[arm.name for arm in report.arms if arm.baseline],
            decided_by=chosen if report.cohort.is_ranked else unranked(report.cohort),
            repeated=repeats_patients(report),
            by_auroc=report.primary == AUROC,
            test=primary_test(report.primary),
            families=[family.value for family in Family],
            calibrated=any(isinstance(arm.calibration, Reliability) for arm in report.arms),
            cross_validated=sorted(concerned(report, FindingKind.HELD_OUT)),
            learned=sorted(set(concerned(report, FindingKind.LEAKAGE, FindingKind.PRIORS))),
            unstated=concerned(report, FindingKind.UNSTATED_TRAINING),
            versions=[f"{name} {version}" for name, version in sorted(report.versions.items())],
        )
    )
    text = report.target.in_words(text)
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
