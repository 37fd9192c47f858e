from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from gliobench.adapters.monai.fitting import Batch, Schedule, fit, load_network
from gliobench.adapters.monai.localizer_trainer import LESSONS, localizer_loss
from gliobench.adapters.monai.torch_network import FINE
from gliobench.domain.errors import InvalidInputError, JobError

SCHEDULE = Schedule(steps=7, checkpoint_every=2, average=0.5, seed=3)


def toy() -> torch.nn.Module:
    """Make a network with all that must be resumed: weights, running means and chance."""
    return torch.nn.Sequential(
        torch.nn.Conv3d(1, 3, 1), torch.nn.BatchNorm3d(3), torch.nn.Dropout(0.3)
    )


def batch_of(step: int) -> dict[str, torch.Tensor]:
    chance = torch.Generator().manual_seed(step)
    return {"volumes": torch.randn(2, 1, 4, 4, 4, generator=chance)}


def loss_of(network: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    return (network(batch["volumes"]) - 1).square().mean()


def run(folder: Path, *, stop_at: int | None = None, **changes: object) -> list[int]:
    """Fit the toy, as if killed after a step if one is named; give the steps that were told."""
    told: list[int] = []

    def progress(done: int, wanted: int, loss: float) -> None:
        assert wanted == 7
        assert loss > 0
        told.append(done)
        if done == stop_at:
            raise KeyboardInterrupt

    arguments = {
        "batch_of": batch_of,
        "loss_of": loss_of,
        "schedule": SCHEDULE,
        "folder": folder,
        "progress": progress,
        **changes,
    }
    if stop_at:
        with pytest.raises(KeyboardInterrupt):
            fit(toy, **arguments)
    else:
        fit(toy, **arguments)
    return told


def curve(folder: Path) -> list[str]:
    return (folder / "curve.csv").read_text().splitlines()[1:]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_network(toy, folder).state_dict()


def assert_same(one: Path, other: Path) -> None:
    for name, value in weights(one).items():
        assert torch.equal(value, weights(other)[name]), name
    assert curve(one) == curve(other)


def test_a_fit_tells_of_every_step_and_keeps_its_losses(tmp_path: Path) -> None:
    told = run(tmp_path / "fit")

    assert told == [1, 2, 3, 4, 5, 6, 7]
    assert len(curve(tmp_path / "fit")) == 7


@pytest.mark.parametrize("stop_at", [1, 4, 5], ids=["before-any-checkpoint", "at-one", "after-one"])
def test_a_fit_that_was_killed_ends_in_the_same_network(tmp_path: Path, stop_at: int) -> None:
    run(tmp_path / "whole")
    run(tmp_path / "killed", stop_at=stop_at)

    told = run(tmp_path / "killed")

    assert told[0] == stop_at - stop_at % 2 + 1
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_a_fit_that_is_done_is_left_as_it_is(tmp_path: Path) -> None:
    run(tmp_path / "done")
    before = (tmp_path / "done" / "checkpoint.pt").read_bytes()

    assert run(tmp_path / "done") == []
    assert (tmp_path / "done" / "checkpoint.pt").read_bytes() == before


def test_another_seed_ends_in_another_network(tmp_path: Path) -> None:
    run(tmp_path / "one")
    run(tmp_path / "other", schedule=replace(SCHEDULE, seed=4))

    assert not torch.equal(
        weights(tmp_path / "one")["0.weight"], weights(tmp_path / "other")["0.weight"]
    )


def test_what_is_kept_is_the_average_and_not_the_last_step(tmp_path: Path) -> None:
    run(tmp_path / "average")
    run(tmp_path / "last", schedule=replace(SCHEDULE, average=0.0))

    assert not torch.equal(
        weights(tmp_path / "average")["0.weight"], weights(tmp_path / "last")["0.weight"]
    )


def test_a_loss_that_is_not_finite_stops_the_fit_and_spares_the_checkpoint(tmp_path: Path) -> None:
    def breaks(network: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        diverged = (tmp_path / "curve.csv").exists() and len(curve(tmp_path)) == 4
        return loss_of(network, batch) * (float("nan") if diverged else 1)

    with pytest.raises(JobError, match="loss nan at step 4: lower the learning rate"):
        run(tmp_path, loss_of=breaks)
    assert len(curve(tmp_path)) == 4


def test_a_checkpoint_of_another_schedule_is_refused(tmp_path: Path) -> None:
    run(tmp_path)

    with pytest.raises(JobError, match=r"checkpoint\.pt is of Schedule\(.*delete it, or ask"):
        run(tmp_path, schedule=replace(SCHEDULE, learning_rate=1e-4))


@pytest.mark.parametrize("left", [{}, None], ids=["of-a-cpu", "of-before"])
def test_a_checkpoint_without_a_scaler_is_gone_on_with(
    tmp_path: Path, left: dict[str, float] | None
) -> None:
    run(tmp_path, stop_at=4)
    checkpoint = tmp_path / "checkpoint.pt"
    state = torch.load(checkpoint, weights_only=True)
    if left is None:
        del state["scaler"]
    else:
        assert state["scaler"] == left
    torch.save(state, checkpoint)

    assert run(tmp_path) == [5, 6, 7]


def test_a_gpu_s_scaler_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = partial(torch.amp.GradScaler, "cpu", init_scale=2.0, growth_interval=3)
    monkeypatch.setattr(torch.amp, "GradScaler", lambda *_, **__: growing())
    run(tmp_path / "whole")
    run(tmp_path / "killed", stop_at=4)

    run(tmp_path / "killed")

    whole, killed = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["scaler"]
        for name in ("whole", "killed")
    )
    assert whole == killed
    assert (whole["scale"], whole["_growth_tracker"]) == (8.0, 1)


def test_the_network_of_a_fit_that_is_not_done_is_not_given(tmp_path: Path) -> None:
    run(tmp_path, stop_at=4)

    with pytest.raises(JobError, match=r"checkpoint\.pt is of a fit that is not done: finish it"):
        load_network(toy, tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_a_checkpoint_that_is_torn_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)

    with pytest.raises(JobError, match=r"checkpoint .*checkpoint\.pt cannot be read"):
        run(tmp_path)


def test_a_checkpoint_of_another_network_is_refused_in_one_error_of_ours(tmp_path: Path) -> None:
    run(tmp_path)

    with pytest.raises(JobError, match=r"checkpoint\.pt is of another network"):
        load_network(lambda: torch.nn.Conv3d(1, 5, 1), tmp_path)


@pytest.mark.parametrize("steps", [1, 10, 20])
def test_a_fit_may_take_any_number_of_steps(tmp_path: Path, steps: int) -> None:
    fit(
        toy,
        batch_of=batch_of,
        loss_of=loss_of,
        schedule=replace(SCHEDULE, steps=steps),
        folder=tmp_path,
        progress=lambda *_: None,
    )

    assert len(curve(tmp_path)) == steps


def test_a_schedule_takes_a_step_at_least() -> None:
    with pytest.raises(InvalidInputError, match="steps 0 is not positive"):
        Schedule(steps=0)


def gradient(network: torch.nn.Module, batch: Batch, *, bfloat16: bool) -> torch.Tensor:
    """Return all gradients in a row, after memory was filled with numbers that nobody should read."""
    del [torch.full((2**k,), 1e30) for k in range(10, 22) for _ in range(4)][:]
    network.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        localizer_loss(network, batch).backward()
    return torch.cat([weights.grad.flatten() for weights in network.parameters()])


@pytest.mark.parametrize("on_lesions", [True, False])
def test_gradients_in_bfloat16_are_right_where_it_is_used(on_lesions: bool) -> None:
    lessons = LESSONS[FINE]
    shape = lessons.lesions.shape if on_lesions else lessons.windows.shape
    chance = torch.Generator().manual_seed(1)
    layout = {"memory_format": torch.channels_last_3d}
    batch = {
        "volumes": torch.randn(2, 4, *shape, generator=chance).contiguous(**layout),
        "regions": (torch.rand(2, 3, *shape, generator=chance) > 0.8).float(),
        "weights": torch.ones(2, 1, *shape),
    }
    torch.manual_seed(0)
    network = lessons.build()
    right = gradient(network, batch, bfloat16=False)

    fast = gradient(network, batch, bfloat16=True)

    assert lessons.bfloat16
    assert (fast - right).norm() < 0.1 * right.norm()
