"""Items of two reporting checklists: answered by this page, or left to the author.

CLAIM: Tejani et al., "Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024
update", Radiol Artif Intell 2024, 10.1148/ryai.240300. TRIPOD+AI: Collins et al., BMJ 2024,
10.1136/bmj-2023-078378. The item numbers are those of the checklists, the wording is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gliobench.adapters.html.numbers import count, listed
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.statistics.reliability import Reliability


@dataclass(frozen=True, slots=True)
class Answer:
    """Where the page answers an item, and how far."""

    section: str
    says: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item; `answer` is None where it is left to the author."""

    number: str
    asks: str
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Checklist:
    """One checklist, all its items in order."""

    title: str
    source: str
    items: tuple[Item, ...]

    @property
    def answered(self) -> list[Item]:
        """The items that the page answers."""
        return [item for item in self.items if item.answer]

    @property
    def left(self) -> list[Item]:
        """The items left to the author."""
        return [item for item in self.items if not item.answer]


def checklists(report: Report) -> list[Checklist]:
    """Return the checklists, with the items that this comparison answers."""
    known = _answers(report)
    return [
        _checklist(
            "CLAIM, 2024 update",
            "Tejani et al., Radiology: Artificial Intelligence 2024, doi 10.1148/ryai.240300",
            CLAIM,
            known,
        ),
        _checklist(
            "TRIPOD+AI", "Collins et al., BMJ 2024, doi 10.1136/bmj-2023-078378", TRIPOD_AI, known
        ),
    ]


def _checklist(
    title: str, source: str, items: Mapping[str, tuple[str, str]], known: Mapping[str, Answer]
) -> Checklist:
    return Checklist(
        title,
        source,
        tuple(Item(name, asks, known.get(topic)) for name, (asks, topic) in items.items()),
    )


def _answers(report: Report) -> dict[str, Answer]:
    """Return the answers by topic; topics without data are omitted."""
    cohort, kinds = report.cohort, {finding.kind for finding in report.findings}
    failing = [arm.name for arm in report.arms if arm.failures[0].n]
    found = {
        "goal": Answer("methods", "a comparison of backends by a primary endpoint"),
        "missing": Answer(
            "robustness",
            f"counted as the worst answer: {listed(failing)}"
            if failing
            else "no answer is missing",
        ),
        "disjoint": Answer(
            "provenance",
            "overlap with training patients and images, by hash: "
            + ("found" if FindingKind.LEAKAGE in kinds else "none found in the backends' metadata"),
        ),
        "software": Answer("provenance", "versions, and each backend's weights"),
        "predicting": Answer("provenance", "fingerprint of weights, prompts and settings"),
        "metrics": Answer("methods", "all measures, plots and tests of the comparison"),
        "uncertainty": Answer("methods", "confidence intervals, tests and their correction"),
        "subgroups": Answer("subgroups", "by tumour size, side, position, grade and site"),
        "flow": Answer("provenance", f"from {count(report.flow.n_given, 'study')} given"),
        "counts": Answer("provenance", f"{cohort.n_patients:,} patients, by grade and site"),
        "performance": Answer("grading", "with 95 % CI, beside always answering HGG"),
        "failures": Answer("robustness", "confusion matrices, and failures by reason"),
    }
    graded = [arm for arm in report.arms if arm.summary.everyone.intention_to_treat.grading]
    if any(pair.detectable for pair in report.pairs):
        found["power"] = Answer("grading", "detectable difference; not how the size was chosen")
    if not graded:
        found["performance"] = Answer("localisation", "with 95 % CI")
    if graded and cohort.sites:
        found["sites"] = Answer(
            "provenance", "site by grade, and a grader that uses the site alone"
        )
    if any(isinstance(arm.calibration, Reliability) for arm in report.arms):
        found["no updating"] = Answer("grading", "none: probabilities were not recalibrated")
    return found


CLAIM: Mapping[str, tuple[str, str]] = {
    "1": ("title names the technology", ""),
    "2": ("structured abstract", ""),
    "3": ("background and intended use", ""),
    "4": ("aims and hypotheses", ""),
    "5": ("prospective or retrospective", ""),
    "6": ("goal of the study", "goal"),
    "7": ("sources of data", ""),
    "8": ("inclusion and exclusion criteria", ""),
    "9": ("preprocessing", ""),
    "10": ("selection of subsets of the data", ""),
    "11": ("de-identification", ""),
    "12": ("how missing data were handled", "missing"),
    "13": ("image acquisition", ""),
    "14": ("definition of the reference standard", ""),
    "15": ("why that reference standard", ""),
    "16": ("who annotated", ""),
    "17": ("how the test set was annotated", ""),
    "18": ("variability between annotators", ""),
    "19": ("how data were assigned to partitions", ""),
    "20": ("level at which partitions are disjoint", "disjoint"),
    "21": ("size of the test set", "power"),
    "22": ("description of the model", ""),
    "23": ("software and versions", "software"),
    "24": ("initial parameters", ""),
    "25": ("training", ""),
    "26": ("choice of the final model", ""),
    "27": ("ensembles", ""),
    "28": ("measures of performance", "metrics"),
    "29": ("uncertainty and significance", "uncertainty"),
    "30": ("robustness or sensitivity", "subgroups"),
    "31": ("explainability", ""),
    "32": ("internal testing", ""),
    "33": ("external testing", ""),
    "34": ("trial registration", ""),
    "35": ("included and excluded patients or examinations, with a flowchart", "flow"),
    "36": ("demographic and clinical characteristics", ""),
    "37": ("performance against the reference standard", "performance"),
    "38": ("diagnostic accuracy with its precision", "performance"),
    "39": ("analysis of failures", "failures"),
    "40": ("limitations", ""),
    "41": ("implications for practice", ""),
    "42": ("full protocol", ""),
    "43": ("availability of software, model and data", ""),
    "44": ("funding", ""),
}
"""Items by number: their subject, and the topic that answers them."""

TRIPOD_AI: Mapping[str, tuple[str, str]] = {
    "1": ("title", ""),
    "2": ("abstract", ""),
    "3a": ("healthcare context", ""),
    "3b": ("target population and purpose", ""),
    "3c": ("known inequalities", ""),
    "4": ("objectives", "goal"),
    "5a": ("sources of data", ""),
    "5b": ("dates", ""),
    "6a": ("setting and centres", ""),
    "6b": ("eligibility", ""),
    "6c": ("treatments", ""),
    "7": ("data preparation", ""),
    "8a": ("definition of the outcome", ""),
    "8b": ("who assessed the outcome", ""),
    "8c": ("blinding of the outcome", ""),
    "9a": ("choice of predictors", ""),
    "9b": ("definition of predictors", ""),
    "9c": ("who assessed predictors", ""),
    "10": ("sample size", "power"),
    "11": ("missing data", "missing"),
    "12a": ("use and partition of the data", "disjoint"),
    "12b": ("handling of predictors", ""),
    "12c": ("building of the model", ""),
    "12d": ("heterogeneity across clusters", "sites"),
    "12e": ("measures and plots of performance", "metrics"),
    "12f": ("updating of the model", "no updating"),
    "12g": ("how predictions were made", "predicting"),
    "13": ("class imbalance", ""),
    "14": ("fairness", ""),
    "15": ("output of the model", ""),
    "16": ("development against evaluation data", ""),
    "17": ("ethics", ""),
    "18a": ("funding", ""),
    "18b": ("conflicts of interest", ""),
    "18c": ("protocol", ""),
    "18d": ("registration", ""),
    "18e": ("data sharing", ""),
    "18f": ("code sharing", ""),
    "19": ("patients and public", ""),
    "20a": ("flow of participants", "flow"),
    "20b": ("characteristics of participants", ""),
    "20c": ("comparison with development data", ""),
    "21": ("participants and outcomes in each analysis", "counts"),
    "22": ("specification of the model", ""),
    "23a": ("performance with intervals, also in subgroups", "performance"),
    "23b": ("heterogeneity of performance across clusters", "sites"),
    "24": ("results of updating", ""),
    "25": ("interpretation", ""),
    "26": ("limitations", ""),
    "27a": ("poor or missing input", ""),
    "27b": ("what users have to do", ""),
    "27c": ("next steps", ""),
}
"""Items by number: their subject, and the topic that answers them."""
