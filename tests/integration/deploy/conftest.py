"""Overlays, rendered once for all tests."""

from __future__ import annotations

import shutil

import pytest

from integration.deploy.rendered import OVERLAYS, Object, rendered


@pytest.fixture(scope="session")
def manifests() -> dict[str, list[Object]]:
    """Every overlay's objects."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl: .ci/run tells how to get one")
    return {overlay: rendered(overlay) for overlay in OVERLAYS}


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest, manifests: dict[str, list[Object]]) -> list[Object]:
    """One overlay's objects."""
    return manifests[request.param]
