"""Figures are well-formed pictures, whatever the names in them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from gliobench.adapters.html.figures.drawing import Axes, Dot, Dots, Figure, Label, Line, Panel
from gliobench.adapters.html.figures.rows import LINE, ROW, Rows, Strip
from gliobench.adapters.html.figures.scale import Scale

EVIL = '<script>alert("x")</script>\'"&'
SVG = "{http://www.w3.org/2000/svg}"
UNIT = Axes((10, 20), (100, 50), Scale((0, 2), (0, 2), "up to two"), Scale((-1, 1), (1,)))


def drawn(*marks: Dot | Label | Line | Panel) -> Figure:
    return Figure("one", EVIL, "it says", f"alt {EVIL}", (200, 100), marks)


HEADS = {"value": "{}", "95 % CI": "CI {}", "failed": "{} failed"}


def rows(*names: str, **others: object) -> Figure:
    strips = [
        Strip(name, ("0.50", "0.25 to 0.75", ""), (0.5, 0.25, 0.75), ink="arm-3", **others)
        for name in names
    ]
    return Rows(HEADS, strips, Scale((0, 1), (0.0, 1.0), mark=0.5)).figure("rows", "Rows", "")


def phone(figure: Figure) -> Figure:
    assert figure.narrow is not None
    return figure.narrow


def texts(figure: Figure) -> list[str]:
    return [mark.text for mark in figure.marks if isinstance(mark, Label)]


@pytest.mark.parametrize(
    ("value", "place"),
    [((0, -1), (10, 70)), ((2, 1), (110, 20)), ((1, 0), (60, 45)), ((9, -9), (110, 70))],
    ids=["low", "high", "middle", "beyond both edges"],
)
def test_values_are_placed_upwards_and_kept_inside(
    value: tuple[float, float], place: tuple[float, float]
) -> None:
    assert UNIT.place(*value) == pytest.approx(place)


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


def test_many_dots_are_one_path_without_lengths() -> None:
    text = str(drawn(Dots([(1, 2), (3.126, 4)], "single")).__html__())

    assert '<path class="single" d="M1 2h0M3.13 4h0"/>' in text


def test_axes_have_the_ticks_and_titles_of_their_scales() -> None:
    labels = {mark.text: mark.at for mark in UNIT.frame() if isinstance(mark, Label)}

    assert labels == {
        "0": (10, 82),
        "2": (110, 82),
        "up to two": (60, 94),
        "1": (6, 23.5),
        "": (-15, 45),
    }


def test_a_row_says_in_words_what_it_shows() -> None:
    figure = rows("first", "second")

    assert figure.alt == "first: 0.50 · CI 0.25 to 0.75; second: 0.50 · CI 0.25 to 0.75."
    assert texts(figure) == [
        *("value", "95 % CI", "first", "0.50", "0.25 to 0.75", "second", "0.50", "0.25 to 0.75"),
        *("0", "1"),
    ]
    assert texts(phone(figure))[:2] == ["first", "0.50 · CI 0.25 to 0.75"]


def test_names_scale_and_numbers_stand_side_by_side_a_line_a_row() -> None:
    figure = rows("first", "second")

    name, value, interval = (
        next(mark for mark in figure.marks if isinstance(mark, Label) and mark.text == text)
        for text in ("first", "0.50", "0.25 to 0.75")
    )
    dot = next(mark for mark in figure.marks if isinstance(mark, Dot))
    assert name.at[0] == 0 < dot.at[0] < value.at[0] < interval.at[0] == figure.size[0]
    assert name.at[1] == value.at[1] == interval.at[1]
    assert rows("a", "b", "c").size[1] - figure.size[1] == LINE


def test_long_names_widen_the_canvas_and_have_a_line_of_their_own_on_phones() -> None:
    short, long = rows("a", "b"), rows("a", "b" * 100)

    assert long.size[0] > short.size[0]
    assert phone(long).size[1] - phone(short).size[1] == 2 * 12
    assert phone(short).size[1] == 2 * ROW + 18


def test_single_values_stay_in_their_row() -> None:
    figure = rows("a", singles=tuple(n / 100 for n in range(100)))

    for one in (figure, phone(figure)):
        (dots,) = (mark for mark in one.marks if isinstance(mark, Dots))
        heights = [y for _, y in dots.places]
        assert len(heights) == 100
        assert min(heights) > 13
        assert max(heights) < one.size[1] - 18


def test_rows_of_a_group_stand_below_its_heading() -> None:
    figure = rows("a", "b", group="WT")

    assert texts(figure)[2] == "WT"
    assert figure.size[1] == rows("a", "b").size[1] + LINE
    assert figure.alt.startswith("WT: a: 0.50")


def test_stacked_bars_follow_one_another() -> None:
    strip = Strip("a", ("", "", ""), parts={"refusal": 0.5, "timeout": 0.25}, ink="arm-1")
    figure = Rows(HEADS, [strip], Scale((0, 1), ())).figure("rows", "Rows", "")

    first, second = (mark for mark in figure.marks if isinstance(mark, Panel))
    assert first.at[0] + first.size[0] == pytest.approx(second.at[0])
    assert second.size[0] == pytest.approx(first.size[0] / 2)
    assert first.strength > second.strength


def test_the_numbers_of_a_figure_are_exact() -> None:
    figure = rows("a, b", singles=(1 / 3,))

    assert figure.csv == (
        "group,name,quantity,value\n"
        ',"a, b",estimate,0.5\n'
        ',"a, b","95 % CI, lower",0.25\n'
        ',"a, b","95 % CI, upper",0.75\n'
        ',"a, b",study,0.3333333333333333\n'
    )


def test_a_backend_whose_name_is_a_formula_is_text_in_a_spreadsheet() -> None:
    figure = rows("=1+1", singles=(-0.5,))

    assert figure.csv.endswith(",'=1+1,study,-0.5\n")
