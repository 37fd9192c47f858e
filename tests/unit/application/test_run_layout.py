"""Runs are told apart by the places that they lie in."""

from __future__ import annotations

import pytest

from gliobench.application.evaluate.run_layout import by_ending


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["/x/run/cnn", "/x/run/llama"], ["run/cnn", "run/llama"]),
        (["/a/run/cnn", "/a/run/llama", "/b/run/cnn"], ["a/run/cnn", "a/run/llama", "b/run/cnn"]),
        (["/run/cnn", "/a/run/cnn"], ["/run/cnn", "a/run/cnn"]),
        (["s3://x/run/cnn", "gs://x/run/cnn"], ["s3://x/run/cnn", "gs://x/run/cnn"]),
        (["s3://x/run/cnn", "/x/run/cnn"], ["s3://x/run/cnn", "/x/run/cnn"]),
        (["memory://cnn"], ["/cnn"]),
    ],
    ids=["alike", "same folders", "one within", "same buckets", "store and folder", "short"],
)
def test_an_ending_is_as_long_as_tells_all_places_apart(
    places: list[str], names: list[str]
) -> None:
    assert by_ending(places) == dict(zip(names, places, strict=True))
