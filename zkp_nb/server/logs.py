"""The log of a node: one JSON object a line, and never what was sent.

A failure is logged by the names of its class and of the places in the code, never by its message: messages may
quote what was sent.
"""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any, Final

LOGGER: Final = logging.getLogger("zkp_nb.server")
"""Logger of a node."""

_FRAMES: Final = 6


def describe(error: BaseException) -> dict[str, Any]:
    """A failure without its message: the class, and the last places in the code."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": type(error).__name__,
        "at": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }


def log(level: str, event: str, **fields: Any) -> None:
    """Write one line."""
    LOGGER.log(logging.getLevelNamesMapping()[level.upper()], event, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """Every record as one JSON object; of an exception only what `describe` gives."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)
