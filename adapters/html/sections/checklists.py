"""Items of two reporting checklists: answered by this page, or left to the author.

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

from gliobench.adapters.html.blocks import Block, Closed, Template
from gliobench.adapters.html.numbers import count, listed
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.studies.grading_target import GRADED, POSITIVE

CHECKLISTS = Path(__file__).with_suffix(".json")


def checklists(report: Report) -> Iterator[Block]:
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
