"""The official validator of BIDS, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = "bids-validator-deno"


def bids_errors(folder: Path) -> list[str]:
    """Return code and place of what the validator calls an error; skip the test where it is not installed."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed: pip install {PROGRAM}")
    done = subprocess.run([PROGRAM, "--json", folder], capture_output=True, text=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [f"{i['code']} {i.get('location')}" for i in issues if i["severity"] == "error"]
