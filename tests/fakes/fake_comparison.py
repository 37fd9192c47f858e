"""Comparisons of backends in memory, made as real ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fakes.fake_case_score import PLANE, fake_target
from fakes.fake_run_store import FakeRunStore
from fakes.form_scores import point_score
from gliobench.application.ports.run_store import RunManifest
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, Endpoint, PrimaryOrigin
from gliobench.domain.comparison.report import Report
from gliobench.domain.controls.controls import Control
from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Point
from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.studies.study import Grade

REFUSAL = Failure(FailureReason.REFUSAL, "I would rather not")


def reading(
    number: int,
    *,
    hgg: bool,
    says: float | bool | Failure | None = None,
    points: tuple[float, float] | Failure | None = None,
    patient: str | None = None,
    site: str | None = None,
) -> CaseScore:
    """Make the score of one study, whose tumour's place depends on its number.

    Args:
        number: Of the study.
        hgg: The reference.
        says: P(HGG), or HGG yes or no, or why not; None where it does not grade.
        points: How far off the tumour, in voxels of 2x1 mm; None where it does not localise.
        patient: Whose study it is; its own by default.
        site: Where it was scanned.
    """
    i, j = 5 + 7 * (number % 5), 4 + 5 * (number * 3 % 5)
    target = fake_target((i - 2, j - 2), (i + 3, j + 3))
    return CaseScore(
        study_id=f"s{number:03}",
        patient_id=patient or f"p{number:03}",
        site=site,
        reference_grade=Grade.HGG if hgg else Grade.LGG,
        grade=_grade(says),
        localisation={} if points is None else {Form.POINT: _point(points, (i, j))},
        plane=PLANE,
        target=target,
    )


def _grade(says: float | bool | Failure | None) -> GradePrediction | Failure | None:
    if says is None or isinstance(says, Failure):
        return says
    grade = Grade.HGG if says >= 0.5 else Grade.LGG
    return GradePrediction(grade, None if isinstance(says, bool) else says)


def _point(off: tuple[float, float] | Failure, tumour: tuple[int, int]) -> FormOutcome:
    if isinstance(off, Failure):
        return FormOutcome(point_score(WORST_MM, hit=False), off)
    error_mm = float((4 * off[0] ** 2 + off[1] ** 2) ** 0.5)
    at = (tumour[0] + off[0], tumour[1] + off[1])
    return FormOutcome(point_score(error_mm, hit=error_mm < 3), answer=Point(PLANE, at))


def saved_run(
    backend: str,
    cases: Sequence[CaseScore],
    *,
    cohort: str = "c" * 64,
    trained_on: Sequence[str] | None = (),
    facts: BackendFacts | None = None,
    n_studies: int | None = None,
    primary: str | None = None,
    primary_origin: PrimaryOrigin | None = None,
    provenance: Mapping[str, str] | None = None,
) -> FakeRunStore:
    """Keep the scores of a run."""
    store = FakeRunStore()
    store.open(
        RunManifest(
            cohort=cohort,
            backend=backend,
            fingerprint="f" * 64,
            provenance=provenance or {},
            facts=facts or BackendFacts(),
            grades=True,
            forms=frozenset({Form.POINT}),
            settings={},
            trained_on=None if trained_on is None else frozenset(trained_on),
            seed=0,
            n_studies=n_studies,
            primary=primary,
            primary_origin=primary_origin,
        )
    )
    store.write_scores(cases)
    return store


def compared(
    *,
    primary: Endpoint = BALANCED_ACCURACY,
    controls: Mapping[str, Mapping[Control, Sequence[CaseScore]]] | None = None,
    **runs: Sequence[CaseScore],
) -> Report:
    """Compare cases, by the names of their backends; an underscore stands for a hyphen."""
    compare = ReportRuns(
        fewest=2, refuses_leakage=True, primary=primary, bootstrap=BootstrapOptions(replicates=200)
    )
    names = {name.replace("_", "-"): cases for name, cases in runs.items()}
    return compare(
        {name: saved_run(name, cases) for name, cases in names.items()},
        {
            name: {control: saved_run(name, cases) for control, cases in altered.items()}
            for name, altered in (controls or {}).items()
        },
    )


def moved(cases: Sequence[CaseScore], move: Move) -> list[CaseScore]:
    """Answer on altered images, each as far off as told."""
    return [replace(case, moves={Form.POINT: move}) for case in cases]


def cohort_of(n: int = 40) -> list[bool]:
    """Give references: every fourth is LGG."""
    return [number % 4 != 0 for number in range(n)]


def looks(n: int = 40) -> list[CaseScore]:
    """Grade all right but every tenth, and point at the tumour but for a voxel."""
    return [
        reading(
            number,
            hgg=hgg,
            says=(0.9 if hgg != (number % 10 == 3) else 0.1) - number / 10_000,
            points=(number % 3 - 1.0, 1.0),
            site=f"site{number % 3}",
        )
        for number, hgg in enumerate(cohort_of(n))
    ]


def says_hgg(n: int = 40) -> list[CaseScore]:
    """Answer HGG each time, and the middle of the image."""
    cases = []
    for number, hgg in enumerate(cohort_of(n)):
        i, j = 5 + 7 * (number % 5), 4 + 5 * (number * 3 % 5)
        middle = (20.0 - i, 15.0 - j)
        site = f"site{number % 3}"
        cases.append(reading(number, hgg=hgg, says=True, points=middle, site=site))
    return cases


def declines(n: int = 40) -> list[CaseScore]:
    """Answer as `looks`, but decline every fifth."""
    return [
        reading(
            number,
            hgg=hgg,
            says=REFUSAL if number % 5 == 1 else (0.8 if hgg else 0.3),
            points=REFUSAL if number % 5 == 1 else (0.0, 0.0),
            site=f"site{number % 3}",
        )
        for number, hgg in enumerate(cohort_of(n))
    ]


def fake_comparison() -> Report:
    """Compare one that looks, one that does not, and one that often declines; two are controlled."""
    along, stays, middle = Move(0.5, 20.0), Move(20.0, 20.0), Move(0.0, 0.0)
    return compared(
        looks=looks(),
        constant=says_hgg(),
        declining=declines(),
        controls={
            "looks": {
                Control.BLANK: declines(),
                Control.MIRRORED: moved(looks(), Move(0.5, 40.0)),
                Control.SHIFTED: moved(looks(), along),
            },
            "constant": {
                Control.MIRRORED: moved(says_hgg(), middle),
                Control.SHIFTED: moved(says_hgg(), stays),
            },
        },
    )
