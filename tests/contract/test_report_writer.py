"""What every report writer promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.fake_report import constant_backend, fake_report
from fakes.fake_report_writer import FakeReportWriter
from gliobench.adapters.html.page import HtmlReportWriter
from gliobench.adapters.storage import open_storage
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.domain.errors import JobError


def html_in(folder: Path) -> ReportWriter:
    return HtmlReportWriter(open_storage(str(folder / "run")))


def html_that_cannot_write(folder: Path) -> ReportWriter:
    (folder / "run").write_text("a file stands where the folder should")
    return HtmlReportWriter(open_storage(str(folder / "run")))


WRITERS: dict[str, Callable[[Path], ReportWriter]] = {
    "fake": lambda _: FakeReportWriter(),
    "html": html_in,
}
UNABLE: dict[str, Callable[[Path], ReportWriter]] = {
    "fake": lambda _: FakeReportWriter(full=True),
    "html": html_that_cannot_write,
}


@pytest.mark.parametrize("make", WRITERS.values(), ids=WRITERS)
def test_the_places_of_what_was_written_are_told(
    make: Callable[[Path], ReportWriter], tmp_path: Path
) -> None:
    assert make(tmp_path).write(fake_report(constant_backend()))


@pytest.mark.parametrize("make", WRITERS.values(), ids=WRITERS)
def test_an_earlier_report_is_replaced(
    make: Callable[[Path], ReportWriter], tmp_path: Path
) -> None:
    writer = make(tmp_path)

    first = writer.write(fake_report(constant_backend()))
    second = writer.write(fake_report(constant_backend()))

    assert first == second


@pytest.mark.parametrize("make", UNABLE.values(), ids=UNABLE)
def test_a_place_that_cannot_be_written_is_named_in_one_line(
    make: Callable[[Path], ReportWriter], tmp_path: Path
) -> None:
    with pytest.raises(JobError, match="cannot be written") as told:
        make(tmp_path).write(fake_report(constant_backend()))

    assert "\n" not in str(told.value)
