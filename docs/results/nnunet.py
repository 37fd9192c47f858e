"""Train a real nnU-Net v2 for a few epochs, as a program for `kind = "command"`.

Run it in an environment of its own, with `pip install nnunetv2`:

    python docs/results/nnunet.py STUDIES WORK --grades name_mapping.csv

STUDIES is a folder in the layout of BraTS 2020. Every fourth study is held back, in `WORK/held_back`.
The model lands in `WORK/model`, its training patients in `WORK/trained_on.txt`. An interrupted run
goes on from its last epoch. Quality is not the aim: the real nnU-Net learns for 1,000 epochs of 250
steps on larger patches.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

NAME = "Dataset501_GliobenchFewEpochs"
CHANNELS = ("t1", "t1ce", "t2", "flair")
LABELS = {2: 1, 1: 2, 4: 3}
"""BraTS 2020 to the order of nnU-Net's own conversion of BraTS 2021."""
PATCH = (64, 64, 48)
FEATURES = (16, 32, 64, 128)
STEPS = 50


def main() -> None:
    """Prepare, train, and print what was done on what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--grades", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    given = parser.parse_args()
    work = given.work.resolve()
    folders = {name: str(work / name) for name in ("raw", "preprocessed", "results")}
    os.environ.update({f"nnUNet_{name}": folder for name, folder in folders.items()})
    os.environ.update(nnUNet_n_proc_DA="1")
    studies = sorted(item for item in given.studies.resolve().iterdir() if item.is_dir())
    held_back = studies[3::4]
    training = [item for item in studies if item not in held_back]
    _link(held_back, work / "held_back", given.grades)
    (work / "trained_on.txt").write_text("".join(f"{item.name}\n" for item in training))
    preprocessed = work / "preprocessed" / NAME
    if not (preprocessed / "nnUNetPlans_3d_fullres").exists():
        _prepare(training, work / "raw" / NAME)
        _shrink(preprocessed / "nnUNetPlans.json")
    started = time.monotonic()
    _train(given.epochs, work)
    print(f"{len(training)} studies, {given.epochs} epochs of {STEPS} steps, patch {PATCH}")
    print(f"training took {time.monotonic() - started:.0f} s in this call")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in ("nnunetv2", "torch", "numpy")))


def _link(studies: list[Path], folder: Path, grades: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(grades, folder / "name_mapping.csv")
    for study in studies:
        if not (folder / study.name).exists():
            (folder / study.name).symlink_to(study)


def _prepare(studies: list[Path], raw: Path) -> None:
    """Write nnU-Net's dataset, plan and preprocess it, and make the plan small."""
    import numpy as np
    import SimpleITK as sitk  # noqa: N813 -- its usual name
    from nnunetv2.dataset_conversion.generate_dataset_json import generate_dataset_json

    for folder in ("imagesTr", "labelsTr"):
        (raw / folder).mkdir(parents=True, exist_ok=True)
    for study in studies:
        for channel, name in enumerate(CHANNELS):
            source = study / f"{study.name}_{name}.nii.gz"
            shutil.copyfile(source, raw / "imagesTr" / f"{study.name}_{channel:04d}.nii.gz")
        image = sitk.ReadImage(str(study / f"{study.name}_seg.nii.gz"))
        labels = sitk.GetArrayFromImage(image)
        changed = np.zeros_like(labels)
        for before, after in LABELS.items():
            changed[labels == before] = after
        written = sitk.GetImageFromArray(changed)
        written.CopyInformation(image)
        sitk.WriteImage(written, str(raw / "labelsTr" / f"{study.name}.nii.gz"))
    generate_dataset_json(
        str(raw),
        channel_names=dict(enumerate(CHANNELS)),
        labels={
            "background": 0,
            "whole tumor": (1, 2, 3),
            "tumor core": (2, 3),
            "enhancing tumor": (3,),
        },
        num_training_cases=len(studies),
        file_ending=".nii.gz",
        regions_class_order=(1, 2, 3),
    )
    plan = Path(sys.executable).parent / "nnUNetv2_plan_and_preprocess"
    subprocess.run(
        [str(plan), "-d", "501", "-c", "3d_fullres", "-np", "1", "-npfp", "1"], check=True
    )


def _shrink(plans: Path) -> None:
    """Make the planned network small enough for one core."""
    content = json.loads(plans.read_text())
    chosen = content["configurations"]["3d_fullres"]
    chosen["patch_size"], chosen["batch_size"] = list(reversed(PATCH)), 2
    stages = len(FEATURES)
    chosen["architecture"]["arch_kwargs"] |= {
        "n_stages": stages,
        "features_per_stage": list(FEATURES),
        "kernel_sizes": [[3, 3, 3]] * stages,
        "strides": [[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
        "n_conv_per_stage": [2] * stages,
        "n_conv_per_stage_decoder": [2] * (stages - 1),
    }
    plans.write_text(json.dumps(content))


def _train(epochs: int, work: Path) -> None:
    import torch
    from nnunetv2.run.run_training import get_trainer_from_args, maybe_load_checkpoint

    os.environ.update(nnUNet_n_proc_DA="0")  # augment in this process
    torch.set_num_threads(1)
    began = (work / "results" / NAME).exists()
    trainer = get_trainer_from_args(
        "501", "3d_fullres", "all", continue_training=began, device=torch.device("cpu")
    )
    trainer.num_epochs, trainer.num_iterations_per_epoch = epochs, STEPS
    trainer.num_val_iterations_per_epoch, trainer.save_every = 2, 1
    maybe_load_checkpoint(trainer, began, False)
    if trainer.current_epoch < epochs:
        trainer.run_training()
    model = work / "model"
    if not model.exists():
        model.symlink_to(trainer.output_folder_base)


if __name__ == "__main__":
    main()
