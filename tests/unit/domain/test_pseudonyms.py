"""Pseudonyms, and texts without identifiers."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.patients import assumptions
from gliobench.domain.studies.pseudonyms import Pseudonyms, is_placeholder, without_identifiers

KEY = "a key of many characters"


def test_a_pseudonym_is_the_hmac_of_kind_and_names() -> None:
    digest = hmac.new(KEY.encode(), b"patient\0Smith\0", hashlib.sha256).hexdigest()

    assert Pseudonyms(KEY).of("patient", "Smith", "") == f"patient-{digest[:16]}"


def test_other_keys_kinds_and_names_give_other_pseudonyms() -> None:
    names = [
        Pseudonyms(KEY).of("patient", "1"),
        Pseudonyms(KEY + "x").of("patient", "1"),
        Pseudonyms(KEY).of("patient", "2"),
        Pseudonyms(KEY).of("study", "1").replace("study", "patient"),
    ]

    assert len(set(names)) == 4


def test_a_short_key_is_refused_and_a_key_is_never_shown() -> None:
    with pytest.raises(InvalidInputError, match="6 characters: wanted 16") as error:
        Pseudonyms("secret")

    assert "secret" not in str(error.value)
    assert KEY not in repr(Pseudonyms(KEY))


def test_pseudonyms_are_not_mistaken_for_visits_of_a_patient() -> None:
    pseudonyms = Pseudonyms(KEY)
    patients = {
        pseudonyms.of("study", str(n)): pseudonyms.of("patient", str(n // 2)) for n in range(200)
    }

    assert assumptions(patients) == []


@pytest.mark.parametrize(
    "name", ["", "ANON", "anonymous^patient", "No Name", "000", "XX^X", "De-ID", "n/a"]
)
def test_what_stands_for_any_patient_is_a_placeholder(name: str) -> None:
    assert is_placeholder(name)


@pytest.mark.parametrize(
    "name", ["Anon017", "A", "Xu", "Deidre", "Patient A1", "00001", "山田^太郎"]
)
def test_a_name_or_number_is_no_placeholder(name: str) -> None:
    assert not is_placeholder(name)


@pytest.mark.parametrize(
    ("text", "identifiers", "shown"),
    [
        ("T1 post SMITH", ["Smith^John"], "T1 post ***"),
        ("t1_john_gd", ["Smith^John"], "t1_***_gd"),
        ("T1 山田太郎", ["Yamada^Tarou=山田^太郎"], "T1 ******"),
        ("T1 19420317", ["19420317"], "T1 ***"),
        ("Li axial T1", ["Li^X"], "*** axial T1"),
        ("T1 axial", ["T^A"], "T1 axial"),
        ("T1 ＳＭＩＴＨ", ["Smith"], "T1 ***"),
        ("T1 Müller", ["MÜLLER^Ü"], "T1 ***"),
    ],
)
def test_names_are_replaced_in_texts_for_output(
    text: str, identifiers: list[str], shown: str
) -> None:
    assert without_identifiers(text, identifiers) == shown
