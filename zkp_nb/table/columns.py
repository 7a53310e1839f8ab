"""Columns of cells: the vectors that become commitments, and their public type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from zkp_nb.errors import TableError
from zkp_nb.table.cells import Cells
from zkp_nb.table.types import ColumnType

Label: TypeAlias = Literal["value", "head", "tail", "null"]


@dataclass(frozen=True, eq=False)
class Part:
    """One vector of cells of a column: what becomes one commitment.

    Attributes:
        label: `value`; or `head` and `tail` of a hashed column; or `null`, the companion of a nullable
            column.
        cells: C-contiguous and read-only. int64, uint64 or bool of shape (n,), or uint8 of shape (n, 32):
            little-endian field elements, canonical (below r). A null row holds 0 in every part but `null`.
    """

    label: Label
    cells: Cells = field(repr=False)

    def __post_init__(self) -> None:
        assert self.cells.flags.c_contiguous
        self.cells.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Column:
    """A named column: its public type and its cells.

    Attributes:
        parts: `value`, or `head` and `tail`; then `null` if and only if `nullable`.
    """

    name: str
    type: ColumnType
    nullable: bool
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, name: str, type_: ColumnType, cells: Sequence[Cells], null: Cells | None) -> Column:
        """A column from its vectors: one, or two of a hashed column; `null` is None where there are none."""
        labels: tuple[Label, ...] = ("head", "tail") if type_.is_hashed else ("value",)
        parts = [Part(label, vector) for label, vector in zip(labels, cells, strict=True)]
        return cls(name, type_, null is not None, (*parts, *([] if null is None else [Part("null", null)])))

    def part(self, label: Label) -> Part:
        """The part of that label.

        Raises:
            TableError: the column has no such part.
        """
        for part in self.parts:
            if part.label == label:
                return part
        raise TableError(f"Column {self.name!r} of type {self.type.describe()} has no part {label!r}.")

    @property
    def data(self) -> tuple[Cells, ...]:
        """The vectors of the parts without the null companion."""
        return tuple(part.cells for part in self.parts if part.label != "null")

    @property
    def null(self) -> Cells | None:
        """The null companion's cells (bool), or None where the column is not nullable."""
        return self.part("null").cells if self.nullable else None

    def schema_json(self) -> dict[str, Any]:
        """Name, type and nullability, as they stand in a dataset's record."""
        return {"name": self.name, "type": self.type.to_json(), "nullable": self.nullable}
