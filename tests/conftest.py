"""What every test may ask for."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys

gc.disable()  # until all tests are collected
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded: each process has one core

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from multiprocessing import forkserver
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import pytest
from filelock import FileLock
from hypothesis import settings

import remembered
from fakes.ray_cluster import ray_cluster, ray_nodes  # noqa: F401 -- fixtures
from fakes.s3_server import BUCKET, ENVIRONMENT, S3, FaultyProxy, faulty_proxy, s3_server
from gliobench.domain.studies import plausibility
from gliobench.domain.studies.plausibility import SMALLEST_BRAIN_ML

REPOSITORY = Path(__file__).parents[1]
UMASK = os.umask(0o022)
os.umask(UMASK)
SharedFolder: TypeAlias = Callable[[str, Callable[[Path], object]], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test-all` ask for more than CI has time for."""
    parser.addoption("--full", action="store_true", help="run every test at its full dose")


def pytest_configure(config: pytest.Config) -> None:
    """Set how many examples Hypothesis tries, each for as long as a busy machine needs."""
    examples = 200 if config.getoption("full") else 25
    settings.register_profile("gliobench", settings.default, deadline=None, max_examples=examples)
    settings.load_profile("gliobench")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that read real studies, and leave what only the full dose has out of the small one."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.realdata)
    if not config.getoption("full"):
        left_out = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """Spare the imported libraries from garbage collection: each would take half a second."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Undo what commands that ran in this process left of theirs, and skip what has no GPU."""
    os.umask(UMASK)
    forget_settings()
    if item.get_closest_marker("gpu") and not has_gpu():
        pytest.skip("no CUDA device")


def forget_settings() -> None:
    """Let the next use read the settings anew; the wiring is not imported for that."""
    if wiring := sys.modules.get("gliobench.entrypoints.container"):
        wiring.container.flags.reset_override()
        wiring.container.settings.reset_override()
        wiring.container.settings.reset()


def has_gpu() -> bool:
    """Ask PyTorch for a CUDA device."""
    if find_spec("torch") is None:
        return False
    from torch import cuda  # of an extra, and slow to import

    return bool(cuda.is_available())


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether every test is to run at its full dose, as `make test-all` asks."""
    return bool(pytestconfig.getoption("full"))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> SharedFolder:
    """Give a folder by its name, filled once for all processes that run tests: only read it."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def folder_of(name: str, fill: Callable[[Path], object]) -> Path:
        folder, filled = root / "shared" / name, root / "shared" / f"{name}.filled"
        folder.parent.mkdir(exist_ok=True)
        with FileLock(folder.with_name(f"{name}.lock")):
            if not filled.exists():
                folder.mkdir()
                fill(folder)
                filled.touch()
        return folder

    return folder_of


@pytest.fixture(autouse=True, scope="session")
def remembered_logits(shared_folder: SharedFolder, full: bool) -> None:
    """Look at a phantom with a network that ships once for all tests, but at the full dose."""
    if not full:
        folder = shared_folder("remembered", lambda _: None)
        os.environ[remembered.VARIABLE] = str(folder)
        remembered.remember(folder)


@pytest.fixture(scope="session")
def loaded_workers() -> None:
    """Have workers' processes begin with what they import, the fakes of the tests among it."""
    multiprocessing.set_forkserver_preload(["fakes.folder_job", "loaded"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()


@pytest.fixture(scope="session")
def phantoms(shared_folder: SharedFolder) -> Path:
    """Two small phantoms as files, only to be read."""
    pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")
    from gliobench.adapters.phantom import PhantomStudySource, export_phantoms

    def fill(folder: Path) -> None:
        export_phantoms(folder, PhantomStudySource(2, spacing_mm=4.0))

    return shared_folder("phantoms", fill)


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
