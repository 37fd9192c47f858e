"""The page of a comparison says who is better, is harmless, and needs nothing but itself."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from fakes.fake_comparison import compared, fake_comparison, looks, saved_run, says_hgg
from fakes.fake_report import in_words
from fakes.page import Page
from gliobench.adapters.html.facts import render_json, report_schema
from gliobench.adapters.html.lead import claims, verdict
from gliobench.adapters.html.page import render_report
from gliobench.adapters.html.spreadsheets import spreadsheets
from gliobench.adapters.html.writer import HtmlReportWriter
from gliobench.adapters.storage import open_storage
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.report import Report
from gliobench.domain.studies.patients import patient_hash

jsonschema = pytest.importorskip("jsonschema")

EVIL = '<script>alert("x")</script>\'"&{{ 7*7 }}'


@pytest.fixture(scope="module")
def comparison() -> Report:
    return fake_comparison()


@pytest.fixture(scope="module")
def html(comparison: Report) -> str:
    return render_report(comparison)


def test_the_first_paragraph_says_who_is_better_and_how_sure(comparison: Report) -> None:
    told = in_words(comparison)

    assert told.startswith("looks leads: balanced accuracy 0.9")
    assert (
        "Always answering HGG would score an accuracy of 75 % at a balanced accuracy of 0.5" in told
    )
    assert "Read balanced accuracy, not accuracy. constant does not exceed this accuracy." in told
    assert (
        "By balanced accuracy, the primary endpoint (chosen for this report), looks ranks first"
        in told
    )
    assert "it is better than constant (Holm-adjusted p < 0.05)" in told
    assert "For points on the scoring plane, looks has the smallest mean error" in told
    assert (
        "it is closer in the typical study than constant (Holm-adjusted p < 0.05), but no claim"
        in told
    )


def test_backends_that_are_not_told_apart_are_not_ranked_for_sure() -> None:
    told = in_words(compared(one=looks(), other=looks()))

    assert "one ranks first" in told
    assert "the difference from other is not statistically significant" in told


def test_leakage_is_the_last_word_of_the_first_paragraph() -> None:
    runs = {
        "a": saved_run("a", looks(), trained_on=[patient_hash("p001")]),
        "b": saved_run("b", says_hgg()),
    }
    compare = ReportRuns(fewest=2, bootstrap=BootstrapOptions(replicates=100))

    assert in_words(compare(runs)).endswith(
        "a was trained on patients of this cohort: its scores do not estimate the performance on "
        "new patients."
    )


def test_the_page_holds_every_part(html: str) -> None:
    text = Page(html).text

    for part in (
        "always HGG 40 / 40 0.75",
        "LLaMA 3.2 Vision, base n not given 0.76",
        "looks vs constant",
        "refusal",
        "tracking index",
        "At a glance",
        "Significance matrix",
        "ROC and precision-recall curves",
        "CLAIM, 2024 update: ",
        "For the author: 1 title",
        "Distance from the brain's centre",
        "Methods text We compared looks, constant and declining",
        "Answering the more common grade of each site",
        "For research only",
    ):
        assert part in text, part


def test_the_page_refers_to_nothing_outside_of_itself_and_runs_nothing_but_its_own(
    html: str,
) -> None:
    tags = Page(html).tags
    references = [
        value or ""
        for _, attributes in tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "data", "poster")
    ]

    assert references
    assert all(value.startswith("#") for value in references)
    assert not [tag for tag, attributes in tags if "style" in attributes]
    assert [attributes.get("type") for tag, attributes in tags if tag == "script"] == [
        "application/json",
        None,
    ]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", html)
    assert "default-src 'none'" in unescape(html)


def test_what_the_data_hold_is_escaped(comparison: Report) -> None:
    arms = (replace(comparison.arms[0], provenance={EVIL: EVIL}), *comparison.arms[1:])
    evil = [replace(case, site=EVIL) for case in looks()]

    pages = [
        render_report(replace(comparison, arms=arms)),
        render_report(compared(**{EVIL: evil, "other": says_hgg()})),
    ]

    for page in pages:
        assert "<script>alert" not in page
        assert sum(tag == "script" for tag, _ in Page(page).tags) == 2
        assert "49" not in Page(page).words
        assert EVIL.split("{", maxsplit=1)[0][:20] in Page(page).text


def test_the_facts_keep_their_schema(comparison: Report) -> None:
    facts = json.loads(render_json(comparison))

    jsonschema.Draft202012Validator.check_schema(json.loads(report_schema()))
    jsonschema.validate(facts, json.loads(report_schema()))
    assert [facts["verdict"], *facts["claims"]] == [verdict(comparison), *claims(comparison)]
    assert facts["pairs"][0]["auroc"] == {"reason": "one of the two gives no probabilities"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda facts: facts.pop("verdict"),
        lambda facts: facts["arms"][0].update(surprise=1),
        lambda facts: facts["pairs"][0]["tests"][0].update(p="small"),
    ],
    ids=["missing", "unknown", "of another kind"],
)
def test_the_schema_tells_facts_that_are_wrong(comparison: Report, spoil: Any) -> None:
    facts = json.loads(render_json(comparison))
    spoil(facts)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(facts, json.loads(report_schema()))


def test_every_table_is_rectangular_and_says_why_a_number_is_missing(
    comparison: Report,
) -> None:
    for name, text in spreadsheets(comparison).items():
        head, *rows = csv.reader(StringIO(text))
        assert rows, name
        assert {len(row) for row in rows} <= {len(head)}, name
    tests = list(csv.DictReader(StringIO(spreadsheets(comparison)["tests"])))
    assert all(bool(row["p"]) != bool(row["not_estimable"]) for row in tests)


def test_files_that_it_did_not_write_stay_where_they_are(tmp_path: Path) -> None:
    theirs = [tmp_path / name for name in ("paper.tex", "figures/photo.png", "tables/mine.csv")]
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_text(path.name)
    writer = HtmlReportWriter(open_storage(str(tmp_path)))

    writer.write(compared(first=looks(), second=says_hgg()))
    writer.write(compared(second=says_hgg(), third=looks()))

    assert [path.read_text() for path in theirs] == [path.name for path in theirs]


def test_the_same_comparison_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "other"):
        HtmlReportWriter(open_storage(str(tmp_path / name))).write(fake_comparison())

    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert len(files) == 29
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()
