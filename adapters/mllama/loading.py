"""Open an Mllama checkpoint: weights, tokenizer and picture processor, from a folder or the hub."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BitsAndBytesConfig,
    MllamaForConditionalGeneration,
    PreTrainedTokenizerFast,
)
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil
from transformers.processing_utils import ProcessorMixin
from transformers.utils.logging import disable_progress_bar

from gliobench.adapters.mllama.adapter_config import CONFIG, WEIGHTS, check_adapter
from gliobench.domain.errors import (
    BackendError,
    GliobenchError,
    InvalidInputError,
    MissingExtraError,
    NotFoundError,
)
from gliobench.domain.secrets import hidden

PICTURE_TOKEN = "<|image|>"  # noqa: S105 - a token of text, no secret
LARGEST_TILE_PX, MOST_TILES = 2048, 16
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What to load, where to, and how much of it to do at once.

    Args:
        model: A folder, or an id on the Hugging Face hub.
        adapter: PEFT adapter, likewise; merged into the weights.
        dtype: `auto` is bfloat16 on a GPU that has it, else float32.
        device: `auto` is the first GPU, else the CPU.
        device_map: How accelerate spreads the layers over several GPUs (`auto`, `balanced`…);
            replaces `device`.
        batch_size: Prompts decoded at once; ≥ 1.
        max_new_tokens: Length limit of a reply; ≥ 1.
        compile: On a GPU, capture the decode step as a CUDA graph; without effect on the CPU.

    Raises:
        InvalidInputError: A number below 1.
    """

    model: str
    adapter: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    device_map: str | None = None
    batch_size: int = 32
    max_new_tokens: int = 128
    compile: bool = True

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise InvalidInputError(f"{name} is {getattr(self, name)}, wanted at least 1")


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """An Mllama, and all that turns pictures and words into its input.

    Args:
        chat_template: Jinja source, the model's own.
        provenance: Names, content hashes and versions that decide what it says.
    """

    model: MllamaForConditionalGeneration
    tokenizer: PreTrainedTokenizerFast
    picture_processor: MllamaImageProcessorPil
    chat_template: str
    provenance: Mapping[str, str]

    def chat(self, prompt: str, *, pictures: int = 1, reply: str | None = None) -> str:
        """Write a user's turn as the model expects it.

        Args:
            prompt: The user's words.
            pictures: How many are shown; they come first.
            reply: The assistant's turn, closed; None leaves it open for the model.

        Returns:
            Text with all special tokens, the begin of text included.
        """
        shown = [{"type": "image"}] * pictures
        turns: list[dict[str, Any]] = [
            {"role": "user", "content": [*shown, {"type": "text", "text": prompt}]}
        ]
        if reply is not None:
            turns.append({"role": "assistant", "content": [{"type": "text", "text": reply}]})
        return str(
            self.tokenizer.apply_chat_template(
                turns,
                chat_template=self.chat_template,
                tokenize=False,
                add_generation_prompt=reply is None,
            )
        )

    def token_ids(self, text: str) -> list[int]:
        """Split text, special tokens written out in it, into the model's tokens."""
        return [int(token) for token in self.tokenizer.encode(text, add_special_tokens=False)]

    @property
    def tile_px(self) -> int:
        """Edge of a tile: of the largest picture that is seen whole in one, and not enlarged."""
        return int(self.picture_processor.size["height"])

    @property
    def picture_token_id(self) -> int:
        """The token that stands where a picture is shown."""
        return self.token_ids(PICTURE_TOKEN)[0]

    @property
    def end_token_ids(self) -> tuple[int, ...]:
        """Tokens that end a turn, the one that replies are trained with first."""
        declared = self.model.generation_config.eos_token_id
        tokens = declared if isinstance(declared, list) else [declared]
        closing = self.tokenizer.eos_token_id
        return tuple(dict.fromkeys(int(t) for t in (closing, *tokens) if t is not None))


def load_checkpoint(
    options: EngineOptions, *, merge_adapter: bool = True, four_bit: bool = False
) -> Checkpoint:
    """Load what the options name.

    Args:
        options: Model, adapter, dtype and device.
        merge_adapter: False leaves a PEFT adapter beside the weights, inside the same modules.
        four_bit: Keep the language model's weights in four bits each; needs a GPU.

    Returns:
        The checkpoint in evaluation mode, with attention by PyTorch's fused kernels.

    Raises:
        NotFoundError: There is no such model or adapter, or access to it is not granted.
        BackendError: It is no Mllama, has no safetensors weights, or no GPU is there for it.
        MissingExtraError: peft, accelerate or bitsandbytes is needed and not installed.
    """
    device = _device(options)
    disable_progress_bar()  # it would stand on stderr among the log's lines
    with _reported(options.model):
        _require_mllama(options.model)
        model = _load_weights(options, device, four_bit=four_bit)
        tokenizer = cast(
            "PreTrainedTokenizerFast",
            AutoTokenizer.from_pretrained(options.model, trust_remote_code=False),
        )
        pictures = MllamaImageProcessorPil.from_pretrained(options.model)
        _check_tiles(options.model, pictures)
        template = _chat_template(options.model, tokenizer)
    if options.adapter is not None:
        model = _with_adapter(model, options.adapter, merge=merge_adapter)
    model.eval()
    provenance = _provenance(options, model, device)
    return Checkpoint(model, tokenizer, pictures, template, provenance)


def _device(options: EngineOptions) -> torch.device:
    available = torch.cuda.is_available()
    if not available and (options.device == "cuda"):
        raise BackendError("device cuda asked for, and PyTorch sees no GPU")
    return torch.device("cuda" if available and options.device != "cpu" else "cpu")


def _dtype(options: EngineOptions, device: torch.device) -> torch.dtype:
    if options.dtype != "auto":
        return _DTYPES[options.dtype]
    brain_float = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if brain_float else torch.float32


def _require_mllama(model: str) -> None:
    found = AutoConfig.from_pretrained(model, trust_remote_code=False).model_type
    if found != "mllama":
        raise BackendError(f"model {model} is of type {found}, wanted mllama (LLaMA 3.2 Vision)")


def _load_weights(
    options: EngineOptions, device: torch.device, *, four_bit: bool
) -> MllamaForConditionalGeneration:
    device_map = options.device_map or (
        {"": torch.cuda.current_device()} if device.type == "cuda" else None
    )
    if device_map is not None:
        _require("accelerate", "Loading onto GPUs")
    return MllamaForConditionalGeneration.from_pretrained(
        options.model,
        dtype=_dtype(options, device),
        device_map=device_map,
        quantization_config=_four_bit(device) if four_bit else None,
        attn_implementation="sdpa",
        use_safetensors=True,
        trust_remote_code=False,
    )


def _four_bit(device: torch.device) -> BitsAndBytesConfig:
    """Quantise as QLoRA does, all but the vision tower, whose states inference must share."""
    _require("bitsandbytes", "QLoRA", extra="qlora")
    if device.type != "cuda":
        raise BackendError("four bits asked for, and PyTorch sees no GPU")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=["vision_model", "multi_modal_projector", "lm_head"],
    )


def _check_tiles(model: str, pictures: MllamaImageProcessorPil) -> None:
    """Refuse pictures that no memory holds; LLaMA 3.2's have 4 tiles of 560 pixels."""
    height, width, tiles = (
        pictures.size.get("height"),
        pictures.size.get("width"),
        pictures.max_image_tiles,
    )
    edges = all(isinstance(edge, int) and 1 <= edge <= LARGEST_TILE_PX for edge in (height, width))
    if not edges or not isinstance(tiles, int) or not 1 <= tiles <= MOST_TILES:
        raise BackendError(
            f"model {model}: pictures of {tiles} tiles of {height}×{width} pixels: wanted at most "
            f"{MOST_TILES} of {LARGEST_TILE_PX}"
        )


def _chat_template(model: str, tokenizer: PreTrainedTokenizerFast) -> str:
    """Find the template beside the tokenizer, or beside the processor, where Meta put it."""
    if isinstance(tokenizer.chat_template, str):
        return tokenizer.chat_template
    template = ProcessorMixin.get_processor_dict(model)[0].get("chat_template")
    if not isinstance(template, str):
        raise BackendError(f"model {model} has no chat template: it is no Instruct model")
    return template


def _with_adapter(
    model: MllamaForConditionalGeneration, adapter: str, *, merge: bool
) -> MllamaForConditionalGeneration:
    _require("peft", "A LoRA adapter")
    from peft import PeftModel

    with _reported(adapter, what="adapter"), warnings.catch_warnings():
        # peft 0.21 asks transformers 5.23 by a name that is going away.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        # An option that PEFT does not know may be what the adapter depends on: it would be dropped.
        warnings.filterwarnings("error", "Unexpected keyword arguments", UserWarning)
        folder = _adapter_folder(adapter)
        check_adapter(folder)
        try:
            tuned = PeftModel.from_pretrained(model, str(folder), use_safetensors=True)
        except UserWarning as error:
            raise BackendError(
                f"adapter {adapter} has options that this version of PEFT does not know: update "
                f"peft, or train it again ({error})"
            ) from error
    # Unmerged, the layers that PEFT put in stay inside the model that it wraps.
    whole = tuned.merge_and_unload() if merge else tuned.get_base_model()
    return cast("MllamaForConditionalGeneration", whole)


def _adapter_folder(adapter: str) -> Path:
    """Give the folder of an adapter, fetched from the hub where it is named by an id."""
    if Path(adapter).is_dir():
        return Path(adapter)
    return Path(snapshot_download(adapter, allow_patterns=[CONFIG, WEIGHTS]))


def _provenance(
    options: EngineOptions, model: MllamaForConditionalGeneration, device: torch.device
) -> dict[str, str]:
    adapter = {}
    if options.adapter is not None:
        adapter = {"adapter": _shown(options.adapter), "adapter_sha256": _content(options.adapter)}
    hardware = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    return {
        "model": _shown(options.model),
        "model_sha256": _content(options.model),
        **adapter,
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": hardware,
        "batch_size": str(options.batch_size),
        "max_new_tokens": str(options.max_new_tokens),
        "torch": torch.__version__,
        "transformers": version("transformers"),
    }


def _shown(name: str) -> str:
    """Name a model for others: an id on the hub, or a folder without the place that it lies in."""
    folder = Path(name).resolve()
    if not folder.is_dir():
        return hidden(name)
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else folder.name


def _content(name: str) -> str:
    """Name what was loaded by its content: a folder's hash, or a commit on the hub."""
    # The snapshot that was loaded a moment ago lies in a folder named after its commit.
    return content_hash(name) or Path(snapshot_download(name, local_files_only=True)).name


def content_hash(folder: str | None) -> str | None:
    """Hash the content of a folder's files, in the order of their names.

    Folders within it are left out: Meta's download has the weights there once more.

    Returns:
        64 hexadecimal digits; None where the name is no folder here (an id on the hub).
    """
    if folder is None or not Path(folder).is_dir():
        return None
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    total = hashlib.sha256()
    with ThreadPoolExecutor() as pool:
        for path, digest in zip(files, pool.map(_file_hash, files), strict=True):
            total.update(f"{path.name} {digest}\n".encode())
    return total.hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _require(library: str, purpose: str, *, extra: str = "vlm") -> None:
    if importlib.util.find_spec(library) is None:
        raise MissingExtraError(extra=extra, purpose=purpose)


@contextmanager
def _reported(name: str, *, what: str = "model") -> Iterator[None]:
    """Say in one line what is the matter with a checkpoint, and how to get it.

    The hub's own warnings, a line for each of its retries, are held back meanwhile.
    """
    hub = logging.getLogger("huggingface_hub")
    level = hub.level
    hub.setLevel(logging.ERROR)
    try:
        yield
    except GliobenchError:
        raise
    except (OSError, ValueError, HFValidationError) as error:
        if isinstance(error, GatedRepoError) or isinstance(error.__cause__, GatedRepoError):
            raise NotFoundError(
                f"{what} {name} is gated: accept its licence at https://huggingface.co/{name}, "
                "then run `hf auth login` or set HF_TOKEN"
            ) from error
        if Path(name).is_dir():
            reason = str(error).splitlines()[0]
            raise BackendError(f"{what} {name} cannot be loaded: {reason}") from error
        raise NotFoundError(
            f"{what} {name} is neither a folder nor within reach on the Hugging Face hub: "
            "give the folder that it was downloaded to"
        ) from error
    finally:
        hub.setLevel(level)
