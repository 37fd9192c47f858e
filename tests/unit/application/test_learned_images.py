from __future__ import annotations

import numpy as np

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.train.training_studies import learned_images
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.image_hash import image_hashes
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Modality


def test_the_images_of_the_patients_that_were_learned_from_are_hashed() -> None:
    cases = [fake_case("s1", patient_id="anna"), fake_case("s2", patient_id="berta")]
    for at, case in enumerate(cases):
        case.study.volumes[Modality.T1C][:] = 1 + np.arange(case.study.grid.shape[2]) + at
    source = FakeStudySource(cases, unreadable={"s0": InvalidInputError("no NIfTI file")})

    found = learned_images(source, {patient_hash("berta"), patient_hash("somebody elsewhere")})

    assert set(found) == image_hashes(cases[1].study)
    assert list(found) == sorted(found)
    assert found


def test_no_patient_was_learned_from() -> None:
    assert learned_images(FakeStudySource([fake_case("s1")]), frozenset()) == ()
