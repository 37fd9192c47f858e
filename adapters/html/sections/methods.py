"""The methods of a report, as text for a paper, and the reporting checklists that it answers.

`checklists.json` lists the items: the numbers are those of the checklists, the wording is ours, and
an item that the page can answer names its topic.

CLAIM: Tejani et al., "Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024
update", Radiol Artif Intell 2024, 10.1148/ryai.240300. TRIPOD+AI: Collins et al., BMJ 2024,
10.1136/bmj-2023-078378.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from gliobench.adapters.html.blocks import Block, Closed, Part, Prose, Template
from gliobench.adapters.html.numbers import count, listed
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
from gliobench.domain.statistics.normal_limit import DRAWN_UP_TO
from gliobench.domain.statistics.normal_limit import FEWEST as FEWEST_ALIKE
from gliobench.domain.statistics.reliability import BINS, Reliability
from gliobench.domain.statistics.swapping import SWAPS
from gliobench.domain.studies.grading_target import GRADED, POSITIVE


def methods(report: Report) -> list[Block]:
    """Return the section."""
    return [
        Closed("Methods, as text for a paper", [Prose(method_paragraphs(report), "paste")]),
        Part(
            "Reporting checklists",
            list(_checklists(report)),
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
            DRAWN_UP_TO=DRAWN_UP_TO,
            FEWEST=FEWEST,
            FEWEST_ALIKE=FEWEST_ALIKE,
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


CHECKLISTS = Path(__file__).parent / "checklists.json"


def _checklists(report: Report) -> Iterator[Block]:
    """Yield the checklists, with the items that this comparison answers."""
    known = dict(_answers(report))
    for checklist in json.loads(CHECKLISTS.read_text(encoding="utf-8")):
        items, title = checklist["items"], checklist["title"]
        answered = [(item, known[item["topic"]]) for item in items if item.get("topic") in known]
        left = [item for item in items if item.get("topic") not in known]
        summary = f"{title}: {len(answered)} of {len(items)} items addressed on this page"
        values = {**checklist, "answered": answered, "left": left}
        yield Closed(summary, [Template("checklist.html", values)])


def _answers(report: Report) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield topics with data: the section that answers them, and how far."""
    cohort, kinds = report.cohort, {finding.kind for finding in report.findings}
    failing = [arm.name for arm in report.arms if arm.failures[0].n]
    missing = (
        f"counted as the worst answer: {listed(failing)}" if failing else "no answer is missing"
    )
    overlap = "found" if FindingKind.LEAKAGE in kinds else "none found in the backends' metadata"
    yield "goal", ("methods", "a comparison of backends by a primary endpoint")
    yield "missing", ("robustness", missing)
    yield (
        "disjoint",
        ("provenance", f"overlap with training patients and images, by hash: {overlap}"),
    )
    yield "software", ("provenance", "versions, and each backend's weights")
    yield "predicting", ("provenance", "fingerprint of weights, prompts and settings")
    yield "metrics", ("methods", "all measures, plots and tests of the comparison")
    yield "uncertainty", ("methods", "confidence intervals, tests and their correction")
    yield "subgroups", ("subgroups", f"by tumour size, side, position, {GRADED} and site")
    yield "flow", ("provenance", f"from {count(report.flow.n_given, 'study')} given")
    yield "counts", ("provenance", f"{cohort.n_patients:,} patients, by {GRADED} and site")
    yield "failures", ("robustness", "confusion matrices, and failures by reason")
    if any(pair.detectable for pair in report.pairs):
        yield "power", ("grading", "detectable difference; not how the size was chosen")
    if any(arm.grading for arm in report.arms):
        yield "performance", ("grading", f"with 95 % CI, beside always answering {POSITIVE}")
        if cohort.sites:
            sites = f"site by {GRADED}, and a grader that uses the site alone"
            yield "sites", ("provenance", sites)
    else:
        yield "performance", ("localisation", "with 95 % CI")
    if any(isinstance(arm.calibration, Reliability) for arm in report.arms):
        yield "no updating", ("grading", "none: probabilities were not recalibrated")
