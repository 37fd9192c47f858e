import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("peft")

from gliobench.adapters.transformers.mllama.checkpoint import load_checkpoint
from gliobench.adapters.transformers.mllama.options import STAND_IN_FOLDER
from gliobench.adapters.transformers.options import EngineOptions
from gliobench.domain.errors import BackendError


def test_an_adapter_with_options_that_peft_would_drop_is_refused(tmp_path: Path) -> None:
    adapter = shutil.copytree(STAND_IN_FOLDER / "adapter", tmp_path / "adapter")
    config = adapter / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "of_a_later_peft": []}))

    with pytest.raises(BackendError, match="options that this version of PEFT does not know"):
        load_checkpoint(EngineOptions(model=str(STAND_IN_FOLDER / "model"), adapter=str(adapter)))
