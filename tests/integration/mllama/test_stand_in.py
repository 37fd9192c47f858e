"""The checkpoint that ships in place of the gated weights."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast

from gliobench.adapters.transformers.cards import STAND_IN, card_of
from gliobench.adapters.transformers.loading import content_hash
from gliobench.adapters.transformers.mllama.checkpoint import load_checkpoint
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.options import STAND_IN_FOLDER, MllamaOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.reader import Asking, Reader, Reading
from gliobench.adapters.vision_language.slices import SlicePrompting, planes_by
from gliobench.domain.geometry.grids import Grid, Point
from gliobench.domain.predictions.prediction import Failure, Form
from gliobench.domain.slices.view import SlicePolicy
from gliobench.domain.studies.study import Modality, Study

MODEL, ADAPTER = STAND_IN_FOLDER / "model", STAND_IN_FOLDER / "adapter"
MOST_BYTES = 12_000_000
RADIUS = 14
"""Of the tumour that is drawn, in voxels."""


@pytest.fixture(scope="module")
def words() -> PreTrainedTokenizerFast:
    tokenizer: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(MODEL)
    return tokenizer


def test_it_says_what_it_is_and_learned_from_no_patient() -> None:
    card = card_of(str(MODEL))

    assert card[STAND_IN] == "stand-in, not LLaMA"
    assert list(card["trained_on"]) == []
    assert "Research use only" in (MODEL / "README.md").read_text()


def test_it_learned_the_words_that_are_asked() -> None:
    assert card_of(str(MODEL))["prompts_sha256"] == Prompts.load().sha256


def test_it_is_small_and_holds_nothing_that_could_run() -> None:
    shipped = [path for path in STAND_IN_FOLDER.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in shipped) <= MOST_BYTES
    assert {path.suffix for path in shipped} <= {".safetensors", ".json", ".jinja", ".md"}


def test_it_has_every_part_of_llama_vision() -> None:
    model = load_checkpoint(MllamaOptions(model=str(MODEL))).model
    vision, text = model.config.vision_config, model.config.text_config

    assert vision.max_num_tiles == 4
    assert len(vision.supported_aspect_ratios) == 8
    assert vision.num_global_layers > 0
    assert vision.intermediate_layers_indices
    assert 0 < len(text.cross_attention_layers) < text.num_hidden_layers
    assert model.lm_head.out_features < model.get_input_embeddings().num_embeddings
    gates = {
        name: one for name, one in model.named_parameters() if "gate" in name and one.numel() == 1
    }
    assert gates
    assert all(float(gate.detach().tanh().abs()) > 0.01 for gate in gates.values())


def test_it_is_computed_with_in_single_precision_wherever_it_is_loaded() -> None:
    assert str(AutoConfig.from_pretrained(MODEL).dtype) == "torch.float32"


@pytest.mark.parametrize("text", ["0.512", "Wo ist der Tumor? é 中 🧠", '{"x": 0.5}', "\x00\t\r\n"])
def test_no_text_is_unknown_to_its_words(words: PreTrainedTokenizerFast, text: str) -> None:
    assert words.decode(words.encode(text, add_special_tokens=False)) == text


def test_digits_are_words_of_their_own(words: PreTrainedTokenizerFast) -> None:
    assert words.tokenize("0.512") == ["0", ".", "5", "1", "2"]


@pytest.mark.skipif(not ADAPTER.exists(), reason="no adapter ships yet")
def test_its_adapter_was_learned_on_these_very_weights() -> None:
    card = json.loads((ADAPTER / "card.json").read_text())

    assert card[STAND_IN] == "stand-in, not LLaMA"
    assert card["base_sha256"] == content_hash(str(MODEL))
    assert card["prompts_sha256"] == Prompts.load().sha256


def test_it_answers_every_question_in_format_and_finds_a_bright_tumour() -> None:
    engine = Engine.load(MllamaOptions(model=str(MODEL)))
    asking = Asking(SlicePrompting.of(ReadingOptions(), engine), Prompts.load())
    planes_of = planes_by(SlicePolicy.BRAIN_MIDDLE, modality=Modality.T1C)

    (reading,) = Reader(engine, asking, planes_of).read([bright_tumour()])

    assert isinstance(reading, Reading)
    answers = (reading.grade, *reading.place.answers.values())
    assert not [answer for answer in answers if isinstance(answer, Failure)]
    point = reading.place.answers[Form.POINT]
    assert isinstance(point, Point)
    assert np.hypot(point.at[0] - 40, point.at[1] - 80) < RADIUS


def bright_tumour() -> Study:
    """Draw a round brain with a bright ball on the patient's left, towards the front."""
    i, j, _ = np.indices((120, 120, 1))
    random = np.random.default_rng(0)
    grey = np.where(np.hypot(i - 60, (j - 60) * 0.85) < 50, 300, 0) + 0.0
    grey[np.hypot(i - 40, j - 80) < RADIUS] = 600
    noisy = (grey * random.normal(1, 0.05, grey.shape)).astype(np.float32)
    grid = Grid(shape=noisy.shape, affine=np.diag([2.0, 2.0, 2.0, 1.0]))
    return Study(id="ball", patient_id="ball", grid=grid, volumes={Modality.T1C: noisy})
