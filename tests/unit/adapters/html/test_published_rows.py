"""What was published of other models is never told in the row of a backend of ours."""

from __future__ import annotations

from fakes.fake_comparison import compared, looks, says_hgg
from gliobench.adapters.html.numbers import MISSING
from gliobench.adapters.html.sections.grading import NOT_THIS_RUN, graded_beside_the_paper


def test_published_figures_stand_in_rows_of_their_own() -> None:
    table = graded_beside_the_paper(compared(llama_vision=looks(12), cnn_onnx=says_hgg(12)))

    assert table is not None
    *ours, published = table.groups
    assert published.title == NOT_THIS_RUN
    figures = {row.name: [cell.text for cell in row.cells] for row in published.rows}
    assert figures["LLaMA 3.2 Vision, base"] == ["0.76", *[MISSING] * 2, "0.18", *[MISSING] * 3]
    assert figures["3D CNN"] == ["0.80", *[MISSING] * 6]
    assert {row.scored for row in published.rows} == {"n not given"}
    assert not set(figures) & {row.name for group in ours for row in group.rows}


def test_a_backend_has_a_cell_for_each_of_its_own_measures_and_no_more() -> None:
    table = graded_beside_the_paper(compared(llama_vision=looks(12), cnn_onnx=says_hgg(12)))

    assert table is not None
    assert {len(row.cells) for group in table.groups for row in group.rows} == {len(table.columns)}
    assert "Published" not in {column.title for column in table.columns}
