from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.studies.study_ids import (
    LONGEST_STEM,
    file_stem,
    study_id_of,
    why_no_file_name,
)


def test_a_plain_name_is_the_id() -> None:
    assert study_id_of("BraTS20_Training_001") == "BraTS20_Training_001"
    assert study_id_of("Пациент 7") == "Пациент 7"


@pytest.mark.parametrize(
    ("name", "study_id"),
    [
        (os.fsdecode(b"Pati\xebnt_01"), r"Pati\xebnt_01"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb", r"a\nb"),
        ("a\u202eb", r"a\u202eb"),
        (r"a\xebb", r"a\\xebb"),
        (unicodedata.normalize("NFD", "Patiënt"), "Patiënt"),
    ],
)
def test_what_cannot_be_shown_is_escaped(name: str, study_id: str) -> None:
    assert study_id_of(name) == study_id


@given(st.binary(min_size=1, max_size=60))
def test_every_file_name_gives_an_id_that_can_be_shown_and_a_file_that_can_be_written(
    name: bytes,
) -> None:
    study_id = study_id_of(os.fsdecode(name))

    stem = file_stem(study_id)
    assert study_id.encode().decode() == study_id
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs") for one in study_id)
    assert 0 < len(stem.encode()) <= LONGEST_STEM
    assert not set(stem) & set('/\\\0:*?"<>|')
    assert stem[0] not in ".-"


@pytest.mark.parametrize(
    ("study_id", "stem"),
    [
        ("BraTS-GLI-00003-001", "BraTS-GLI-00003-001"),
        ("Пациент", "Пациент"),
        ("a b", "a%20b"),
        ("a%20b", "a%2520b"),
        ("..", "%2E."),
        ("-rf", "%2Drf"),
        (r"Pati\xebnt", "Pati%5Cxebnt"),
    ],
)
def test_a_file_is_named_after_a_study(study_id: str, stem: str) -> None:
    assert file_stem(study_id) == stem


def test_long_ids_are_cut_between_letters_and_stay_apart() -> None:
    one, other = "ж" * 120 + "1", "ж" * 120 + "2"

    assert file_stem(one) != file_stem(other)
    assert file_stem(one).startswith("ж" * 51 + "-")
    assert len(file_stem(one).encode()) <= LONGEST_STEM


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is not a valid file name"),
        ("..", "is not a valid file name"),
        ("a\0b", "holds NUL"),
        ("../a", "holds a slash"),
        ("a\\b", "holds a backslash"),
        ("a" * 300, "is 300 bytes long, the most is 255"),
        ("ж" * 128, "is 256 bytes long, the most is 255"),
        ("ж" * 127, None),
    ],
)
def test_a_name_that_no_file_can_bear_is_told(name: str, why: str | None) -> None:
    assert why_no_file_name(name) == why
