"""The tables of a program: committed columns by name, with their types, checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from zkp_nb.errors import StatementError
from zkp_nb.ledger.records import DatasetRecord
from zkp_nb.srs import MAX_ROWS, table_depth
from zkp_nb.statements.program import Extent
from zkp_nb.table import ColumnType, Table
from zkp_nb.table.cells import FIELD_MODULUS
from zkp_nb.table.types import UNITS


class Cell(NamedTuple):
    """One committed vector of a table: what a term of an operand refers to."""

    source: Source
    column: int
    part: str


@dataclass(frozen=True, eq=False)
class SourceColumn:
    """A column of a record."""

    source: Source
    number: int
    name: str
    type: ColumnType
    nullable: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """Labels of the parts that hold the value: `value`, or `head` and `tail`."""
        return ("head", "tail") if self.type.is_hashed else ("value",)

    def cell(self, part: str = "value") -> Cell:
        """The committed vector of that part.

        Raises:
            StatementError: the column has no such part: a text is no number.
        """
        if part not in (*self.parts, "null"):
            raise StatementError(
                f"Column {self.name!r} is {self.type.describe()}, which this statement cannot use."
            )
        return Cell(self.source, self.number, part)

    @property
    def null(self) -> Cell | None:
        """The null companion, None where the column has none."""
        return self.cell("null") if self.nullable else None

    @property
    def unit(self) -> int:
        """A cell counts units of 1/unit of what the value counts."""
        return UNITS[self.type.unit] if self.type.unit else int(10 ** (self.type.scale or 0))

    @property
    def family(self) -> tuple[str, str | None]:
        """Columns of one family hold values that can be compared cell by cell, once their units agree."""
        return ("number" if self.type.kind in ("int", "decimal") else self.type.kind), self.type.zone


class Source:
    """A table of a program.

    Args:
        dataset: its id.
        record: its record.
        table: its data, where a witness is made.

    Raises:
        StatementError: the record does not describe a table.
        TableError: the record holds a column type that is not known.
    """

    def __init__(self, dataset: str, record: DatasetRecord, table: Table | None = None) -> None:
        self.dataset = dataset
        self.record = record
        self.table = table
        self.extent = Extent(record.depth, record.n_rows)
        if not 0 < record.n_rows <= MAX_ROWS or record.depth != table_depth(record.n_rows):
            # The same commitment read at two depths would be two tables.
            raise StatementError(f"The record of `{record.name}` names a depth that is not that of its rows.")
        self.columns = tuple(
            SourceColumn(self, number, column.name, ColumnType.from_json(column.type), column.nullable)
            for number, column in enumerate(record.columns)
        )
        self._by_name = {column.name: column for column in self.columns}
        for column in self.columns:
            labels = {*column.parts, *(("null",) if column.nullable else ())}
            if set(record.columns[column.number].commitments) != labels:
                raise StatementError(
                    f"Column {column.name!r} of `{record.name}` is not committed in the parts its type has."
                )
        if len(self._by_name) != len(self.columns):
            raise StatementError(f"The record of `{record.name}` names a column twice.")

    def column(self, name: str) -> SourceColumn:
        """The column of that name.

        Raises:
            StatementError: there is none.
        """
        found = self._by_name.get(name)
        if found is None:
            raise StatementError(
                f"`{self.record.name}` has no column {name!r}.",
                todo=f"Its columns are {', '.join(repr(each.name) for each in self.columns)}.",
            )
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in record order."""
        return tuple(column.name for column in self.columns)


def common_units(columns: Sequence[SourceColumn], terms: int = 1) -> tuple[int, ...]:
    """Factors that bring the cells of comparable columns to one unit.

    Args:
        terms: how many cells of each are added up before they are compared.

    Raises:
        StatementError: their types cannot be compared, or numbers of these types that are the same modulo r differ.
    """
    first = columns[0]
    for other in columns[1:]:
        if other.family != first.family:
            raise StatementError(
                f"Column {first.name!r} is {first.type.describe()} in `{first.source.record.name}` and "
                f"{other.type.describe()} as {other.name!r} in `{other.source.record.name}`.",
                why="Cells of different types cannot be compared.",
                todo="Commit the second table with the types of the first.",
            )
    unit = max(column.unit for column in columns)
    units = tuple(unit // column.unit for column in columns)
    largest = sorted(
        factor << (column.type.bits or 64) - bool(column.type.signed)
        for factor, column in zip(units, columns, strict=True)
    )
    if terms * sum(largest[-2:]) >= FIELD_MODULUS:
        raise StatementError(
            f"The cells of column {first.name!r} are too wide, and their units too far apart, for a proof.",
            todo="Declare a smaller width, or the same scale in both tables.",
        )
    return units
