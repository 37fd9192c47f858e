"""Stored values of frames, decoded within bounds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread, uid
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder

from gliobench.adapters.dicom.files import DicomFile, read_whole
from gliobench.adapters.dicom.lossless_jpeg import PLUGIN, register
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

MOST_PIXELS_ALONG_AXIS = 1024
MOST_PIXELS = 2**27
GREY = "MONOCHROME2"
"""PhotometricInterpretation of images whose greater values are brighter."""
_PLUGINS = {
    uid.RLELossless: "pydicom",
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: PLUGIN,
    uid.JPEGLossless: PLUGIN,
    uid.JPEGLosslessSV1: PLUGIN,
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
}
"""Who decodes what: one for each, so that an installed library changes no pixel."""
_NATIVE = frozenset(
    {
        *(uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian),
        uid.DeflatedExplicitVRLittleEndian,
    }
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How pixels are stored; the same for all files of a volume.

    Args:
        rows: Of an image.
        columns: Of an image.
        bits: That a pixel may take.
        colours: Values of PhotometricInterpretation.
    """

    rows: int
    columns: int
    bits: tuple[int, ...] = (8, 16, 32)
    colours: tuple[str, ...] = (GREY,)

    def __post_init__(self) -> None:
        if not all(1 <= length <= MOST_PIXELS_ALONG_AXIS for length in (self.rows, self.columns)):
            raise InvalidInputError(
                f"images of {self.rows} x {self.columns} pixels: wanted 1 to "
                f"{MOST_PIXELS_ALONG_AXIS} along an axis"
            )


def read_frames(file: DicomFile, encoding: Encoding, n_frames: int) -> Iterator[NDArray[Any]]:
    """Decode the frames of a file, one after the other.

    Yields:
        (rows, columns) integers each, as stored.

    Raises:
        FaultyStudyError: The pixels are missing, truncated, of another size, in colours, or encoded by
            what cannot be decoded.
    """
    register()
    try:
        dataset = dcmread(read_whole(file), force=True)
        _check(dataset, encoding, n_frames)
        yield from _decoded(dataset, n_frames)
    except FaultyStudyError:
        raise
    except InvalidInputError as error:
        raise FaultyStudyError(FaultKind.UNREADABLE, str(error)) from error
    except Exception as error:  # decoders raise whatever damaged bytes lead to
        raise FaultyStudyError(FaultKind.UNREADABLE, "pixels that cannot be decoded") from error


def _check(dataset: Dataset, encoding: Encoding, n_frames: int) -> None:
    if "PixelData" not in dataset:
        raise InvalidInputError("an image without pixels")
    if (dataset.Rows, dataset.Columns) != (encoding.rows, encoding.columns):
        raise InvalidInputError("an image that has changed since its header was read")
    if dataset.SamplesPerPixel != 1 or (dataset.PhotometricInterpretation not in encoding.colours):
        raise InvalidInputError(
            f"pixels of colours, or inverted: wanted {' or '.join(encoding.colours)}"
        )
    if "ModalityLUTSequence" in dataset:
        raise InvalidInputError("pixels with a table of values (Modality LUT)")
    allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    if allocated not in encoding.bits or not 1 <= stored <= allocated:
        wanted = " or ".join(map(str, encoding.bits))
        raise InvalidInputError(f"{stored} of {allocated} bits a pixel: wanted {wanted}")
    frame_bits = encoding.rows * encoding.columns * allocated
    n_bytes = -(-frame_bits * n_frames // 8)
    syntax = (
        dataset.file_meta.TransferSyntaxUID if "TransferSyntaxUID" in dataset.file_meta else None
    )
    if allocated == 1 and syntax == uid.ExplicitVRBigEndian:
        raise InvalidInputError("pixels of one bit in big-endian words")
    if syntax is None or syntax in _NATIVE:
        _check_plain(dataset, n_bytes, stored)
    elif syntax in _PLUGINS and allocated > 1:
        _check_frames(dataset, encoding, n_frames, frame_bits // 4 + 2**16)
    else:
        raise InvalidInputError(f"transfer syntax {str(syntax)[:64]}: it cannot be decoded")


def _check_plain(dataset: Dataset, n_bytes: int, stored: int) -> None:
    if len(dataset.PixelData) < n_bytes:
        raise FaultyStudyError(
            FaultKind.TRUNCATED,
            f"an image is truncated: {len(dataset.PixelData)} of {n_bytes} bytes",
        )
    if (high := int(dataset.get("HighBit", stored - 1))) != stored - 1:
        raise InvalidInputError(f"values whose highest bit is {high}: wanted {stored - 1}")


def _check_frames(dataset: Dataset, encoding: Encoding, n_frames: int, most_bytes: int) -> None:
    """Look at every frame before it is decoded: its own size may be another than the header's."""
    count = 0
    for frame in generate_frames(dataset.PixelData, number_of_frames=n_frames):
        count += 1
        size = _size_in_stream(frame)
        if len(frame) > most_bytes or size not in (None, (encoding.rows, encoding.columns)):
            raise InvalidInputError("a compressed frame of another size than its header declares")
    if count < n_frames:
        raise FaultyStudyError(
            FaultKind.TRUNCATED, f"an image is truncated: {count} of {n_frames} frames"
        )


def _size_in_stream(frame: bytes) -> tuple[int, int] | None:
    """Return rows and columns by the compressed stream itself; None where it states none, as RLE."""
    if frame[:4] == b"\xff\x4f\xff\x51":  # JPEG 2000: SIZ
        columns, rows, left, top = struct.unpack(">IIII", frame[8:24])
        return rows - top, columns - left
    at = 2
    while frame[:2] == b"\xff\xd8" and at + 9 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        is_frame = 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)
        if is_frame or marker == 0xF7:  # JPEG-LS
            rows, columns = struct.unpack(">HH", frame[at + 5 : at + 9])
            return rows, columns
        at += 2 + int.from_bytes(frame[at + 2 : at + 4])
    return None


def _decoded(dataset: Dataset, n_frames: int) -> Iterator[NDArray[Any]]:
    if dataset.BitsAllocated == 1:
        yield from _unpacked(dataset, n_frames)
        return
    syntax = dataset.file_meta.get("TransferSyntaxUID") or _bare_syntax(dataset)
    plugin = _PLUGINS.get(syntax, "")
    frames = get_decoder(syntax).iter_array(dataset, raw=True, decoding_plugin=plugin)
    for _, (frame, _) in zip(range(n_frames), frames, strict=False):
        yield frame


def _unpacked(dataset: Dataset, n_frames: int) -> Iterator[NDArray[Any]]:
    """Yield frames of one bit a pixel, which begin within bytes."""
    rows, columns = dataset.Rows, dataset.Columns
    packed, size = np.frombuffer(dataset.PixelData, np.uint8), rows * columns
    for start in range(0, n_frames * size, size):
        bits = np.unpackbits(packed[start // 8 : -(-(start + size) // 8)], bitorder="little")
        yield bits[start % 8 :][:size].reshape(rows, columns)


def _bare_syntax(dataset: Dataset) -> uid.UID:
    """Return the syntax of a file without a preamble, as pydicom has found it to be."""
    implicit, little = dataset.original_encoding
    if not little:
        return uid.ExplicitVRBigEndian
    return uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
