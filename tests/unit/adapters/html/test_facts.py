"""The report for machines."""

from __future__ import annotations

import json

from fakes.fake_report import fake_report
from gliobench.adapters.html.facts import render_json


def test_the_json_holds_the_summaries_and_neither_cases_nor_pictures() -> None:
    facts = json.loads(render_json(fake_report()))

    grading = facts["arms"][0]["summary"]["everyone"]["intention_to_treat"]["grading"]
    assert grading["measures"]["accuracy"]["value"] == 0.75
    assert grading["confusion"] == {
        "true_positive": 4,
        "false_negative": 2,
        "false_positive": 0,
        "true_negative": 2,
    }
    assert facts["arms"][0]["summary"]["failures"] == {"unreadable_study": 1, "refusal": 1}
    assert "cases" not in facts["arms"][0]
    assert "casebook" not in facts


def test_the_json_begins_with_what_the_report_says_in_words() -> None:
    facts = json.loads(render_json(fake_report()))

    assert list(facts)[:4] == ["$schema", "schema", "verdict", "claims"]
    assert facts["verdict"].startswith("clever ranks first: balanced accuracy 0.83 (0.46–0.95)")


def test_the_same_report_gives_the_same_json() -> None:
    assert render_json(fake_report()) == render_json(fake_report())


def test_the_centre_error_is_named_by_where_it_is_measured_and_median_and_penalties_stand_beside() -> (
    None
):
    facts = json.loads(render_json(fake_report()))

    rows = facts["arms"][0]["summary"]["everyone"]["intention_to_treat"]["localisation"]
    forms = {row["form"]: row for row in rows if row["form"] in ("point", "point_3d")}
    assert set(forms["point_3d"]["measures"]) == {"centre_error_3d_mm", "hit"}
    assert set(forms["point"]["measures"]) == {"centre_error_plane_mm", "hit"}
    assert forms["point_3d"]["spreads"] == {
        "centre_error_3d_mm": {"quartiles": [0.0, 0.0, 0.0], "n_worst": 1}
    }


def test_the_json_says_whose_definitions_and_whose_penalty_its_numbers_have() -> None:
    told = json.loads(render_json(fake_report()))["definitions"]

    assert "MONAI's and Metrics Reloaded's" in told["hd95_mm"]
    assert "tolerance of 1 mm" in told["nsd"]
    assert "gliobench's own penalty" in told["penalty"]
    assert "374 mm (2023) or 373 mm (2026)" in told["penalty"]
