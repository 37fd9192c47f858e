"""Lossless JPEG, which most archives use and pydicom decodes by a GPL library alone: GDCM, in SimpleITK."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from pydicom import Dataset, uid
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder

PLUGIN = "gliobench-gdcm"
DECODER_DEPENDENCIES = dict.fromkeys(
    (uid.JPEGLossless, uid.JPEGLosslessSV1, uid.JPEGExtended12Bit), ("SimpleITK",)
)
"""pydicom looks for it under this name."""


def register() -> None:
    """Offer the decoder to pydicom."""
    for syntax in DECODER_DEPENDENCIES:
        with suppress(ValueError):  # it is there already
            get_decoder(syntax).add_plugin(PLUGIN, (__name__, "decode_frame"))


def is_available(syntax: str) -> bool:
    """Return whether SimpleITK is installed; pydicom asks."""
    return syntax in DECODER_DEPENDENCIES and find_spec("SimpleITK") is not None


def decode_frame(source: bytes, runner: DecodeRunner) -> bytearray:
    """Decode one frame, by way of a file without any tag about a patient in a private folder."""
    import SimpleITK  # slow

    with tempfile.TemporaryDirectory(prefix="gliobench-") as folder:
        path = Path(folder) / "frame.dcm"
        _bare_image(source, runner).save_as(path, enforce_file_format=True)
        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        values = SimpleITK.GetArrayFromImage(reader.Execute())
    frame = values.reshape(runner.rows, runner.columns)
    return bytearray(np.ascontiguousarray(frame.astype(runner.pixel_dtype)).tobytes())


def _bare_image(source: bytes, runner: DecodeRunner) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = runner.transfer_syntax
    dataset.SOPClassUID = (
        "1.2.840.10008.5.1.4.1.1.7"  # secondary capture: no geometry, no rescaling
    )
    dataset.SOPInstanceUID = uid.generate_uid()
    dataset.Rows, dataset.Columns = runner.rows, runner.columns
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored = runner.bits_allocated, runner.bits_stored
    dataset.HighBit = runner.bits_stored - 1
    dataset.PixelRepresentation = runner.pixel_representation
    dataset.PixelData = encapsulate([source])
    return dataset
