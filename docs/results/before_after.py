"""Print the table of a fine-tuned language model: before and after LoRA, beside what is simple.

    GLIOBENCH_SLICE_SPACING_MM=1.0714 gliobench train lora ../shared/data/t1ce_slices --out work/lora
    GLIOBENCH_SLICE_SPACING_MM=1.0714 python docs/results/before_after.py work/lora \
        ../shared/data/t1ce_slices

The slices were chosen with the experts' masks: an oracle's. Every answer of the LoRA arm is about a
patient that its adapter did not learn from; the base model learned from no patient at all. A failed
answer misses, has a box IoU and a Dice of 0, and counts as the wrong grade; centre errors are of
the answers that were read. Intervals are 95 %: bootstraps over patients, and Wilson's and Newcombe's
for the balanced accuracy.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gliobench.adapters.transformers.fine_tuning.rows import row_of
from gliobench.adapters.vision_language.reader import Reading
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.answers.questions import FORM_OF_QUESTION, Question
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.metrics.classification import Rankings, auroc
from gliobench.domain.predictions.forms import on_plane
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    LocalisationPrediction,
)
from gliobench.domain.statistics.estimate import Interval, Measured, NotEstimable
from gliobench.domain.statistics.means import estimate_mean
from gliobench.domain.statistics.proportions import mean_of_proportions, wilson
from gliobench.domain.statistics.sampling import numbered
from gliobench.domain.studies.study import Case
from gliobench.entrypoints.container import container

PRIORS = ("centre-prior", "brain-centroid", "mean-box", "majority")
NOT_ASKED = Failure(FailureReason.BACKEND_ERROR, "not asked")
COLUMNS = (
    "arm",
    "n",
    "answered: grade / point / box / polygon",
    "hit rate",
    "centre error, mm",
    "box IoU",
    "polygon Dice",
    "balanced accuracy",
    "AUROC",
)
Rows = list[dict]


def main() -> None:
    """Print one row an arm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="of gliobench train lora")
    parser.add_argument("slices", help="what it was trained on")
    given = parser.parse_args()
    arms = {"base": base_rows(given.run, given.slices)}
    arms["base + LoRA, out of fold"] = json.loads((given.run / "out_of_fold.json").read_text())
    source = container.dataset(given.slices)
    for name in PRIORS:
        arms[name] = list(rows_of(container.load_backends([name])[0], source))
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for name, rows in arms.items():
        print(f"| {name} | {' | '.join(cells(rows))} |")


def base_rows(run: Path, slices: str) -> Rows:
    """Ask the model as it was before, once: the answers stay beside the run."""
    kept = run / "base.json"
    if not kept.exists():
        trainer = container.lora_trainer(
            container.dataset(slices),
            backend="llama-vision",
            states=run / "vision_states",
            variants=1,
            four_bit=False,
            lora={},
            schedule={},
        )
        kept.write_text(json.dumps(trainer.predict(sorted(trainer.strata()), None)))
    return json.loads(kept.read_text())


def rows_of(backend: Backend, source: StudySource) -> Iterator[dict]:
    """Score a backend as fine-tuning scores a model."""
    for study_id in source.study_ids():
        study, reference = source.study(study_id), source.reference(study_id)
        grade, places = NOT_ASKED, {}
        if backend.classifier:
            (grade,) = backend.classifier.classify([study])
        if backend.localizer:
            (found,) = backend.localizer.localise([study], backend.localizer.forms)
            places = on_plane(found, Plane(Axis.AXIAL, 0), study.grid)
        answers = {form: places.get(form, NOT_ASKED) for form in FORM_OF_QUESTION.values()}
        yield row_of(Case(study, reference), Reading(grade, LocalisationPrediction(answers), None))


def cells(rows: Rows) -> Iterator[str]:
    """Write the numbers of an arm; a dash where it was not asked."""
    asked = {question: not_only(rows, question) for question in Question}
    yield str(len(rows))
    yield " / ".join(
        f"{np.mean([question.value not in row['failures'] for row in rows]):.1%}"
        if answered
        else "–"
        for question, answered in asked.items()
    )
    errors = [row for row in rows if row["centre_error_mm"] is not None]
    point = asked[Question.POINT]
    yield mean_of(rows, "hit") if point else "–"
    yield mean_of(errors, "centre_error_mm", digits=1) if point else "–"
    yield mean_of(rows, "box_iou") if asked[Question.BOX] else "–"
    yield mean_of(rows, "polygon_dice") if asked[Question.POLYGON] else "–"
    yield balanced_accuracy(rows) if asked[Question.GRADE] else "–"
    yield area(rows) if asked[Question.GRADE] else "–"


def not_only(rows: Rows, question: Question) -> bool:
    """Return whether anything was answered at all."""
    return any(question.value not in row["failures"] for row in rows)


def mean_of(rows: Rows, name: str, *, digits: int = 3) -> str:
    """Write a mean with its interval."""
    return written(
        estimate_mean(
            np.array([row[name] for row in rows], dtype=np.float64),
            numbered([row["patient_id"] for row in rows]),
        ),
        digits=digits,
    )


def balanced_accuracy(rows: Rows) -> str:
    """Write the mean of sensitivity and specificity."""
    shares = []
    for grade in ("HGG", "LGG"):
        own = [row["grade_answer"] == grade for row in rows if row["grade"] == grade]
        shares.append(wilson(successes=sum(own), n=len(own)))
    return written(mean_of_proportions(*shares), digits=3)


def area(rows: Rows) -> str:
    """Write the AUROC where every answer has a probability."""
    scores = [row["probability_hgg"] for row in rows]
    if None in scores:
        return "–"
    ranked = Rankings.of(
        reference=np.array([row["grade"] == "HGG" for row in rows]), probability=np.array(scores)
    )
    value = float(auroc(ranked).item())
    return "–" if np.isnan(value) else f"{value:.3f}"


def written(measured: Measured, *, digits: int) -> str:
    """Write a number with its interval, or a dash."""
    if isinstance(measured, NotEstimable) or not isinstance(measured.interval, Interval):
        return "–"
    ends = (f"{end:.{digits}f}" for end in (measured.interval.low, measured.interval.high))
    return f"{measured.value:.{digits}f} ({' to '.join(ends)})"


if __name__ == "__main__":
    main()
