import pytest

from gliobench.domain import errors
from gliobench.domain.errors import GliobenchError, InvalidInputError, MissingExtraError


@pytest.mark.parametrize(
    "error", ["InvalidInputError", "NotFoundError", "BackendError", "MissingExtraError", "JobError"]
)
def test_every_error_can_be_caught_as_one(error: str) -> None:
    assert issubclass(getattr(errors, error), GliobenchError)


def test_an_invalid_input_is_a_value_error() -> None:
    assert issubclass(InvalidInputError, ValueError)


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    error = MissingExtraError(extra="train", purpose="Training a localizer")

    assert str(error) == "Training a localizer needs an extra: pip install 'gliobench[train]'"
    assert error.extra == "train"
