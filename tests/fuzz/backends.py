"""Backends in files that answer with anything, or that are no backends at all."""

from __future__ import annotations

import random
from pathlib import Path

from fuzz.ground import STUDIES, Ground
from fuzz.harness import Hostile

VALUES = (
    *("None", "True", "-1", "10**400", "0.5", "1e999", "float('nan')", "2j", "object()", "b'x'"),
    *("''", "'HGG'", "'\\x1b[31m' * 9999", "[]", "()", "{}", "[[]]", "(1, 2)", "(0, 0, 0)"),
    *("(9**9, 2, 3)", "(0.5, 1, 2)", "np.zeros(3)", "np.float32(0.5)", "np.int64(2)", "range(3)"),
    *("Grade.HGG", "Form.MASK", "Region.WT", "Axis.AXIAL", "Plane(Axis.AXIAL, 3)", "NO_TUMOUR"),
    *("study", "study.grid", "studies", "study.volume(Modality.T1C)", "1 / 0", "exit(0)"),
    "np.ones(study.grid.shape, bool)",
    "Failure(FailureReason.REFUSAL, 'no')",
    "Failure({0}, {1})",
    "GradePrediction({0}, {1})",
    "Mask({0}, {{Region.WT: {1}}})",
    "Mask(study.grid, {{{0}: np.ones(study.grid.shape, bool)}})",
    "Box3D({0}, {1})",
    "Point3D({0})",
    "Box({0}, {1}, (3, 3))",
    "Polygon({0}, ((0, 0), {1}, (4, 0)))",
    "LocalisationPrediction({{{0}: {1}}})",
    "LocalisationPrediction({{Form.MASK: {0}}}, oracle={1})",
)
FIELDS = ("name", "fingerprint", "provenance", "trained_on", "unstated", "facts", "reads")
SOURCE = """
import numpy as np
from gliobench.plugin import *


class Anything:
    forms = {forms}

    def classify(self, studies):
        return [self.grade(studies, study) for study in studies]{spoilt}

    def localise(self, studies, forms):
        return [self.place(studies, study) for study in studies]{spoilt}

    def grade(self, studies, study):
        return {grade}

    def place(self, studies, study):
        return {place}


def make(options):
    study = studies = options
    fields = dict(name="x", classifier=Anything(), localizer=Anything(), fingerprint="1")
    fields.update({fields})
    return {made}
"""


def backends(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Name a backend by its file: of answers, fields or syntax that nobody wanted."""
    way, given = rng.choice(("answers", "answers", "fields", "factory", "syntax", "name")), {}
    given = {
        "forms": "frozenset({Form.MASK})",
        "spoilt": rng.choice(("", "", "", "[:1]", " * 2", " and None")),
        "grade": _value(rng),
        "place": rng.choice((_value(rng), f"LocalisationPrediction({{Form.MASK: {_value(rng)}}})")),
        "fields": "{}",
        "made": "Backend(**fields)",
    }
    if way == "fields":
        given["forms"] = rng.choice(("frozenset(Form)", _value(rng)))
        given["fields"] = f"{{{rng.choice(FIELDS)!r}: {_value(rng)}}}"
    elif way == "factory":
        given["made"] = _value(rng)
    source = SOURCE.format(**given)
    if way == "syntax":
        place = rng.randrange(len(source))
        source = (
            source[:place] + rng.choice(("\x00", "(", "\ufeff", "\udcff", "é")) + source[place:]
        )
    file = rng.choice(("b.py", "b b.py", "..b.py", "b.PY", "ü'\".py", "b:c.py"))
    (here / file).write_bytes(source.encode("utf-8", "surrogateescape"))
    factory = rng.choice((":make",) * 8 + ("", ":", ":none", "::make", ":Anything", ":np"))
    study = f"{ground.studies}/{STUDIES[0]}"
    args = rng.choice(
        (
            ("predict", study, "--out", "out"),
            ("predict", study, "--out", "out", "--json"),
            ("evaluate", str(ground.studies), "--out", "out"),
        )
    )
    return Hostile((*args, f"--backend={{here}}/{file}{factory}"), f"{way} {given['grade'][:30]}")


def _value(rng: random.Random, depth: int = 0) -> str:
    plain = [one for one in VALUES if "{0}" not in one]
    chosen = rng.choice(VALUES if depth < 2 else plain)
    return (
        chosen.format(_value(rng, depth + 1), _value(rng, depth + 1)) if "{0}" in chosen else chosen
    )
