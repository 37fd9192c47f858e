"""Imported, it loads what most commands import, and does once what each of them does again.

No thread of ours starts with it, so that a process may be copied afterwards.
"""

from importlib import import_module
from importlib.util import find_spec

from gliobench.adapters.html.templating import environment
from gliobench.entrypoints import cli

LIBRARIES = (
    "nibabel",
    "onnxruntime",
    "PIL.ImageChops",
    "scipy.ndimage",
    "scipy.stats",
    "typer.rich_utils",
)
OF_PYARROW = ("pandas", "pyarrow.pandas_compat")
"""It loads them where they are installed."""
ADAPTERS = (
    "baselines",
    "executors",
    "html",
    "json",
    "nifti",
    "onnx.backend",
    "parquet",
    "phantom",
    "pillow",
)
WIRING = ("datasets", "evaluation", "prepared", "reports", "runs", "targets")

for name in ("remembered", *LIBRARIES, *(OF_PYARROW if find_spec("pandas") else ())):
    import_module(name)
for name in ADAPTERS:
    import_module(f"gliobench.adapters.{name}")
for name in WIRING:
    import_module(f"gliobench.entrypoints.container.{name}")
for name in cli.COMMANDS:
    cli.load_command(name)
for name in environment().list_templates(extensions=["html"]):
    environment().get_template(name)
if find_spec("nilearn"):
    import_module("gliobench.adapters.phantom.anatomy").load_template()
