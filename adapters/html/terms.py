"""Terms of titles and table headings, and their meanings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from gliobench.domain.metrics.measures import MEASURES, WORST_MM
from gliobench.domain.studies.grading_target import CLASS, CLASSES, POSITIVE

STATISTICS: Mapping[str, str] = {
    "AURC": "Area under the risk-coverage curve: mean of 1 − Dice over all shares refused; lower is better",
    "Bland–Altman": "Plot of the disagreement of two measurements over their mean, with the limits "
    "between which 95 % of disagreements are expected",
    "Confusion matrices": f"Counts of studies by reference {CLASS} and predicted {CLASS}",
    "Discordant": "Studies that one backend grades correctly and the other does not",
    "ECE": "Expected calibration error: mean absolute difference of predicted probability and observed "
    "share; above 0 by chance alone",
    "Entropy": "Evenness with which positions fill the plane: 0 for one position, 1 for all alike",
    "Hodges–Lehmann": "Median of all pairwise means of the differences: a robust estimate of the shift",
    "Holm": "Correction of p values for the number of tests in a family",
    "IQR": "Interquartile range: the middle 50 % of the values",
    "Limits of agreement": "Mean ± 1.96 standard deviations of the differences, here of log ratios",
    "McNemar": "Test of two proportions of correct answers on the same studies",
    "Miscalibration": "Mean squared difference of predicted probability and observed share; 0 is best",
    f"P({POSITIVE})": f"Predicted probability of {POSITIVE}",
    "Permutation": "Test that swaps the answers of two backends at random, study by study",
    "Precision-recall curves": "Precision (PPV) over recall (sensitivity) at every threshold of "
    f"P({POSITIVE})",
    "Reliability": "Agreement of predicted probabilities with observed shares",
    "Resolution": f"How well probabilities separate the {CLASSES}; higher is better",
    "ROC curves": f"Sensitivity over 1 − specificity at every threshold of P({POSITIVE})",
    "Scoring plane": "The axial plane of the largest reference area, used for scoring only",
    "Tracking index": "1 − own / others, from mean distances of answers to the tumour of their own "
    "patient and of other patients: 0 if answers are independent of tumour position, 1 at its centre",
    "Typical study": "Better by the signed-rank test, the shift and the majority of studies, in "
    "contrast to better on average",
    "Wilcoxon": "Signed-rank test of paired differences",
    "Wilson": "Confidence interval of a proportion, valid for few studies",
    "WT": "Whole tumour",
    "TC": "Tumour core: necrosis and enhancing tumour",
    "ET": "Enhancing tumour",
    "Failures": f"Predictions that could not be made; they count as the worst answer, {WORST_MM:g} mm "
    "for distances",
}
"""Those that are no measures."""
MEANINGS: Mapping[str, str] = {
    **STATISTICS,
    **{measure.title: measure.meaning for measure in MEASURES},
}
_MEANINGS = {term.lower(): meaning for term, meaning in MEANINGS.items()}
_LONGEST_FIRST = "|".join(map(re.escape, sorted(_MEANINGS, key=len, reverse=True)))
_TERM = re.compile(rf"(?<![\w-])(?:{_LONGEST_FIRST})(?![\w-])", re.IGNORECASE)


def explained(text: object, meaning: str) -> Markup:
    """Explain a text: `page.js` shows the meaning on touch and key too."""
    button = Markup('<button type="button" class="term" title="{}">{}</button>')
    return button.format(meaning, text)


def term(text: str) -> Markup:
    """Explain the terms of a title or heading, each once."""
    found: set[str] = set()

    def button(match: re.Match[str]) -> str:
        if (name := match[0].lower()) in found:
            return match[0]
        found.add(name)
        return explained(Markup(match[0]), _MEANINGS[name])  # noqa: S704 -- escaped before

    return Markup(_TERM.sub(button, str(escape(text))))  # noqa: S704 -- escaped before
