"""Figures are well-formed pictures, whatever the names in them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from gliobench.adapters.html.figures.drawing import Axes, Dot, Figure, Label, Line, Panel
from gliobench.adapters.html.figures.rows import LINE, ROW, Scale, Strip, row_figure

EVIL = '<script>alert("x")</script>\'"&'
SVG = "{http://www.w3.org/2000/svg}"
UNIT = Axes(at=(10, 20), size=(100, 50), x=(0, 2), y=(-1, 1))


def drawn(*marks: Dot | Label | Line | Panel) -> Figure:
    return Figure("one", EVIL, "it says", f"alt {EVIL}", (200, 100), marks)


def rows(*names: str) -> Figure:
    told = [Strip(name, "0.50 · 0.25 to 0.75", 0.5, 0.25, 0.75) for name in names]
    return row_figure("rows", "Rows", "", told, Scale((0, 1), (0.0, 1.0), mark=0.5))


@pytest.mark.parametrize(
    ("value", "place"),
    [((0, -1), (10, 70)), ((2, 1), (110, 20)), ((1, 0), (60, 45)), ((9, -9), (110, 70))],
    ids=["low", "high", "middle", "beyond both edges"],
)
def test_values_are_placed_upwards_and_kept_inside(
    value: tuple[float, float], place: tuple[float, float]
) -> None:
    assert UNIT.place(*value) == pytest.approx(place)


def test_a_scale_may_run_backwards() -> None:
    right_on_the_left = Axes(at=(0, 0), size=(100, 100), x=(50, -50))

    assert right_on_the_left.place(50, 0) == (0.0, 100.0)


def test_a_file_stands_alone_and_tells_what_is_to_be_seen() -> None:
    marks = (Dot((1, 2), 3, "answer", says=EVIL), Label((5, 5), EVIL, turned=True))

    tree = ElementTree.fromstring(drawn(*marks).file(".answer { fill: red; }"))

    assert tree.tag == f"{SVG}svg"
    assert tree.findtext(f"{SVG}desc") == f"alt {EVIL}"
    assert tree.findtext(f"{SVG}style") == ".answer { fill: red; }"
    assert tree.findtext(f"{SVG}text") == EVIL
    assert not tree.findall(f".//{SVG}script")
    assert (tree.get("viewBox"), tree.get("width")) == ("-8 -8 216 116", "432")


def test_inline_a_figure_has_its_alt_text_and_no_style_of_its_own() -> None:
    text = str(drawn(Line([(0, 0), (10.126, -0.004)], "curve", closed=True)).__html__())

    tree = ElementTree.fromstring(text)
    assert tree.get("aria-label") == f"alt {EVIL}"
    assert tree.get("role") == "img"
    assert [one.get("d") for one in tree] == ["M0 0L10.13 0Z"]
    assert "style" not in text.replace(EVIL, "")


def test_a_row_says_in_words_what_it_shows() -> None:
    figure = rows("first", "second")

    assert figure.alt == "first: 0.50 · 0.25 to 0.75; second: 0.50 · 0.25 to 0.75."
    assert [mark.text for mark in figure.marks if isinstance(mark, Label)] == [
        *("first", "0.50 · 0.25 to 0.75", "second", "0.50 · 0.25 to 0.75"),
        *("0", "1"),
    ]


def test_long_names_have_a_line_of_their_own() -> None:
    short, long = rows("a", "b"), rows("a", "b" * 60)

    assert long.size[1] - short.size[1] == 2 * LINE
    assert short.size[1] == 2 * ROW + 18


def test_single_values_stay_in_their_row() -> None:
    row = Strip("a", "", 0.5, 0.2, 0.8, singles=tuple(n / 100 for n in range(100)))
    figure = row_figure("rows", "Rows", "", [row], Scale((0, 1), ()))

    heights = [mark.at[1] for mark in figure.marks if isinstance(mark, Dot)]

    assert len(heights) == 101
    assert min(heights) > 13
    assert max(heights) < 2 + ROW
