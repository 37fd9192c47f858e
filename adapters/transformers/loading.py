"""What loading any model takes: device, numbers, chat template, adapter, and what it was by hash."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError
from transformers import BitsAndBytesConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.processing_utils import ProcessorMixin

from gliobench.adapters.transformers.adapter_config import CONFIG, WEIGHTS, check_adapter
from gliobench.adapters.transformers.options import EngineOptions
from gliobench.domain.errors import BackendError, GliobenchError, MissingExtraError, NotFoundError
from gliobench.domain.files.content import digest_of
from gliobench.domain.secrets import hidden

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_OF_PICTURES = (
    "vision_model",
    "vision_tower",
    "visual",
    "multi_modal_projector",
    "connector",
    "image_newline",
)
"""What families call the modules that look at pictures."""
ModelT = TypeVar("ModelT", bound=PreTrainedModel)


def choose_device(options: EngineOptions) -> torch.device:
    """Choose what to compute on.

    Raises:
        BackendError: A GPU is asked for, and there is none.
    """
    available = torch.cuda.is_available()
    if not available and (options.device == "cuda"):
        raise BackendError("device cuda asked for, and PyTorch sees no GPU")
    return torch.device("cuda" if available and options.device != "cpu" else "cpu")


def choose_dtype(options: EngineOptions, device: torch.device) -> torch.dtype:
    """Choose the numbers to compute in."""
    if options.dtype != "auto":
        return _DTYPES[options.dtype]
    brain_float = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if brain_float else torch.float32


def chat_template_of(model: str, tokenizer: PreTrainedTokenizerFast) -> str:
    """Find the template beside the processor, as transformers does, or beside the tokenizer.

    Raises:
        BackendError: There is none.
    """
    template = ProcessorMixin.get_processor_dict(model)[0].get("chat_template")
    if not isinstance(template, str):
        template = tokenizer.chat_template
    if not isinstance(template, str):
        raise BackendError(f"model {model} has no chat template: it is no Instruct model")
    return template


def with_adapter(model: ModelT, adapter: str, *, merge: bool) -> ModelT:
    """Load a LoRA adapter into a model; merged into its weights, or beside them.

    Raises:
        NotFoundError: There is no such adapter, or access to it is not granted.
        BackendError: It is no plain LoRA, or cannot be loaded.
        MissingExtraError: peft is not installed.
    """
    require("peft", "A LoRA adapter")
    from peft import PeftModel

    with reported_loading(adapter, what="adapter"), warnings.catch_warnings():
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
    return cast("ModelT", whole)


def _adapter_folder(adapter: str) -> Path:
    """Return the folder of an adapter, fetched from the hub where it is named by an id."""
    if Path(adapter).is_dir():
        return Path(adapter)
    return Path(snapshot_download(adapter, allow_patterns=[CONFIG, WEIGHTS]))


def load_weights(
    auto: type[object], options: EngineOptions, device: torch.device, *, four_bit: bool, **more: str
) -> PreTrainedModel:
    """Load safetensors weights onto what they are to run on.

    Args:
        auto: Class of transformers that loads them.
        options: Model, dtype and device map.
        device: As `choose_device` has it.
        four_bit: Keep the language model's weights in four bits each; needs a GPU.
        more: What else the class takes.

    Raises:
        BackendError: Four bits are asked for without a GPU.
        MissingExtraError: accelerate or bitsandbytes is needed and not installed.
    """
    device_map = options.device_map or (
        {"": torch.cuda.current_device()} if device.type == "cuda" else None
    )
    if device_map is not None:
        require("accelerate", "Loading onto GPUs")
    model: PreTrainedModel = cast("Any", auto).from_pretrained(
        options.model,
        dtype=choose_dtype(options, device),
        device_map=device_map,
        quantization_config=_four_bits(device) if four_bit else None,
        use_safetensors=True,
        trust_remote_code=False,
        **more,
    )
    return model


def _four_bits(device: torch.device) -> BitsAndBytesConfig:
    """Quantise as QLoRA does, all but the vision tower, whose states inference must share."""
    require("bitsandbytes", "QLoRA", extra="qlora")
    if device.type != "cuda":
        raise BackendError("four bits asked for, and PyTorch sees no GPU")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=[*_OF_PICTURES, "lm_head"],
    )


def provenance_of(
    options: EngineOptions, model: PreTrainedModel, device: torch.device
) -> dict[str, str]:
    """Name what decides what a model says: content hashes, limits, hardware and versions."""
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


def fingerprint_of(provenance: Mapping[str, str]) -> str:
    """Hash all that decides replies, 64 hexadecimal digits; a model's name or folder has no part."""
    decisive = {k: v for k, v in provenance.items() if k not in {"model", "adapter"}}
    return hashlib.sha256(repr(sorted(decisive.items())).encode()).hexdigest()


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

    Folders within it are left out: Meta's download contains a second copy of the weights there.

    Returns:
        64 hexadecimal digits; None where the name is no folder here (an id on the hub).
    """
    if folder is None or not Path(folder).is_dir():
        return None
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    total = hashlib.sha256()
    with ThreadPoolExecutor() as pool:
        for path, digest in zip(files, pool.map(digest_of, files), strict=True):
            total.update(f"{path.name} {digest}\n".encode())
    return total.hexdigest()


def require(library: str, purpose: str, *, extra: str = "vlm") -> None:
    """Check that a library is installed.

    Raises:
        MissingExtraError: It is not.
    """
    if importlib.util.find_spec(library) is None:
        raise MissingExtraError(extra=extra, purpose=purpose)


@contextmanager
def reported_loading(name: str, *, what: str = "model") -> Iterator[None]:
    """Report in one line what is wrong with a checkpoint, and how to get it.

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
    except MemoryError:
        raise
    except Exception as error:  # what libraries raise about a damaged file is no fixed list
        reason = (str(error).strip() or "no reason given").splitlines()[0]
        raise BackendError(
            f"{what} {name} cannot be loaded: {type(error).__name__}: {reason}"
        ) from error
    finally:
        hub.setLevel(level)
