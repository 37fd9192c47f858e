"""Patients, told apart without being named."""

from __future__ import annotations

from hashlib import sha256


def patient_hash(patient_id: str) -> str:
    """Stand in for a patient where a name has no business: in weights, manifests and reports.

    Args:
        patient_id: As its source names the patient.

    Returns:
        The first 16 hex digits of the name's sha256.
    """
    return sha256(patient_id.encode()).hexdigest()[:16]
