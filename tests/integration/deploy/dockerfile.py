"""A Dockerfile's steps, to be carried out without a container engine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction, e.g. RUN, and what follows it."""

    name: str
    text: str


def stages(dockerfile: Path) -> list[list[Step]]:
    """Read the steps of every stage; those before the first FROM are left out."""
    text = re.sub(r"^#.*\n", "", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: list[list[Step]] = []
    for line in text.replace("\\\n", " ").splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            found.append([])
        if name and found:
            found[-1].append(Step(name, " ".join(rest.split())))
    return found


def the(steps: list[Step], name: str) -> str:
    """Give the text of the one step of this name."""
    (text,) = [step.text for step in steps if step.name == name]
    return text


def environment(steps: list[Step]) -> dict[str, str]:
    """Read what a stage sets by ENV."""
    return dict(pair.split("=", 1) for pair in shlex.split(the(steps, "ENV")))


def command(steps: list[Step]) -> list[str]:
    """Read what a container starts, without arguments."""
    started: list[str] = json.loads(the(steps, "ENTRYPOINT"))
    return started


def build(
    steps: list[Step],
    *,
    checkout: Path,
    workdir: Path,
    places: Mapping[str, Path],
    variables: dict[str, str],
) -> None:
    """Carry out COPY and RUN of a stage.

    Args:
        steps: The stage.
        checkout: Where COPY takes from.
        workdir: What WORKDIR names.
        places: Folders of the image, and which ones of this machine stand for them.
        variables: The environment of RUN.
    """
    for step in steps:
        if step.name == "COPY":
            *sources, target = step.text.split()
            for source in sources:
                _copy(
                    checkout / source, workdir / target / ("" if source.endswith("/") else source)
                )
        elif step.name == "RUN":
            script = placed(step.text, places)
            subprocess.run(["sh", "-c", script], cwd=workdir, env=variables, check=True)


def placed(text: str, places: Mapping[str, Path]) -> str:
    """Put this machine's folders in the places of the image's."""
    return re.sub("|".join(places), lambda found: str(places[found[0]]), text)


def _copy(source: Path, target: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)
