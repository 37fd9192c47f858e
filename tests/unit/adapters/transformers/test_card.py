from pathlib import Path

import pytest

from gliobench.adapters.transformers.cards import card_of
from gliobench.adapters.transformers.mllama.options import STAND_IN_FOLDER
from gliobench.domain.errors import BackendError


def test_a_card_gives_what_it_states_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text('{"trained_on": ["aa"], "curve": [1, 2]}')

    assert card_of(str(tmp_path)) == {"trained_on": ("aa",)}


def test_the_stand_in_says_that_it_is_one() -> None:
    assert "stand-in" in card_of(str(STAND_IN_FOLDER / "model"))


def test_who_has_no_card_states_nothing(tmp_path: Path) -> None:
    assert card_of(None) == card_of(str(tmp_path)) == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "[" * 10**5, '{"trained_on": "all"}', '{"trained_on": [1]}', '{"settings": 3}'],
)
def test_what_is_no_card_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(text)

    with pytest.raises(BackendError, match=r"card\.json is no card: [^\n]+$"):
        card_of(str(tmp_path))
