"""The section of the report on whether backends know when they are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fakes.fake_comparison import compared, looks
from gliobench.adapters.html.blocks import with_content
from gliobench.adapters.html.page import render_report
from gliobench.adapters.html.sections.uncertainty import uncertainty
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.predictions.prediction import Form, GradePrediction, GradeSet
from gliobench.domain.studies.study import Grade


def sure(n: int = 10) -> Sequence[CaseScore]:
    """Make a backend that is least sure where its Dice is lowest, and gives sets of grades."""
    return [
        replace(
            case,
            site="Home",
            grade=GradePrediction(Grade.HGG, 0.9, grade_set=GradeSet((Grade.HGG,), 0.9)),
            localisation={**case.localisation, Form.MASK: FormOutcome({"WT_dice": number / n})},
            confidence=number / n,
        )
        for number, case in enumerate(looks(n))
    ]


def test_a_backend_that_states_its_confidence_has_a_section() -> None:
    page = render_report(compared(sure=sure(), silent=looks(10)))

    assert '<section id="uncertainty"' in page
    # Dice 0, 0.1 … 0.9: mean 0.45; without the two least sure 0.55. 7 of 10 and 5 of 8 are poor.
    assert "without the least sure fifth Dice 0.45 → 0.55, below 0.7 70 % → 62 %; n = 10" in page
    everywhere, by_site = page.split("<summary>Sets of grades by site</summary>")
    assert "Covered, LGG" in everywhere
    assert ">Home<" in by_site


def test_without_a_confidence_there_is_none() -> None:
    report = compared(one=looks(10), other=looks(10))

    assert with_content(uncertainty(report)) == []
    assert 'id="uncertainty"' not in render_report(report)
