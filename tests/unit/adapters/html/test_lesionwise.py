"""The part on the challenges' scores."""

from __future__ import annotations

from dataclasses import replace

from fakes.fake_report import clever_backend, constant_backend, fake_report
from gliobench.adapters.html.blocks import Numbers, Part, Prose
from gliobench.adapters.html.sections.localisation import DIFFERENCE, lesionwise
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.summary import FormSummary, Spread
from gliobench.domain.metrics.measures import MEASURES
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Estimate


def with_scores(report: Report, arm: str) -> Report:
    """Give an arm a Dice of 0.31 by one rule and of 0.93 by the other."""
    values = {"brats2023_dice": 0.31, "brats2026_dice": 0.93, "brats2023_hd95_mm": 249.7}
    found = {one: Estimate(values[one.key], UNMEASURED, 8) for one in MEASURES if one.key in values}
    spread = {one: Spread((1, 2, 374), 3) for one in found if one.is_distance}
    arms = []
    for one in report.arms:
        ways = one.summary.everyone
        rows = [
            replace(row, measures={**row.measures, **found}, spreads={**row.spreads, **spread})
            if row.form is Form.MASK and one.name == arm
            else row
            for row in ways.intention_to_treat.localisation
        ]
        counted = replace(ways.intention_to_treat, localisation=tuple[FormSummary, ...](rows))
        everyone = replace(ways, intention_to_treat=counted)
        arms.append(replace(one, summary=replace(one.summary, everyone=everyone)))
    return replace(report, arms=tuple(arms))


def test_both_rules_stand_side_by_side_with_a_sentence_why_they_differ() -> None:
    (part,) = lesionwise(with_scores(fake_report(clever_backend()), "clever"))

    assert isinstance(part, Part)
    assert part.content[0] == Prose([DIFFERENCE])
    (numbers,) = (block for block in part.content if isinstance(block, Numbers))
    assert numbers.content is not None
    assert [column.title for column in numbers.content.columns] == [
        "Dice 2023",
        "Dice 2026",
        "HD95 2023, mm",
    ]
    whole = numbers.content.groups[0]
    assert whole.title == "Whole tumour"
    assert [cell.text for cell in whole.rows[0].cells] == ["0.31", "0.93", "249.7"]
    assert "3 at 374" in whole.rows[0].cells[2].small


def test_a_run_that_was_not_scored_so_says_how_it_is() -> None:
    (sentence,) = lesionwise(fake_report(clever_backend()))

    assert isinstance(sentence, Prose)
    assert "--measures brats2023,brats2026" in sentence.content[0]
    assert "without inference" in sentence.content[0]


def test_of_several_backends_those_without_scores_are_named() -> None:
    report = with_scores(fake_report(clever_backend(), clever_backend("other")), "clever")

    (part,) = lesionwise(report)

    assert isinstance(part, Part)
    assert isinstance(part.content[-1], Prose)
    assert part.content[-1].content[0].startswith("other: no lesion-wise scores")


def test_a_backend_without_masks_is_not_asked_for_any() -> None:
    assert lesionwise(fake_report(constant_backend())) == []
