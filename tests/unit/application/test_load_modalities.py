import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.domain.errors import NotFoundError
from gliobench.domain.studies.study import Modality


def test_volumes_come_by_modality_in_the_order_asked_for() -> None:
    study = fake_case().study
    wanted = [Modality.T2F, Modality.T1N]

    volumes = load_modalities(study, wanted)

    assert list(volumes) == wanted
    np.testing.assert_array_equal(volumes[Modality.T2F], study.volume(Modality.T2F))


def test_a_missing_modality_is_told() -> None:
    with pytest.raises(NotFoundError, match="has no t2w"):
        load_modalities(fake_case(modalities=set(Modality) - {Modality.T2W}).study)


def test_nothing_asked_for_gives_nothing() -> None:
    assert load_modalities(fake_case().study, []) == {}
