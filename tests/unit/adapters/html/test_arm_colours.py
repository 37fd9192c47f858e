from __future__ import annotations

from gliobench.adapters.html.words import arm_colours


def test_seven_models_have_seven_colours_whatever_baselines_stand_between_them() -> None:
    names = ["a", "majority", "b", "c", "prior", "d", "e", "f", "g"]

    colours = arm_colours(names, {"majority", "prior"})

    models = [colours[name] for name in names if name not in ("majority", "prior")]
    assert models == list(range(7))
