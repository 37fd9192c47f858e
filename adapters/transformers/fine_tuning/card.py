"""The card of an adapter: its training patients, its prompts and its loss curve."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gliobench.adapters.transformers.cards import CARD, STAND_IN
from gliobench.adapters.transformers.fine_tuning.fitting import Curve

_NOTICE = "Research use only, not for patients."
_CURVE_POINTS = 200


@dataclass(frozen=True)
class AdapterCard:
    """All that decided what an adapter is.

    Args:
        base: The model that it belongs to, by name.
        base_sha256: Hash of the model's files, or its commit on the hub.
        stand_in: What to say where the model stands in for another; None elsewhere.
        trained_on: `patient_hash` of every patient that it learned from.
        learned_images: `image_hash` of every image of theirs.
        data_sha256: Hash of their studies.
        prompts_sha256: Hash of every word that was asked.
        parameters: That learned, by tower.
        settings: Of LoRA, the schedule and the pictures.
        versions: Of the libraries that computed.
    """

    base: str
    base_sha256: str
    stand_in: str | None
    trained_on: tuple[str, ...]
    learned_images: tuple[str, ...]
    data_sha256: str
    prompts_sha256: str
    parameters: dict[str, int]
    settings: dict[str, Any]
    versions: dict[str, str]

    def write(self, adapter: Path, curve: Curve) -> None:
        """Put the card beside the weights, for programs and for people, with the loss by step.

        What PEFT and Transformers leave there besides goes: an empty card, pickled arguments, and
        the folder of this machine that the model was loaded from.
        """
        content = asdict(self)
        if (stand_in := content.pop("stand_in")) is not None:
            content[STAND_IN] = stand_in
        stride = -(-len(curve) // _CURVE_POINTS) or 1
        kept = dict([*curve[::stride], *curve[-1:]])
        thinned = [[step, round(loss, 6)] for step, loss in kept.items()]
        lines = {**content, "notice": _NOTICE, "curve": thinned}.items()
        text = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in lines)
        (adapter / CARD).write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
        (adapter / "README.md").write_text(self._readme(curve), encoding="utf-8")
        (adapter / "training_args.bin").unlink(missing_ok=True)
        config = adapter / "adapter_config.json"
        named = {**json.loads(config.read_text()), "base_model_name_or_path": self.base}
        named["target_modules"] = sorted(named["target_modules"])  # PEFT writes a set
        config.write_text(json.dumps(named, indent=1, sort_keys=True))

    def _readme(self, curve: Curve) -> str:
        stand_in = f"**{self.stand_in}.** " if self.stand_in else ""
        learned = ", ".join(f"{tower} {count:,}" for tower, count in self.parameters.items())
        settings = "\n".join(f"- {name}: {_words(one)}" for name, one in self.settings.items())
        loss = (
            f"{curve[0][1]:.3f} at the first step, {curve[-1][1]:.3f} at the last" if curve else ""
        )
        return (
            f"# LoRA adapter for {self.base}\n\n{stand_in}{_NOTICE}\n\n"
            f"Made by `gliobench train lora` from the slices of {len(self.trained_on)} patients, "
            f"each asked for grade, centre, box and outline. Base {self.base_sha256}, "
            f"data {self.data_sha256}, prompts {self.prompts_sha256}.\n\n"
            f"Parameters learned: {learned}. Loss: {loss}; `curve` in `{CARD}` has the rest.\n\n"
            f"{settings}\n"
        )


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(one)}" for name, one in value.items())
    return json.dumps(value)
