"""Which modality the tags of a series say that it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gliobench.domain.studies.series import DAY_S, Confidence, Series, judge, judge_all
from gliobench.domain.studies.series_choice import choose_series
from gliobench.domain.studies.study import Modality

T1, T2, FLAIR = (500.0, 10.0, None), (4500.0, 100.0, None), (9000.0, 120.0, 2500.0)


def series(
    description: str, times: tuple[float | None, ...] = (None, None, None), **facts: object
) -> Series:
    tr, te, ti = times
    return Series(
        id=description or "nameless",
        description=description,
        shown=description,
        n_images=20,
        repetition_ms=tr,
        echo_ms=te,
        inversion_ms=ti,
        **facts,
    )


@pytest.mark.parametrize(
    ("description", "modality"),
    [
        ("AX T1 +C", "t1c"),
        ("t1_mprage_sag_km", "t1c"),
        ("T1 mit KM", "t1c"),
        ("3D T1 avec injection", "t1c"),
        ("T1 con contraste", "t1c"),
        ("T1 con mdc", "t1c"),
        ("Т1 с контрастом", "t1c"),
        ("T1加权 增强", "t1c"),
        ("T1造影後", "t1c"),
        ("SAG T1 POST GAD", "t1c"),
        ("AX T1 C+ FS", "t1c"),
        ("eT1W_SE Gd", "t1c"),
        ("T1ce", "t1c"),
        ("T1WI+C", "t1c"),
        ("T1w ohne KM", "t1n"),
        ("T1 sans injection", "t1n"),
        ("T1 sin contraste", "t1n"),
        ("T1 senza mdc", "t1n"),
        ("T1 w/o contrast", "t1n"),
        ("T1 pre-contrast", "t1n"),
        ("T1 без контраста", "t1n"),
        ("T1WI 平扫", "t1n"),
        ("T1造影前", "t1n"),
        ("T1 tra o.KM", "t1n"),
        ("T1 zonder contrast", "t1n"),
        ("T1 utan Gd", "t1n"),
        ("T1 bez kontrastu", "t1n"),
        ("T1 kontrastsız", "t1n"),
        ("T1 χωρίς contrast", "t1n"),
        ("MPRAGE nativ", "t1n"),
        ("T1 before contrast", "t1n"),
        ("T1 voor Gd", "t1n"),
        ("T1 före kontrast", "t1n"),
        ("T1 przed kontrastem", "t1n"),
        ("T1 kontrast öncesi", "t1n"),
        ("T1 w/out gad", "t1n"),
        ("T1 s/ contraste", "t1n"),
        ("T1 S/C", "t1n"),
        ("T1 pré-gado", "t1n"),
        ("T1 avant l'injection", "t1n"),
        ("T1 ohne i.v. KM", "t1n"),
        ("T1 senza mezzo di contrasto", "t1n"),
        ("T1 Gd- tra", "t1n"),
        ("T1 KM (-)", "t1n"),
        ("T1 Gd-DTPA", "t1c"),
        ("T1 KM - tra", "t1c"),
        ("T1 após o contraste", "t1c"),
        ("T1 c/c", "t1c"),
        ("T1 w/o FS + C", "t1c"),
        ("T1 SpinEcho post", "t1c"),
        ("AX T1 POST ASSET", "t1c"),
        ("T1 HEAD/NECK post", "t1c"),
        ("T1 brain and orbits post", "t1c"),
        ("T2 no phase wrap", "t2w"),
        ("T2W_TSE", "t2w"),
        ("t2_tse_tra", "t2w"),
        ("Т2 аксиальный", "t2w"),
        ("T2強調", "t2w"),
        ("T2_FLAIR", "t2f"),
        ("t2_space_dark-fluid_sag", "t2f"),
        ("FLAIR 水抑制", "t2f"),
        ("FLAIR post Gd", "t2f"),
    ],
)
def test_a_description_in_any_language_names_the_modality(description: str, modality: str) -> None:
    found = judge(series(description))

    assert found.modality is Modality(modality)
    assert found.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("localizer", "localiser"),
        ("AAHScout", "localiser"),
        ("Repérage", "localiser"),
        ("ep2d_diff_b1000", "diffusion"),
        ("ADC map", "diffusion"),
        ("T2*", "susceptibility"),
        ("t2_fl2d_tra_hemo", "susceptibility"),
        ("SWI", "susceptibility"),
        ("TOF 3D", "angiography"),
        ("s3DI_MC_HR", "angiography"),
        ("DSC perfusion T1", "perfusion"),
        ("T1 sub", "subtraction"),
        ("T1 KM minus T1", "subtraction"),
        ("ASSET cal", "calibration"),
        ("T1 neck post", "another part"),
        ("PD T2 dual", "proton density"),
        ("T2W_FFE", "susceptibility"),
        ("T1ce SEG", "computed map"),
        ("T1 T2 fusion", "computed map"),
        ("T1 MIP", "projection"),
        ("T2 map", "computed map"),
        ("T1 C-spine", "another part"),
        ("T1 HWS km", "another part"),
    ],
)
def test_other_kinds_of_series_are_no_modality(description: str, kind: str) -> None:
    found = judge(series(description))

    assert found.modality is None
    assert kind in found.reason


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"image_type": ("DERIVED", "PRIMARY", "ADC")}, "diffusion"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "localiser"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "P", "ND")}, "phase"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC")}, "functional"),
        ({"body_part": "CSPINE"}, "another part"),
        ({"planar": True}, "echo-planar"),
        ({"diffusion": True}, "diffusion"),
    ],
)
def test_tags_override_a_description(facts: dict[str, object], kind: str) -> None:
    found = judge(series("T1 post", T1, **facts))

    assert found.modality is None
    assert kind in found.reason


def test_a_series_of_few_images_is_no_volume() -> None:
    assert judge(replace(series("T1 post"), n_images=4)).modality is None


@pytest.mark.parametrize(
    ("times", "gradient", "modality"),
    [
        (T1, None, "t1c"),
        ((8.0, 3.0, None), True, "t1c"),
        ((2000.0, 3.0, 900.0), True, "t1c"),
        ((2000.0, 20.0, 800.0), False, "t1c"),
        ((4500.0, 100.0, 0.0), False, "t2w"),
        (FLAIR, None, "t2f"),
        ((4800.0, 350.0, 1650.0), False, "t2f"),
    ],
)
def test_times_alone_name_a_weighting(
    times: tuple[float | None, ...], gradient: bool | None, modality: str
) -> None:
    found = judge(series("", times, gradient=gradient, agent="Gadovist"))

    assert (found.modality, found.confidence) == (Modality(modality), Confidence.LIKELY)


@pytest.mark.parametrize(
    ("times", "gradient"),
    [((2500.0, 15.0, None), False), ((600.0, 20.0, None), True), ((None, None, None), None)],
)
def test_times_of_no_modality_name_none(times, gradient: bool | None) -> None:
    assert judge(series("", times, gradient=gradient)).modality is None


@pytest.mark.parametrize(("echo_ms", "modality"), [(100.0, Modality.T2W), (15.0, None)])
def test_of_a_double_echo_the_later_one_is_t2(echo_ms: float, modality: Modality | None) -> None:
    assert judge(series("AX PD/T2 FSE", (3000.0, echo_ms, None))).modality is modality


def test_agreeing_tags_are_sure_and_quoted() -> None:
    found = judge(series("T1 tra KM", T1, agent="Gadovist"))

    assert (found.modality, found.confidence) == (Modality.T1C, Confidence.SURE)
    assert found.reason == (
        "described as T1, with TR 500, TE 10; a contrast agent by the tags and described as 'km'"
    )


@pytest.mark.parametrize(
    "doubtful",
    [
        series("T1", T2, agent="Gd"),
        series("T2", FLAIR),
        series("T2", T1),
        series("T1 pre and post contrast", T1),
        series("T1 ohne KM", T1, agent="Gadovist"),
        series("T1 post Gd", T1, agent="NONE"),
        series("T1 with and without contrast", T1),
        series("T1 without and with contrast", T1),
        series("T1 mit/ohne KM", T1),
        series("T1 w/wo Gd", T1),
        series("T1 +/- KM", T1),
        series("T1", T1, agent="unknown"),
        series("T1 T2 mixed"),
        series("", (5000.0, 100.0, None)),
        series("T1", T1),
        series("T1 postop", T1),
    ],
    ids=lambda item: item.id,
)
def test_contradictions_and_silence_are_doubtful(doubtful: Series) -> None:
    assert judge(doubtful).confidence is Confidence.DOUBTFUL


def test_an_agent_of_the_tags_alone_is_likely_and_an_explicit_absence_sure() -> None:
    assert judge(series("T1", T1, agent="Gd")).confidence is Confidence.LIKELY
    plain = judge(series("T1", T1, agent="NONE"))

    assert (plain.modality, plain.confidence) == (Modality.T1N, Confidence.SURE)


@pytest.mark.parametrize(
    "agent", ["No contrast", "none given", "kein KM", "W/O", "sin contraste", "0 ml", "n/a", "Nil"]
)
def test_an_agent_that_is_called_none_is_none(agent: str) -> None:
    found = judge(series("T1", T1, agent=agent))

    assert (found.modality, found.confidence) == (Modality.T1N, Confidence.SURE)


@pytest.mark.parametrize("agent", ["Novist", "10ml Dotarem", "Natural", "Non-ionic Gd", "yes"])
def test_an_agent_whose_name_begins_like_none_is_one(agent: str) -> None:
    assert judge(series("T1", T1, agent=agent)).modality is Modality.T1C


def test_a_t1_without_a_word_on_contrast_is_t1n_beside_an_older_or_timeless_t1c_only() -> None:
    silent, enhanced = series("T1", T1, acquired_s=100.0), series("T1 Gd", T1, acquired_s=200.0)

    before = judge_all([silent, enhanced])[0]
    after = judge_all([replace(silent, acquired_s=300.0), enhanced])[0]
    timeless = judge_all([replace(silent, acquired_s=None), enhanced])[0]
    contradicted = judge_all([replace(silent, echo_ms=60.0), enhanced])[0]
    later, first = replace(silent, acquired_s=200.0, number=5), replace(enhanced, number=4)
    by_number = judge_all([later, first])[0]

    assert (before.modality, before.confidence) == (Modality.T1N, Confidence.LIKELY)
    assert after.confidence is Confidence.DOUBTFUL
    assert timeless.confidence is Confidence.LIKELY
    assert by_number.confidence is Confidence.DOUBTFUL
    assert contradicted.confidence is Confidence.DOUBTFUL


def test_a_word_that_is_not_fit_for_output_is_not_quoted() -> None:
    found = judge(replace(series("smithflair map"), shown="*** map"))

    assert "smith" not in found.reason


STUDY = [series("T1", T1), series("T1 Gd", T1), series("T2", T2), series("FLAIR", FLAIR)]


def test_the_series_of_an_ordinary_study_are_settled() -> None:
    others = [series("localizer"), series("DWI"), series("T1 Gd MPR", T1, image_type=("DERIVED",))]

    choice = choose_series([*STUDY, *others])

    assert {m.value: item.id for m, item in choice.chosen.items()} == {
        "t1n": "T1",
        "t1c": "T1 Gd",
        "t2w": "T2",
        "t2f": "FLAIR",
    }
    assert not choice.questions


def test_two_series_of_a_modality_are_asked_about_and_neither_is_chosen() -> None:
    choice = choose_series([*STUDY, series("T1 Gd again", T1)])

    assert Modality.T1C not in choice.chosen
    assert "T1 Gd again" in choice.questions[Modality.T1C]


def test_a_doubtful_series_is_asked_about_with_its_reason() -> None:
    choice = choose_series([series("T1", T1), series("T2", T2)])

    assert "nothing is said of a contrast agent" in choice.questions[Modality.T1N]


def test_a_sound_series_is_preferred_to_a_flawed_one_which_is_not_forgotten() -> None:
    flawed = replace(series("T1 Gd first", T1), flaw="a gap")

    assert choose_series([*STUDY, flawed]).chosen[Modality.T1C].id == "T1 Gd"
    assert choose_series([flawed]).chosen[Modality.T1C] == flawed


def test_a_described_series_is_preferred_to_one_known_by_its_times_alone() -> None:
    by_times = [series("B-TFE", T2), series("", FLAIR)]

    choice = choose_series([*STUDY, *by_times])

    assert not choice.questions
    assert choice.chosen[Modality.T2W].id == "T2"
    assert choose_series(by_times).chosen[Modality.T2F].id == "nameless"


def test_series_of_another_visit_are_asked_about_unless_declared() -> None:
    days = (700_000, 700_000, 700_001, 700_152)
    dated = [replace(item, acquired_s=day * DAY_S) for item, day in zip(STUDY, days, strict=True)]

    choice = choose_series(dated)

    assert choice.questions.keys() == {Modality.T2F}
    assert "acquired 152 days after another one" in choice.questions[Modality.T2F]
    assert not choose_series(dated, {"FLAIR": Modality.T2F}).questions
    assert not choose_series([replace(dated[0], acquired_s=3600.0), *dated[1:3]]).questions


def test_a_declaration_settles_and_excludes() -> None:
    again = series("T1 Gd again", T1)
    found = choose_series([*STUDY, again], {"T1 Gd again": Modality.T1C})
    excluded = choose_series([*STUDY, again], {"T1 Gd": None})
    odd = choose_series(STUDY, {"T2": Modality.T1N})

    assert found.chosen[Modality.T1C] == again
    assert excluded.chosen[Modality.T1C] == again
    assert odd.chosen[Modality.T1N].id == "T2"
    assert Modality.T2W not in odd.chosen


def test_two_declarations_of_one_modality_are_asked_about() -> None:
    choice = choose_series(STUDY, {"T2": Modality.T2F, "FLAIR": Modality.T2F})

    assert Modality.T2F in choice.questions
