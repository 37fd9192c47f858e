"""Terms of titles and headings carry their meanings."""

from __future__ import annotations

import re
from html import unescape

import pytest

from gliobench.adapters.html.templating import MEANINGS, term
from gliobench.domain.metrics.measures import MEASURES

BUTTON = re.compile(r'<button type="button" class="term" title="(.*?)">(.*?)<')


@pytest.mark.parametrize("title", [measure.title for measure in MEASURES])
def test_the_title_of_every_measure_is_a_term(title: str) -> None:
    ((meaning, name),) = BUTTON.findall(term(title))

    assert unescape(meaning) == MEANINGS[name]


def test_the_longest_term_is_taken_once_and_the_rest_stays_as_it_is() -> None:
    marked = term("Advantage: balanced accuracy & accuracy, balanced accuracy <here>")

    assert [name for _, name in BUTTON.findall(marked)] == ["balanced accuracy", "accuracy"]
    assert marked.startswith("Advantage: <button")
    assert marked.endswith(", balanced accuracy &lt;here&gt;")


def test_a_part_of_a_word_or_of_a_name_is_no_term() -> None:
    assert term("cnn-dice, Diced, WTO and my-brier") == "cnn-dice, Diced, WTO and my-brier"
