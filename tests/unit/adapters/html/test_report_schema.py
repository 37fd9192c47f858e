"""Reports as JSON, and the schema generated for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest

from fakes.fake_report import fake_report
from gliobench.adapters.html.facts import document, render_json, report_schema, schema
from gliobench.domain.statistics.estimate import Measured, NotEstimable

jsonschema = pytest.importorskip("jsonschema")


class Colour(Enum):
    """What it looks like."""

    RED = "red"


@dataclass(frozen=True)
class Thing:
    """A thing.

    Args:
        size: How large it is,
            in mm.
    """

    size: Measured
    colours: Mapping[str, Colour | None]
    corners: tuple[tuple[float, int], ...] = ()


THING = Thing(NotEstimable("nobody looked"), {"front": Colour.RED, "back": None}, ((0.5, 1),))


def test_a_document_keeps_its_schema() -> None:
    facts = json.loads(document(THING, seen=True))
    described = json.loads(schema(Thing, seen=bool))

    jsonschema.Draft202012Validator.check_schema(described)
    jsonschema.validate(facts, described)
    assert facts["size"] == {"reason": "nobody looked"}


@pytest.mark.parametrize(
    "change",
    [
        {"seen": "yes"},
        {"size": {"value": 1.0}},
        {"colours": {"front": "blue"}},
        {"corners": [[0.5, 1, 2]]},
        {"corners": [[0.5, 1.5]]},
        {"weight": 3},
    ],
    ids=str,
)
def test_a_value_of_another_type_breaks_the_schema(change: dict[str, Any]) -> None:
    facts = json.loads(document(THING, seen=True)) | change

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(facts, json.loads(schema(Thing, seen=bool)))


def test_docstrings_become_descriptions() -> None:
    described = json.loads(schema(Thing))

    assert described["description"] == "A thing."
    assert described["properties"]["size"]["description"] == "How large it is, in mm."
    assert described["$defs"]["Colour"]["description"] == "What it looks like."


def test_a_type_that_json_does_not_have_is_no_schema() -> None:
    with pytest.raises(TypeError, match="complex"):
        schema(Thing, seen=complex)


def test_the_report_of_an_evaluation_keeps_its_schema() -> None:
    jsonschema.validate(json.loads(render_json(fake_report())), json.loads(report_schema()))
