"""The page says what the report holds, is harmless, and needs nothing but itself."""

from __future__ import annotations

import csv
import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import fsspec
import pytest

from fakes.fake_comparison import compared, fake_comparison, looks, says_hgg
from fakes.fake_report import COHORT, clever_backend, constant_backend, fake_report
from fakes.fake_study_source import fake_case
from fakes.page import Page
from gliobench.adapters.html.claims import claims
from gliobench.adapters.html.facts import render_json, report_schema
from gliobench.adapters.html.page import SECTIONS, HtmlReportWriter, render_report
from gliobench.adapters.html.spreadsheets import spreadsheets
from gliobench.adapters.html.verdict import verdict
from gliobench.adapters.storage import open_storage
from gliobench.domain.comparison.report import Report
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Grid

jsonschema = pytest.importorskip("jsonschema")

FILES = {"report.html", "report.json", "report.schema.json", "figures", "tables"}
EVIL = '<script>alert("x")</script>\'"&{{ 7*7 }}'


@pytest.fixture(scope="module")
def report() -> Report:
    return fake_comparison()


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return render_report(report)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_holds_every_part(page: Page) -> None:
    for part in (
        "40 studies (30 HGG, 10 LGG) · 3 backends",
        "primary endpoint: balanced accuracy (chosen for this report)",
        "looks leads: balanced accuracy 0.9",
        "Few LGG: 10",
        "always HGG 40 / 40 0.75",
        "LLaMA 3.2 Vision, base n not given 0.76",
        "looks vs constant",
        "refusal",
        "tracking index",
        "Significance matrix",
        "ROC and precision-recall curves",
        "CLAIM, 2024 update: ",
        "For the author: 1 title",
        "Distance from the brain's centre",
        "as text for a paper We compared looks, constant and declining",
        "Answering the more common grade of each site",
        "For research only",
    ):
        assert part in page.text, part


def test_an_evaluation_of_few_studies_tells_its_failures_too() -> None:
    text = Page(render_report(fake_report())).text

    assert "clever ranks first: balanced accuracy 0.83 (0.46–0.95)" in text
    assert "Failures ×1" not in text
    assert "clever in 2 of 8 studies (25 %)" in text
    assert "s5 site1 HGG" in text


def test_a_section_that_has_nothing_to_say_is_not_there() -> None:
    unknown = [fake_case("u", grade=None, tumour=None)]
    page = Page(render_report(fake_report(constant_backend(), cases=unknown)))

    shown = [attributes.get("id") for tag, attributes in page.tags if tag == "section"]
    assert shown == ["robustness", "cases", "methods", "provenance"]
    assert "No backend could be scored by balanced accuracy." in page.text
    assert "No failures: every backend answered every study." in page.text


def test_every_section_is_in_the_contents(page: Page) -> None:
    shown = [attributes["id"] for tag, attributes in page.tags if tag == "section"]
    links = [attributes.get("href") for tag, attributes in page.tags if tag == "a"]

    # nobody gave a mask, or said how sure it is
    assert shown == [name for name in SECTIONS if name not in ("segmentation", "uncertainty")]
    assert {f"#{name}" for name in shown} <= set(links)


def test_the_page_refers_to_nothing_outside_of_itself(html: str, page: Page) -> None:
    references = [
        value or ""
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "data", "poster")
    ]

    assert references
    assert all(value.startswith("#") for value in references)
    assert not [tag for tag, attributes in page.tags if "style" in attributes]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/(2000/svg|1999/xhtml))", html)


def test_a_policy_forbids_all_but_the_pages_own_style_and_scripts(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert policy
    assert scripts

    allowed = unescape(policy[1])

    assert "default-src 'none'" in allowed
    assert "unsafe" not in allowed
    for script in scripts:
        assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in allowed


def test_whatever_the_data_hold_is_harmless() -> None:
    case = fake_case("s0", site=EVIL)
    evil = replace(case, study=replace(case.study, id=EVIL, patient_id=EVIL))
    report = fake_report(clever_backend(EVIL), cases=[evil, *COHORT[1:]], name=EVIL)
    marked = replace(report.arms[0], provenance={EVIL: EVIL}, fingerprint=EVIL)

    html = render_report(replace(report, arms=(marked,), versions={EVIL: EVIL}))

    page, plain = Page(html), Page(render_report(fake_report(clever_backend())))
    assert page.tag_counts["script"] == plain.tag_counts["script"]
    assert '<script>alert("x")' not in html
    assert page.text.count(EVIL) > 10  # told everywhere, as it is


def test_headings_follow_one_another_and_tables_name_their_rows_and_columns(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    headings = [attributes for tag, attributes in page.tags if tag == "th"]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attributes.get("scope") for attributes in headings)
    assert all(
        attributes.get("tabindex") == "0" and attributes.get("aria-label")
        for _, attributes in page.tags
        if attributes.get("class") == "scroll"
    )


def test_ids_are_unique_and_links_lead_to_them(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]
    links = [link for link in links if not link.startswith("#case=")]  # for the script

    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_facts_keep_their_schema(report: Report) -> None:
    facts = json.loads(render_json(report))

    jsonschema.Draft202012Validator.check_schema(json.loads(report_schema()))
    jsonschema.validate(facts, json.loads(report_schema()))
    assert facts["verdict"] == verdict(report)
    assert facts["claims"] == claims(report)
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
def test_the_schema_tells_facts_that_are_wrong(report: Report, spoil: Any) -> None:
    facts = json.loads(render_json(report))
    spoil(facts)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(facts, json.loads(report_schema()))


def test_every_table_is_rectangular_and_says_why_a_number_is_missing(report: Report) -> None:
    for name, text in spreadsheets(report).items():
        head, *rows = csv.reader(StringIO(text))
        assert rows, name
        assert {len(row) for row in rows} <= {len(head)}, name
    tests = list(csv.DictReader(StringIO(spreadsheets(report)["tests"])))
    assert all(bool(row["p"]) != bool(row["not_estimable"]) for row in tests)


def test_the_page_and_the_facts_are_written_whole_and_nothing_else(tmp_path: Path) -> None:
    places = HtmlReportWriter(open_storage(f"{tmp_path}/run/")).write(
        fake_report(constant_backend())
    )

    assert places[0].endswith("report.html")
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES


def test_files_that_it_did_not_write_stay_where_they_are(tmp_path: Path) -> None:
    theirs = [tmp_path / name for name in ("paper.tex", "figures/photo.png", "tables/mine.csv")]
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_text(path.name)
    writer = HtmlReportWriter(open_storage(str(tmp_path)))

    writer.write(compared(first=looks(), second=says_hgg()))
    writer.write(compared(second=says_hgg(), third=looks()))

    assert [path.read_text() for path in theirs] == [path.name for path in theirs]


def test_the_same_report_gives_the_same_files(report: Report, tmp_path: Path) -> None:
    for name in ("one", "other"):
        HtmlReportWriter(open_storage(str(tmp_path / name))).write(report)

    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert len(files) > 20
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_a_report_can_be_written_to_any_store_that_fsspec_knows() -> None:
    HtmlReportWriter(open_storage("memory://bucket/run")).write(fake_report(constant_backend()))

    files = fsspec.filesystem("memory")
    assert {Path(name).name for name in files.ls("/bucket/run", detail=False)} == FILES


def test_a_store_that_nobody_knows_is_named_in_one_line() -> None:
    with pytest.raises(InvalidInputError, match=r"^nowhere://run: [^\n]+$"):
        open_storage("nowhere://run")


def test_nothing_is_measured_in_a_volume_where_every_study_is_a_single_slice() -> None:
    def on_one_slice(case: CaseScore) -> CaseScore:
        assert case.target
        target = case.target
        grid = Grid((*target.grid.shape[:2], 1), target.grid.affine)
        return replace(case, target=replace(target, grid=grid))

    slices = compared(
        looks=[on_one_slice(case) for case in looks()],
        constant=[on_one_slice(case) for case in says_hgg()],
    )

    assert not slices.cohort.has_volumes
    text = Page(render_report(slices)).text
    assert "On the single slice of each study." in text
    assert "In the volume." not in text
