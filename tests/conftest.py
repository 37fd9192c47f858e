"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from fakes.ray_cluster import ray_cluster, ray_nodes  # noqa: F401 -- fixtures
from fakes.s3_server import BUCKET, ENVIRONMENT, S3, FaultyProxy, faulty_proxy, s3_server
from gliobench.domain.studies import plausibility
from gliobench.domain.studies.plausibility import SMALLEST_BRAIN_ML

# no deadline for one example: it would fail on a busy machine
settings.register_profile("gliobench", settings.default, deadline=None)
settings.load_profile("gliobench")

REPOSITORY = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test-all` ask for more than CI has time for."""
    parser.addoption("--full", action="store_true", help="run every test at its full dose")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that read real studies, so that `-m 'not realdata'` leaves them out."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.realdata)


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether every test is to run at its full dose, as `make test-all` asks."""
    return bool(pytestconfig.getoption("full"))


@pytest.fixture(autouse=True, scope="session")
def toy_brains() -> Iterator[None]:
    """Let brains of a few voxels pass for whole ones, unless a test asks for `real_sizes`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plausibility, "SMALLEST_BRAIN_ML", 0.0)
        yield


@pytest.fixture
def real_sizes(toy_brains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold brains to the sizes that users' brains are held to, as other processes do."""
    monkeypatch.setattr(plausibility, "SMALLEST_BRAIN_ML", SMALLEST_BRAIN_ML)


@pytest.fixture(scope="module")
def real_sizes_of_module(toy_brains: None) -> Iterator[None]:
    """The same for all tests of a file and for its fixtures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plausibility, "SMALLEST_BRAIN_ML", SMALLEST_BRAIN_ML)
        yield


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


@pytest.fixture(scope="session")
def s3_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyProxy]:
    """One server for all tests."""
    missing = [name for name in ("moto", "flask", "s3fs") if find_spec(name) is None]
    if missing:
        pytest.skip(f"no {missing[0]}: pip install 'gliobench[s3,dev]'")
    with (
        s3_server(tmp_path_factory.mktemp("s3")) as port,
        faulty_proxy(port) as proxy,
    ):
        yield proxy


@pytest.fixture
def s3(s3_proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """A folder of its own in a bucket, with credentials in the environment."""
    environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{s3_proxy.port}"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    s3_proxy.honest()
    yield S3(f"s3://{BUCKET}/{uuid4().hex}/place", s3_proxy, environment)
    s3_proxy.honest()
