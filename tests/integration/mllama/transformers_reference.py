"""What people do: Transformers' own model, four padded tiles, one question at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import MllamaForConditionalGeneration, MllamaProcessor

from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint
from gliobench.adapters.vision_language.requests import Picture


class TransformersReference:
    """The plain loop over a checkpoint's questions."""

    def __init__(self, folder: Path, checkpoint: Checkpoint) -> None:
        self.model = MllamaForConditionalGeneration.from_pretrained(folder).eval()
        self.checkpoint = checkpoint
        self._processor = MllamaProcessor(
            checkpoint.picture_processor, checkpoint.tokenizer, checkpoint.chat_template
        )

    def inputs(self, pictures: Sequence[Picture], prompt: str, reply: str = "") -> dict:
        text = self.checkpoint.chat(prompt, pictures=len(pictures)) + reply
        return self._processor(
            images=[list(pictures)], text=[text], add_special_tokens=False, return_tensors="pt"
        )

    @torch.no_grad()
    def logits(self, pictures: Sequence[Picture], prompt: str, reply: str = "") -> Tensor:
        """(tokens, vocabulary), of the prompt and the reply."""
        return self.model(**self.inputs(pictures, prompt, reply), use_cache=False).logits[0]

    def greedy(self, pictures: Sequence[Picture], prompt: str, *, tokens: int) -> list[int]:
        inputs = self.inputs(pictures, prompt)
        written = self.model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
        return written[0, inputs["input_ids"].shape[1] :].tolist()

    def log_likelihood(self, pictures: Sequence[Picture], prompt: str, reply: str) -> float:
        start = self.inputs(pictures, prompt)["input_ids"].shape[1]
        closed = reply + "<|eot_id|>"
        target = self.inputs(pictures, prompt, closed)["input_ids"][0, start:]
        scores = self.logits(pictures, prompt, closed)[start - 1 : -1].log_softmax(-1)
        return float(scores.gather(1, target[:, None]).sum())
