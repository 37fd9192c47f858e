from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_study_source import fake_case
from gliobench.application.predict.observations import observations, warnings_of
from gliobench.application.predict.study_reading import StudyReading
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.position.brain_regions import BrainRegion
from gliobench.domain.position.diameters import Diameters
from gliobench.domain.position.lesion import Lesion, RegionShare, Side
from gliobench.domain.predictions.prediction import GradePrediction
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Grade, Modality

AXIAL_4 = Plane(Axis.AXIAL, 4)
LESION = Lesion(
    side=Side.RIGHT,
    centre_to_midline_mm=33.6,
    edge_to_midline_mm=11.4,
    regions=(
        RegionShare(BrainRegion.FRONTAL, Side.RIGHT, 0.706),
        RegionShare(BrainRegion.INSULA, Side.RIGHT, 0.18),
    ),
    no_region="",
    plane=AXIAL_4,
    diameters=Diameters(AXIAL_4, 48.4, 35.2),
    longest_mm=52.1,
)


def reading(**changes: object) -> StudyReading:
    facts = {"grade": None, "place": None, "lesion": LESION, **changes}
    return StudyReading(fake_case().study, fake_backend(), **facts)


def text_of(title: str, lesion: Lesion = LESION) -> str:
    (text,) = (item.text for item in observations(reading(lesion=lesion)) if item.title == title)
    return text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            "Location",
            "right frontal lobe (approximate, 71 % of the tumour), right insula (18 %)",
        ),
        ("Midline", "centre 34 mm right of the midline, nearest edge 11 mm"),
        ("Size", "48 × 35 mm on the axial slice, 52 mm in the volume"),
        ("Slice", "axial slice 4 of 0 to 9 (the files' third axis)"),
        ("Input check", "passed; t1n, t1c, t2w, t2f; RAS, 1 × 1 × 1 mm"),
    ],
)
def test_a_lesion_is_described_in_the_words_of_a_report(title: str, text: str) -> None:
    assert text_of(title) == text


def test_absent_modalities_are_named() -> None:
    study = fake_case(modalities=[Modality.T1C, Modality.T2F]).study

    incomplete = replace(reading(), study=study)

    *_, check = observations(incomplete)
    assert check.text == "passed; t1c, t2f; RAS, 1 × 1 × 1 mm"
    assert warnings_of(incomplete) == ["INCOMPLETE: no t1n (t1), no t2w (t2)"]
    assert warnings_of(reading()) == []


@pytest.mark.parametrize(
    ("there", "warning"),
    [
        ([Modality.T2W, Modality.T2F], "enhancing tumour cannot be seen"),
        ([Modality.T1C], "oedema can hardly be seen, and places and masks are often wrong"),
    ],
)
def test_what_cannot_be_seen_without_a_modality_is_a_warning(
    there: list[Modality], warning: str
) -> None:
    incomplete = replace(reading(), study=fake_case(modalities=there).study)

    (line,) = warnings_of(incomplete)

    assert line.startswith("INCOMPLETE: no ")
    assert line.endswith(f": {warning}")


def test_nothing_is_absent_from_a_single_slice() -> None:
    study = fake_case(shape=(12, 14, 1), tumour=None, modalities=[Modality.T1C]).study

    (warning,) = warnings_of(replace(reading(lesion=None), study=study))

    assert warning.startswith("selection of the slice not stated")


def test_the_reasons_of_a_grade_stand_below_it_with_their_weights() -> None:
    because = (Reason("et_ml", "ET 12.0 ml", 1.25), Reason("wt_ml", "WT 80.0 ml", -0.5))
    grade = GradePrediction(Grade.HGG, 0.9, reasons=because)

    lines = [(item.title, item.text) for item in observations(reading(grade=grade))]

    assert lines[:2] == [
        ("Grade", "HGG, P(HGG) = 0.90"),
        ("Reasons", "ET 12.0 ml (+1.2), WT 80.0 ml (−0.5); log-odds of HGG in brackets"),
    ]


def test_where_only_a_centre_is_known_the_region_is_that_of_the_centre() -> None:
    centre = replace(
        LESION,
        edge_to_midline_mm=None,
        regions=(RegionShare(BrainRegion.TEMPORAL, Side.LEFT, None),),
        side=Side.LEFT,
    )

    assert text_of("Location", centre) == "left temporal lobe (approximate, at the centre)"
    assert text_of("Midline", centre) == "centre 34 mm left of the midline"


def test_a_tumour_across_the_midline_says_so() -> None:
    across = replace(LESION, side=Side.MIDLINE, centre_to_midline_mm=2.2, edge_to_midline_mm=0.0)

    assert text_of("Location", across).startswith("midline; right frontal lobe")
    assert text_of("Midline", across) == "centre 2 mm from the midline; the tumour crosses it"


def test_a_region_that_is_not_estimated_has_its_reason() -> None:
    unknown = replace(LESION, regions=(), no_region="a single slice does not show it")

    assert text_of("Location", unknown) == (
        "right; region not estimated: a single slice does not show it"
    )


def test_without_an_outline_there_is_no_size() -> None:
    titles = [item.title for item in observations(reading(lesion=replace(LESION, diameters=None)))]

    assert titles == ["Location", "Midline", "Slice", "Input check"]


def test_warnings_come_with_their_severest_word_first() -> None:
    fault = Fault("study-1", FaultKind.SKULL_NOT_STRIPPED, "t1c shows scalp and skull")
    study = replace(fake_case(shape=(12, 14, 1), tumour=None).study, simulated=True)
    backend = replace(fake_backend(), facts=BackendFacts(stand_in="stand-in, not LLaMA"))

    doubtful = replace(reading(implausible=(fault,)), study=study, backend=backend)

    assert warnings_of(doubtful) == [
        "SIMULATED: a phantom, not a patient",
        "IMPLAUSIBLE: skull_not_stripped: t1c shows scalp and skull",
        "stand-in, not LLaMA",
        "selection of the slice not stated: counts as an oracle slice",
    ]
