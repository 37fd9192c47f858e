"""Manifests of older runs are read for what they state, and for no more."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from fakes.fake_kept_runs import manifest_of
from gliobench.adapters.parquet.manifest_file import manifest_content, read_manifest
from gliobench.application.evaluate.manifests import READING, prediction_key
from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import Axis, Plane

LATER = ("unstated", "primary_origin")


def older(trained_on: list[str], provenance: dict[str, str]) -> bytes:
    fields = json.loads(manifest_content(manifest_of("a", 3)))
    known = {name: value for name, value in fields.items() if name not in LATER}
    return json.dumps(known | {"trained_on": trained_on, "provenance": provenance}).encode()


@pytest.mark.parametrize("trained_on", [None, frozenset(), frozenset({"ab", "cd"})])
def test_nothing_stated_and_nobody_learned_from_are_kept_apart(
    trained_on: frozenset[str] | None,
) -> None:
    manifest = replace(
        manifest_of("a", 3),
        trained_on=trained_on,
        unstated="",
        primary_origin=PrimaryOrigin.DEFAULT,
    )

    assert read_manifest(manifest_content(manifest), place="run") == manifest


@pytest.mark.parametrize(
    ("trained_on", "provenance", "read"),
    [
        ([], {}, None),
        ([], {"baseline": "always HGG"}, frozenset()),
        ([], {"held out": "each by another fold"}, frozenset()),
        (["ab"], {}, frozenset({"ab"})),
    ],
)
def test_an_empty_list_of_an_older_run_states_nothing_but_of_baselines_and_folds(
    trained_on: list[str], provenance: dict[str, str], read: frozenset[str] | None
) -> None:
    manifest = read_manifest(older(trained_on, provenance), place="run")

    assert manifest.trained_on == read
    assert manifest.primary_origin is None


def test_facts_that_an_older_run_kept_as_strings_are_read_as_facts() -> None:
    fields = json.loads(manifest_content(manifest_of("a", 3)))
    del fields["facts"]
    fields["provenance"] = {
        "baseline": "always HGG",
        "stand-in": "not LLaMA",
        "held out": "by folds",
        "weights": "w",
    }
    fields["settings"] = {"forms": "mask", "oracle": "largest tumour"}

    manifest = read_manifest(json.dumps(fields).encode(), place="run")

    assert manifest.facts == BackendFacts("always HGG", "not LLaMA", "by folds", oracle=True)
    assert (manifest.provenance, manifest.settings) == ({"weights": "w"}, {"forms": "mask"})
    assert read_manifest(manifest_content(manifest), place="run") == manifest


def test_an_oracles_predictions_have_the_keys_that_older_versions_gave_them() -> None:
    manifest = replace(
        manifest_of("a", 3), settings={"forms": "mask"}, facts=BackendFacts(oracle=True)
    )
    settings = [["forms", "mask"], ["oracle", "largest tumour"]]
    decisive = [READING, "s", "content", manifest.fingerprint, settings, 2, 7]

    key = prediction_key("s", "content", manifest, Plane(Axis.AXIAL, 7))

    assert key == sha256(json.dumps(decisive).encode()).hexdigest()
