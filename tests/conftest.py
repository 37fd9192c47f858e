"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# no deadline for one example: it would fail on a busy machine
settings.register_profile("gliobench", settings.default, deadline=None)
settings.load_profile("gliobench")

REPOSITORY = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that read real studies, so that `-m 'not realdata'` leaves them out."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.realdata)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real studies; the test is skipped where there is none."""
    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("GLIOBENCH_TEST_DATA", default))
    if not (folder / "tables" / "name_mapping.csv").is_file():
        pytest.skip(
            "no real studies: put them in ../shared/data or name them in GLIOBENCH_TEST_DATA"
        )
    return folder
