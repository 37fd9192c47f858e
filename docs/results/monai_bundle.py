"""Make a MONAI bundle of the localizer that ships with gliobench, to be run by `monai.bundle`.

    python docs/results/monai_bundle.py BUNDLE

It needs the extra `train`. The bundle is run in an environment with monai, pytorch-ignite, nibabel
and fire:

    python -m monai.bundle run --config_file BUNDLE/configs/inference.json --bundle_root BUNDLE \\
        --dataset_dir IN --output_dir OUT

The weights are those of the ONNX file; what prepares images and masks is MONAI's own, so its masks
are close to those of `cnn-onnx` but not the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import monai
import onnx
import torch
from onnx import numpy_helper

from gliobench.entrypoints.container import container

NETWORK = {
    "_target_": "UNet",
    "spatial_dims": 3,
    "in_channels": 4,
    "out_channels": 3,
    "channels": [16, 32, 64, 128],
    "strides": [2, 2, 2],
    "num_res_units": 2,
    "norm": None,  # batch norm is part of the convolutions of an exported network
}
WINDOW = [80, 96, 80]
TO_LABELS = "$lambda x: torch.where(x[2:] > 0, 3, torch.where(x[1:2] > 0, 1, 2 * (x[:1] > 0)))"
"""Regions WT, TC, ET to labels of brats-gli-2023, as nested regions."""
INFERENCE: dict[str, Any] = {
    "imports": ["$import torch", "$from monai.data import load_decathlon_datalist"],
    "bundle_root": ".",
    "dataset_dir": ".",
    "output_dir": "eval",
    "datalist": "$load_decathlon_datalist(@dataset_dir + '/datalist.json', data_list_key='testing', "
    "base_dir=@dataset_dir)",
    "network": NETWORK,
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "image"},
            {"_target_": "EnsureChannelFirstd", "keys": "image"},
            {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
            {"_target_": "Spacingd", "keys": "image", "pixdim": [2.0, 2.0, 2.0]},
            {
                "_target_": "NormalizeIntensityd",
                "keys": "image",
                "nonzero": True,
                "channel_wise": True,
            },
        ],
    },
    "dataset": {"_target_": "Dataset", "data": "@datalist", "transform": "@preprocessing"},
    "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1},
    "inferer": {
        "_target_": "SlidingWindowInferer",
        "roi_size": WINDOW,
        "sw_batch_size": 1,
        "overlap": 0.5,
    },
    "postprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Activationsd", "keys": "pred", "sigmoid": True},
            {
                "_target_": "Invertd",
                "keys": "pred",
                "transform": "@preprocessing",
                "orig_keys": "image",
                "nearest_interp": False,
                "to_tensor": True,
            },
            {"_target_": "AsDiscreted", "keys": "pred", "threshold": 0.2},
            {"_target_": "Lambdad", "keys": "pred", "func": TO_LABELS},
            {
                "_target_": "SaveImaged",
                "keys": "pred",
                "output_dir": "@output_dir",
                "output_postfix": "seg",
                "output_dtype": "uint8",
                "resample": False,
            },
        ],
    },
    "handlers": [
        {
            "_target_": "CheckpointLoader",
            "load_path": "$@bundle_root + '/models/model.pt'",
            "load_dict": {"model": "@network"},
        }
    ],
    "evaluator": {
        "_target_": "SupervisedEvaluator",
        "device": "cpu",
        "val_data_loader": "@dataloader",
        "network": "@network",
        "inferer": "@inferer",
        "postprocessing": "@postprocessing",
        "val_handlers": "@handlers",
    },
    "run": ["$@evaluator.run()"],
}


def main() -> None:
    """Write the bundle."""
    bundle = Path(sys.argv[1])
    for name in ("configs", "models"):
        (bundle / name).mkdir(parents=True, exist_ok=True)
    network = _network(container.embedded_weights() / "localizer.onnx")
    torch.save({"model": network.state_dict()}, bundle / "models" / "model.pt")
    metadata = {
        "version": "0.1.0",
        "monai_version": monai.__version__,
        "pytorch_version": torch.__version__,
        "task": "glioma segmentation: WT, TC, ET",
        "description": "The localizer of gliobench. Research use only, not for patients.",
    }
    for name, content in (("inference", INFERENCE), ("metadata", metadata)):
        (bundle / "configs" / f"{name}.json").write_text(json.dumps(content, indent=2))


def _network(path: Path) -> torch.nn.Module:
    """Return the network of MONAI with the weights of an ONNX file."""
    graph = onnx.load(path).graph
    held = {item.name: torch.tensor(numpy_helper.to_array(item)) for item in graph.initializer}
    slopes = [node.input[1] for node in graph.node if node.op_type == "PRelu"]
    network = monai.networks.nets.UNet(**{k: v for k, v in NETWORK.items() if k != "_target_"})
    activations = [
        name for name, part in network.named_modules() if isinstance(part, torch.nn.PReLU)
    ]
    named = dict(zip(activations, slopes, strict=True))
    weights = {
        key: held[key] if key in held else held[named[key.removesuffix(".weight")]].reshape(1)
        for key in network.state_dict()
    }
    network.load_state_dict(weights)
    return network


if __name__ == "__main__":
    main()
