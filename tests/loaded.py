"""Imported, it loads what most commands import, and does once what each of them does again.

No thread of ours starts with it, so that a process may be copied afterwards.
"""

from importlib import import_module
from importlib.util import find_spec

from gliobench.adapters.html.templating import environment
from gliobench.entrypoints import cli

LIBRARIES = (
    *(
        "nibabel",
        "onnxruntime",
        "PIL.ImageChops",
        "scipy.ndimage",
        "scipy.stats",
        "typer.rich_utils",
    ),
    *("pandas", "pyarrow.pandas_compat"),  # by pyarrow, where it is installed
)
OURS = (
    *(
        f"adapters.{name}"
        for name in ("baselines", "executors", "html", "json", "nifti", "onnx.backend")
    ),
    *(f"adapters.{name}" for name in ("parquet", "phantom", "pillow", "slices")),
    *(
        f"entrypoints.container.{name}"
        for name in ("datasets", "evaluation", "prepared", "reports")
    ),
    *(f"entrypoints.container.{name}" for name in ("runs", "targets")),
)

for name in LIBRARIES:
    if find_spec(name.partition(".")[0]):
        import_module(name)
for name in OURS:
    import_module(f"gliobench.{name}")
for name in cli.COMMANDS:
    cli.load_command(name)
for name in environment().list_templates(extensions=["html"]):
    environment().get_template(name)
if find_spec("nilearn"):
    import_module("gliobench.adapters.phantom.anatomy").load_template()
