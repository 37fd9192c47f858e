"""The page says what the report holds, is harmless, and needs nothing but itself."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from itertools import pairwise
from pathlib import Path

import fsspec
import pytest

from fakes.fake_report import COHORT, clever_backend, constant_backend, fake_report
from fakes.fake_study_source import fake_case
from fakes.page import Page
from gliobench.adapters.html import HtmlReportWriter
from gliobench.adapters.html.page import render_report
from gliobench.adapters.storage import open_storage
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Case

FILES = ["report.html", "report.json", "report.schema.json"]
FOLDERS = ["figures", "tables"]
EVIL = '<script>alert("x")</script>\'"&{{ 7*7 }}'


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(fake_report())


def test_the_page_tells_the_lead_the_numbers_and_the_failures(html: str) -> None:
    text = Page(html).text

    assert "clever ranks first: balanced accuracy 0.83 (0.46–0.95)" in text
    assert "Intention-to-treat: a failure counts as the worst answer" in text
    assert "always HGG 8 / 8 0.75" in text
    assert "any failure" in text
    assert "s5 site1 HGG HGG 0.90 unreadable study" in text
    assert "For research only" in text


def test_a_policy_forbids_all_but_the_pages_own_style_and_script(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert policy
    assert script

    allowed = unescape(policy[1])
    digest = b64encode(sha256(script[1].encode()).digest()).decode()

    assert "default-src 'none'" in allowed
    assert f"script-src 'sha256-{digest}'" in allowed
    assert "unsafe" not in allowed


def test_whatever_the_data_hold_is_harmless() -> None:
    case = fake_case("s0", site=EVIL)
    evil = replace(case, study=replace(case.study, id=EVIL, patient_id=EVIL))
    report = fake_report(clever_backend(EVIL), cases=[evil, *COHORT[1:]], name=EVIL)
    marked = replace(report.arms[0], provenance={EVIL: EVIL}, fingerprint=EVIL)

    html = render_report(replace(report, arms=(marked,), versions={EVIL: EVIL}))

    scripts = [attributes for tag, attributes in Page(html).tags if tag == "script"]
    assert [one.get("type") for one in scripts] == ["application/json", None]
    assert '<script>alert("x")' not in html
    assert Page(html).text.count(EVIL) > 10  # told everywhere, as it is


def test_headings_follow_one_another_and_tables_name_their_rows_and_columns(html: str) -> None:
    page = Page(html)
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


def test_ids_are_unique_and_links_lead_to_them(html: str) -> None:
    tags = Page(html).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    links = [attributes["href"] or "" for tag, attributes in tags if tag == "a"]
    links = [link for link in links if not link.startswith("#case=")]  # for the script

    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        (
            [fake_case("u", grade=None, tumour=None)],
            "No backend graded a study whose grade is known",
        ),
        (
            [fake_case("u", grade=None, tumour=None)],
            "No backend localised a tumour with a known position",
        ),
        (list(COHORT[2:3]), "No failures: every backend answered every study"),
    ],
)
def test_what_is_not_there_is_said(cases: list[Case], said: str) -> None:
    assert said in Page(render_report(fake_report(constant_backend(), cases=cases))).text


def test_the_page_and_the_facts_are_written_whole_and_nothing_else(tmp_path: Path) -> None:
    places = HtmlReportWriter(open_storage(f"{tmp_path}/run/")).write(
        fake_report(constant_backend())
    )

    assert [Path(place).name for place in places[:3]] == FILES
    assert {path.name for path in (tmp_path / "run").iterdir()} == {*FILES, *FOLDERS}


def test_a_report_can_be_written_to_any_store_that_fsspec_knows() -> None:
    HtmlReportWriter(open_storage("memory://bucket/run")).write(fake_report(constant_backend()))

    files = fsspec.filesystem("memory")
    written = {Path(name).name for name in files.ls("/bucket/run", detail=False)}
    assert written == {*FILES, *FOLDERS}


def test_a_store_that_nobody_knows_is_named_in_one_line() -> None:
    with pytest.raises(InvalidInputError, match=r"^nowhere://run: [^\n]+$"):
        open_storage("nowhere://run")
