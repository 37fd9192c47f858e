import runpy
import tomllib
from pathlib import Path

import pytest

CHECK = Path(__file__).parents[2] / ".ci/check_words.py"
FIND = runpy.run_path(str(CHECK))["find"]
WORDS = tomllib.loads(CHECK.with_name("words.toml").read_text(encoding="utf-8"))["words"]


def found(text: str) -> list[tuple[int, str]]:
    return [(line, phrase) for line, phrase, _ in FIND(text, WORDS)]


def test_a_planted_word_is_found_with_its_line_and_what_to_say_instead() -> None:
    (hit,) = FIND("A plain line.\nThis checks the runs, and vouches for them.\n", WORDS)

    assert hit == (2, "vouches", "check")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "X is not told from it by this sample",
            "the difference from X is not statistically significant",
        ),
        (
            "better by more than chance explains",
            "significantly better (Holm-adjusted p < 0.05)",
        ),
        ("In colour: above it for sure.", "Coloured: 95 % CI excludes the reference line."),
        (
            "Accuracy is no sign of skill here",
            "Always answering HGG would score 80 %: read balanced accuracy.",
        ),
        ("Every two backends", "Pairwise comparisons"),
        ("Who differs from whom", "Significance matrix"),
        ("where 0 owes nothing to the tumour", "0 = independent of tumour position"),
        ('"""Give what looks at pictures."""', '"""Return the picture encoder."""'),
        ("Of folds, weights and batches.", "Seed of folds, initial weights and batches."),
    ],
)
def test_a_riddling_sentence_is_found_and_a_plain_one_is_not(before: str, after: str) -> None:
    assert found(before)
    assert not found(after)


def test_a_phrase_is_found_across_lines_of_comments_and_of_adjoining_strings() -> None:
    assert (1, "looks # at no") in found("x = 1  # looks\n# at no tumour")
    assert any(line == 1 for line, _ in found('text = (f"better by more than "\n    f"chance")'))


def test_a_word_is_found_in_an_identifier_and_not_inside_another_word() -> None:
    assert found("crew_of(workers)")
    assert not found("the screw, the retold story, the heart")
