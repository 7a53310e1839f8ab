"""Whether a frame is still what it was when it was last hashed, without reading it.

pandas 3 copies what is shared before it writes (Copy-on-Write), and polars always has. So while a shallow copy is
held, a frame whose columns lie in the same memory as then has not been written to. What writes past that
(`series.array[0] = 1`, a numpy array that a frame was made of without copying) is looked for by its traces;
where nothing can be said, the frame is hashed again.
"""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Collection
from typing import Any, Final

_PAST_COPY_ON_WRITE: Final = re.compile(r"\.(?:array|setflags|_mgr|_values|_data|data_ptr)\b|\bctypes\b")


def writes_past(code: str) -> bool:
    """Whether code may write into a frame's memory without its library knowing."""
    return bool(_PAST_COPY_ON_WRITE.search(code))


class Held:
    """A frame as it was when it was looked at; `digest` and `trouble` are what the look gave."""

    def __init__(self, frame: Any, digest: bytes | None, trouble: str) -> None:
        self.digest = digest
        self.trouble = trouble
        self._frame = weakref.ref(frame)
        self._memory = _memory(frame)
        # Shares all memory; as long as it lives, whoever writes to the frame writes elsewhere.
        self._copy = None if self._memory is None else _shallow(frame)

    def same(self, frame: object, exposed: Collection[int] = ()) -> bool:
        """Whether this very frame certainly has the content that it had.

        Args:
            exposed: ids of numpy arrays that somebody else could write to.
        """
        if self._memory is None or self._frame() is not frame:
            return False
        return self._memory == _memory(frame) and not _owners(frame) & set(exposed)


def exposed_arrays(variables: dict[str, Any]) -> set[int]:
    """Ids of numpy arrays that variables hold, and of those that they are views of."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return set()
    found = set()
    for value in list(variables.values()):
        while isinstance(value, numpy.ndarray):
            found.add(id(value))
            value = value.base
    return found


class _Same:
    """Equal only to a holder of the very same objects; keeps them alive, so that no id is used twice."""

    def __init__(self, objects: list[Any], labels: list[Any]) -> None:
        self._objects = objects
        self._labels = labels

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Same)
            and len(self._objects) == len(other._objects)
            and all(mine is theirs for mine, theirs in zip(self._objects, other._objects, strict=True))
            and self._labels == other._labels
        )

    __hash__ = None  # type: ignore[assignment]


def _memory(frame: Any) -> Any:
    """What stays equal as long as nobody wrote; None where that cannot be known."""
    try:
        if _is(frame, "pandas"):
            if int(sys.modules["pandas"].__version__.split(".")[0]) < 3:
                return None  # writes in place
            blocks = frame._mgr.blocks
            places = [block.mgr_locs.as_array.tolist() for block in blocks]
            return _Same([block.values for block in blocks], [list(frame.columns), *places])
        if _is(frame, "polars"):
            table = frame.to_arrow(compat_level=sys.modules["polars"].CompatLevel.newest())
            return [
                table.column_names,
                [[_buffers(chunk) for chunk in each.chunks] for each in table.columns],
            ]
    except (AttributeError, ValueError, TypeError):
        return None
    return None


def _buffers(chunk: Any) -> list[Any]:
    places = [None if each is None else each.address for each in chunk.buffers()]
    return [str(chunk.type), len(chunk), chunk.offset, *places]


def _shallow(frame: Any) -> Any:
    return frame.copy(deep=False) if _is(frame, "pandas") else frame.clone()


def _owners(frame: Any) -> set[int]:
    """Ids of the arrays that a pandas frame's memory belongs to."""
    found = set()
    for block in frame._mgr.blocks if _is(frame, "pandas") else ():
        array = block.values
        while getattr(array, "base", None) is not None:
            array = array.base
            found.add(id(array))
    return found


def _is(frame: object, library: str) -> bool:
    module = sys.modules.get(library)
    return module is not None and isinstance(frame, module.DataFrame)
