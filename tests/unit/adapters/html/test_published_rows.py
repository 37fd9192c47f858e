"""What was published of other models is never told in the row of a backend of ours."""

from __future__ import annotations

from fakes.fake_comparison import compared, looks, says_hgg
from gliobench.adapters.html.blocks import Closed, Numbers
from gliobench.adapters.html.numbers import MISSING
from gliobench.adapters.html.sections.grading import NOT_THIS_RUN, grading, published_table


def test_published_figures_stand_in_a_table_of_their_own_that_is_closed() -> None:
    blocks = list(grading(compared(llama_vision=looks(12), cnn_onnx=says_hgg(12))))

    ours = [block.content for block in blocks if isinstance(block, Numbers) and block.content]
    published = next(
        block for block in blocks if isinstance(block, Closed) and block.summary == NOT_THIS_RUN
    )
    names = {row.name for table in ours for group in table.groups for row in group.rows}
    assert {"llama-vision", "cnn-onnx"} <= names
    assert not names & {row.name for row in published_table().groups[0].rows}
    assert published.content


def test_published_figures_are_told_where_they_were_given_and_no_more() -> None:
    table = published_table()

    figures = {row.name: [cell.text for cell in row.cells] for row in table.groups[0].rows}
    assert figures["LLaMA 3.2 Vision, base"] == ["0.76", *[MISSING] * 2, "0.18", *[MISSING] * 3]
    assert figures["3D CNN"] == ["0.80", *[MISSING] * 6]
    assert {row.scored for row in table.groups[0].rows} == {"n not given"}
    assert {len(row.cells) for row in table.groups[0].rows} == {len(table.columns)}
