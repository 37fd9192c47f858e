import json

import pytest

from gliobench.domain.errors import WrongAnswerError
from gliobench.domain.predictions.reasons import Reason, read_reasons, reasons_text, write_reasons

REASONS = (Reason("et_ml", "ET 12.0 ml", 1 / 3), Reason("wt_ml", "WT 80 ml", -0.25))


def test_reasons_are_written_in_one_line_each_with_its_weight() -> None:
    assert reasons_text(REASONS) == "ET 12.0 ml (+0.3), WT 80 ml (−0.2)"


def test_reasons_come_back_as_they_were_written() -> None:
    assert read_reasons(write_reasons(REASONS)) == REASONS
    assert write_reasons(()) is None
    assert read_reasons(None) == ()


def test_a_weight_that_is_not_finite_is_refused() -> None:
    with pytest.raises(WrongAnswerError, match="not finite"):
        Reason("et_ml", "ET", float("nan"))


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[" * 100_000,
        "[5]",
        "{}x",
        '[{"feature": "a"}]',
        json.dumps([{"feature": 1, "text": "a", "log_odds": 0.0}]),
        json.dumps([{"feature": "a", "text": "a", "log_odds": "x"}]),
        '[{"feature": "a", "text": "a", "log_odds": Infinity}]',
    ],
)
def test_what_holds_no_reasons_is_refused(text: str) -> None:
    with pytest.raises((LookupError, ValueError, TypeError)):
        read_reasons(text)
