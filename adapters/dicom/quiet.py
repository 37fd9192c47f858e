"""pydicom without warnings and logs: they quote values of tags, which may name a patient."""

from __future__ import annotations

import logging
import warnings

from pydicom import config

_LOGGER = logging.getLogger("pydicom")


def silence_pydicom() -> None:
    """Have pydicom neither warn nor log, whatever filters others have set since."""
    warnings.filterwarnings("ignore", module=r"pydicom\.")
    config.settings.reading_validation_mode = config.IGNORE
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.CRITICAL + 1)
