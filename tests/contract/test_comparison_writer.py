"""What every comparison writer promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.fake_comparison import fake_comparison
from fakes.fake_comparison_writer import FakeComparisonWriter
from gliobench.adapters.html.comparison import HtmlComparisonWriter
from gliobench.adapters.storage import open_storage
from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.domain.errors import JobError


def html_in(folder: Path) -> ComparisonWriter:
    return HtmlComparisonWriter(open_storage(str(folder / "compared")))


def html_that_cannot_write(folder: Path) -> ComparisonWriter:
    (folder / "compared").write_text("a file stands where the folder should")
    return HtmlComparisonWriter(open_storage(str(folder / "compared")))


WRITERS: dict[str, Callable[[Path], ComparisonWriter]] = {
    "fake": lambda _: FakeComparisonWriter(),
    "html": html_in,
}
UNABLE: dict[str, Callable[[Path], ComparisonWriter]] = {
    "fake": lambda _: FakeComparisonWriter(full=True),
    "html": html_that_cannot_write,
}


@pytest.mark.parametrize("make", WRITERS.values(), ids=WRITERS)
def test_the_places_are_told_and_an_earlier_comparison_is_replaced(
    make: Callable[[Path], ComparisonWriter], tmp_path: Path
) -> None:
    writer = make(tmp_path)

    first, second = writer.write(fake_comparison()), writer.write(fake_comparison())

    assert first
    assert first == second


@pytest.mark.parametrize("make", UNABLE.values(), ids=UNABLE)
def test_a_place_that_cannot_be_written_is_named_in_one_line(
    make: Callable[[Path], ComparisonWriter], tmp_path: Path
) -> None:
    with pytest.raises(JobError, match="cannot be written") as told:
        make(tmp_path).write(fake_comparison())

    assert "\n" not in str(told.value)
