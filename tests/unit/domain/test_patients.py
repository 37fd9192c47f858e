from __future__ import annotations

from gliobench.domain.patients import patient_hash


def test_a_patient_hash_is_sixteen_digits_of_sha256() -> None:
    # printf abc | sha256sum
    assert patient_hash("abc") == "ba7816bf8f01cfea"
