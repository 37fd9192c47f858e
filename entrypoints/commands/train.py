"""`gliobench train`: train the networks of the CNN backends, and adapters for `llama-vision-lora`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress as Bar
from rich.progress import TextColumn

from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Trainer
from gliobench.application.predict.read_reference import reference_faults
from gliobench.application.train.learn_regions import CHOSEN
from gliobench.application.train.training_studies import check_regions
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.studies.folds import folds_by_site
from gliobench.entrypoints.container import container
from gliobench.entrypoints.options import grouped
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.progress import progress_console
from gliobench.entrypoints.terminal import say

app = typer.Typer(
    add_completion=False,
    help="Train CNNs and LoRA adapters, with cross-validation over patients.",
    no_args_is_help=True,
)

OutOption = Annotated[
    str,
    typer.Option(
        "--out",
        callback=local_folder,
        help="Folder of the training run; an interrupted run resumes.",
    ),
]
StepsOption = Annotated[int, typer.Option(min=1, help="Weight updates per fit.")]
EarlierOption = Annotated[
    Path | None, typer.Option("--folds-of", help="Another training run whose folds to use.")
]


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Which networks are fitted, and on which patients."""

    folds: Annotated[int, typer.Option(min=2, help="Number of cross-validation folds.")] = 5
    fold: Annotated[
        list[int] | None,
        typer.Option(help="Train only this fold (repeatable); default: all, then the final fit."),
    ] = None
    by_site: Annotated[
        bool,
        typer.Option(
            "--by-site", help="Leave one site out at a time, in place of folds of patients."
        ),
    ] = False
    final_only: Annotated[
        bool, typer.Option("--final-only", help="Train only on all patients.")
    ] = False
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of folds, initial weights and batches.")
    ] = 0

    def run(self, trainer: Trainer, out: str, *, folds_of: Path | None) -> None:
        """Fit what is asked for, and report each fit.

        Raises:
            BadParameter: Folds by site and another run's folds are both asked for.
        """
        if self.by_site and folds_of:
            raise typer.BadParameter(
                "--by-site makes folds of its own: leave --folds-of and --from out"
            )
        folds = self.folds
        settled = container.read_folds(folds_of / "folds.json") if folds_of else None
        if self.by_site:
            settled = folds_by_site(trainer.strata())
            folds = 1 + max(settled.values())
        run = container.cross_validation(
            trainer, Path(out), folds=folds, seed=self.seed, settled=settled
        )
        if not self.final_only:
            for number in self.fold or range(folds):
                rows = run.run_fold(number, _progress_bar)
                say(f"fold {number}: {len(rows)} patients held out")
        if not self.fold and not self.final_only:
            say(f"{len(run.out_of_fold())} held-out predictions: {run.out / 'out_of_fold.json'}")
        if not self.fold:
            say(f"fit on all patients: {run.run_final(_progress_bar)}")


@app.command()
@grouped
def localizer(
    dataset: Annotated[str, typer.Argument(help="Studies with reference masks.")],
    out: OutOption,
    *,
    cubes: Annotated[Path | None, typer.Option(help="Lesion cubes to transplant (.npz).")] = None,
    masks: Annotated[Path | None, typer.Option(help="Masks of the cubes (.npz).")] = None,
    phantoms: Annotated[int, typer.Option(min=0, help="Number of phantoms to add.")] = 0,
    earlier: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Training run whose folds to use, and whose networks to train on."
        ),
    ] = None,
    steps: StepsOption = 1000,
    fits: FitOptions,
) -> None:
    """Train the localizer on whole studies, and evaluate it on held-out patients."""
    trainer = container.localizer_trainer(
        _studies(dataset, NESTED),
        lesions=_lesions(cubes, masks),
        phantoms=phantoms,
        earlier=earlier,
        steps=steps,
        seed=fits.seed,
    )
    fits.run(trainer, out, folds_of=earlier)


@app.command()
@grouped
def grader(
    cubes: Annotated[Path, typer.Argument(help="Lesion cubes (.npz).")],
    masks: Annotated[Path, typer.Argument(help="Masks of the cubes (.npz).")],
    out: OutOption,
    *,
    dataset: Annotated[
        str | None, typer.Option(help="Whole studies from which to crop further lesions.")
    ] = None,
    folds_of: Annotated[
        Path | None, typer.Option(help="Training run of the localizer whose folds to use.")
    ] = None,
    steps: StepsOption = 500,
    fits: FitOptions,
) -> None:
    """Train the grader on lesions, and evaluate it on held-out patients."""
    trainer = container.grader_trainer(
        _studies(dataset, NESTED) if dataset else None,
        cubes=cubes,
        masks=masks,
        steps=steps,
        seed=fits.seed,
    )
    fits.run(trainer, out, folds_of=folds_of)


@app.command()
@grouped
def regions(
    masks: Annotated[Path, typer.Argument(help="Reference masks with grades (.npz).")],
    out: OutOption,
    *,
    dataset: Annotated[
        str | None, typer.Option(help="Whole studies whose masks to learn from too.")
    ] = None,
    localizer: Annotated[
        Path | None,
        typer.Option(
            help="Training run of the localizer: the studies of --dataset count as its folds segmented "
            "them, its errors there are learned for the other tumours too, and its folds are used."
        ),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(help="Feature of the model (repeatable); default: rim and enclosed."),
    ] = None,
    fits: FitOptions,
) -> None:
    """Train the grader of regions on masks, and evaluate it on held-out patients."""
    if localizer and not dataset:
        raise typer.BadParameter("--localizer needs --dataset: the studies that it segments")
    trainer = container.region_trainer(
        _studies(dataset, NESTED) if dataset else None,
        masks=masks,
        localizer_run=localizer,
        features=feature or CHOSEN,
    )
    fits.run(trainer, out, folds_of=None if fits.by_site else localizer)


@app.command()
@grouped
def slices(
    dataset: Annotated[str, typer.Argument(help="Slices with grades and reference masks.")],
    out: OutOption,
    *,
    folds_of: EarlierOption = None,
    steps: StepsOption = 2500,
    fits: FitOptions,
) -> None:
    """Train localizer and grader on single slices, and evaluate them on held-out patients.

    Both networks belong to `cnn-2d-onnx`; the grader is trained for a sixth of the steps.
    """
    trainer = container.slice_trainer(_studies(dataset), steps=steps, seed=fits.seed)
    fits.run(trainer, out, folds_of=folds_of)


@app.command()
@grouped
def brain(
    dataset: Annotated[
        str, typer.Argument(help="Stripped studies with reference masks, in BraTS's place.")
    ],
    out: OutOption,
    *,
    hold_out: Annotated[
        list[str] | None,
        typer.Option(help="Patient that no fit learns from, nor is judged on (repeatable)."),
    ] = None,
    steps: StepsOption = 4500,
    fits: FitOptions,
) -> None:
    """Train the network that outlines brains in raw heads, on random heads about stripped brains.

    Each fit leaves brain.onnx in its folder; the one that ships is that of all patients but eight.
    """
    trainer = container.brain_trainer(
        _studies(dataset), held_out=hold_out or (), steps=steps, seed=fits.seed
    )
    fits.run(trainer, out, folds_of=None)


@app.command()
@grouped
def lora(
    dataset: Annotated[str, typer.Argument(help="Studies with grades and reference masks.")],
    out: OutOption,
    *,
    backend: Annotated[
        str, typer.Option(help="Whose model: llama-vision, or a table of kind hf-vision.")
    ] = "llama-vision",
    rank: Annotated[int, typer.Option(min=1, help="Rank of the adapter.")] = 16,
    alpha: Annotated[int, typer.Option(min=1, help="Scaling: alpha / rank.")] = 32,
    dropout: Annotated[float, typer.Option(min=0.0, help="Dropout during training.")] = 0.05,
    vision: Annotated[
        bool, typer.Option("--vision", help="Also adapt the vision tower; much slower.")
    ] = False,
    qlora: Annotated[
        bool, typer.Option("--qlora", help="Quantise the language model to four bits (QLoRA).")
    ] = False,
    variants: Annotated[
        int, typer.Option(min=1, help="Pictures per slice: original, mirrored, shifted.")
    ] = 4,
    epochs: Annotated[int, typer.Option(min=1, help="Number of epochs.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per batch and device.")] = 8,
    accumulation: Annotated[int, typer.Option(min=1, help="Batches per update.")] = 1,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="Peak learning rate.")] = 2e-4,
    checkpointing: Annotated[
        bool | None,
        typer.Option(help="Recompute activations to save memory; default: on a GPU."),
    ] = None,
    folds_of: EarlierOption = None,
    fits: FitOptions,
) -> None:
    """Train a LoRA adapter on all four questions, and evaluate it on held-out patients.

    Model, picture and prompts are those of the backend's table of settings, llama or backend.NAME.
    """
    trainer = container.lora_trainer(
        _studies(dataset),
        backend=backend,
        states=Path(out) / "vision_states",
        variants=variants,
        four_bit=qlora,
        lora={"rank": rank, "alpha": alpha, "dropout": dropout, "vision": vision},
        schedule={
            "epochs": epochs,
            "batch_size": batch_size,
            "accumulation": accumulation,
            "learning_rate": learning_rate,
            "checkpointing": checkpointing,
            "seed": fits.seed,
        },
    )
    fits.run(trainer, out, folds_of=folds_of)


def _studies(dataset: str, regions: Sequence[Region] = (Region.WT,)) -> StudySource:
    """Open a dataset, and report the studies that are excluded because of their references."""
    source: StudySource = container.labelled_dataset(dataset)
    check_regions(source, regions)
    for fault in reference_faults(source):
        say(f"excluded: study {fault.study_id}: {fault.sentence}", err=True)
    return source


def _lesions(cubes: Path | None, masks: Path | None) -> tuple[Path, Path] | None:
    if cubes and masks:
        return cubes, masks
    if cubes or masks:
        raise typer.BadParameter("--cubes and --masks go together: give both, or neither")
    return None


def _progress_bar(name: str) -> Progress:
    bar = Bar(
        *Bar.get_default_columns(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        console=progress_console(),
    )
    task = bar.add_task(name, loss=float("nan"))

    def show(done: int, wanted: int, loss: float) -> None:
        bar.start()
        bar.update(task, completed=done, total=wanted, loss=loss)
        if done == wanted:
            bar.stop()

    return show
