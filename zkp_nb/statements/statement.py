"""What every statement has in common: its document, its sentence, its programs, its witness.

A statement is a small public document. Who has it and the records of the datasets it names can derive
its programs, and so can verify its proofs; who has the data as well can make them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)
from pydantic_core import to_json

from zkp_nb.errors import LedgerError, StatementError
from zkp_nb.ledger.records import DatasetRecord, canonical_json, first_complaint
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.packing import Pack, Task, packed
from zkp_nb.statements.program import Program
from zkp_nb.statements.ranges import limb_widths
from zkp_nb.table import Table
from zkp_nb.table.cells import Cells

VERSION: Final = 1
SAFE_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader takes back as it was; larger ones are decimal text."""

_DECIMAL: Final = re.compile(r"-?[0-9]{1,200}(\.[0-9]{1,100})?", re.ASCII)

ROLES: Final = ("inputs", "outputs", "witnesses")

Records = Mapping[str, DatasetRecord]
Tables = Mapping[str, Table]


def _read_integer(value: object) -> object:
    if isinstance(value, str):
        try:
            number = int(value)
        except ValueError:
            return value
        return number if str(number) == value and abs(number) > SAFE_INTEGER else value
    return value


def _write_integer(value: int) -> int | str:
    return value if abs(value) <= SAFE_INTEGER else str(value)


BigInt = Annotated[int, BeforeValidator(_read_integer), PlainSerializer(_write_integer)]
"""An integer of any size in a document."""

RESULT_LIMIT: Final = 2**252
"""Two numbers below it, of either sign, are less than r apart: a sum modulo r is one of them at most."""

Digits = Annotated[str, Field(pattern=r"^-?[0-9]{1,200}(\.[0-9]{1,100})?( s)?$")]
"""An exact decimal number, or a number of seconds, as text. Bounded: `1e999999999` takes forever to read."""

_PLAIN_VALUE: Final = re.compile(r"[\w.:+-]+( s)?")

DatasetId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """Base of what documents are made of: frozen, nothing unknown, nothing converted silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Statement(Part):
    """A claim about committed datasets.

    Attributes:
        inputs: ids of the datasets that the claim starts from.
        outputs: ids of the datasets that came out of them; empty for a fact about the inputs.
        witnesses: ids of datasets that were committed for the proof alone.
    """

    kind: ClassVar[str]
    result_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields that are results; the others are parameters."""
    strength: ClassVar[int] = 100
    """The lower, the more a statement says about how a table came to be."""
    shape: ClassVar[tuple[int, int, int] | None] = (1, 0, 0)
    """How many inputs, and the least and greatest number of outputs; None where that is not fixed."""

    inputs: tuple[DatasetId, ...]
    outputs: tuple[DatasetId, ...] = ()
    witnesses: tuple[DatasetId, ...] = ()

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        if self.shape is None:
            return self
        inputs, least, most = self.shape
        if len(self.inputs) != inputs or not least <= len(self.outputs) <= most:
            raise StatementError(f"A statement of kind {self.kind!r} does not name that many datasets.")
        if len(set(self.outputs)) != len(self.outputs):
            # `a` and `a` are not two parts of a split.
            raise StatementError("A statement names an output twice.")
        return self

    def document(self) -> dict[str, Any]:
        """The statement as JSON values: version, kind, inputs, outputs, witnesses, parameters, results."""
        fields = self.model_dump(mode="json", by_alias=True)
        roles = {role: fields.pop(role) for role in ROLES}
        return {
            "version": VERSION,
            "kind": self.kind,
            **roles,
            "parameters": {name: value for name, value in fields.items() if name not in self.result_fields},
            "results": {name: value for name, value in fields.items() if name in self.result_fields},
        }

    def canonical(self) -> bytes:
        """RFC 8785 bytes of the document: what a proof's transcript absorbs."""
        try:
            return canonical_json(self.document())
        except LedgerError as error:
            raise StatementError(error.what, why=error.why, todo=error.todo) from None

    def sentence(self, names: Mapping[str, str]) -> str:
        """The claim in plain English, its results included; `names` gives the datasets' names by id."""
        raise NotImplementedError

    def programs(self, records: Records) -> tuple[Program, ...]:
        """The programs that its proofs are proofs of, in order.

        Raises:
            StatementError: the statement does not fit the records, or not into proofs of 1,024 bytes.
        """
        return tuple(pack.program() for pack in self._packed(records))

    def witness(self, records: Records, tables: Tables) -> Iterator[list[Cells]]:
        """The cells of each program's aux columns, in order, made as they are asked for.

        Needs the data of every dataset that the statement names.
        """
        empty = Builder(records, tables)
        for pack in self._packed(records):
            builder = empty.other(pack.builder.limb_bits)
            for task in pack.tasks:
                task(builder)
            yield builder.witness()

    def tasks(self, builder: Builder) -> Sequence[Task]:
        """The things that the statement says, each to be told to a builder; by default all of it at once.

        Args:
            builder: to look at the tables with; nothing is said to it.
        """
        return (self.compile,)

    def compile(self, builder: Builder) -> None:
        """Says to the builder what is claimed; statements of several tasks have `tasks` instead."""
        raise NotImplementedError

    def _packed(self, records: Records) -> list[Pack]:
        empty = Builder(records)
        named = (*self.inputs, *self.outputs, *self.witnesses)
        depths = {records[each].depth for each in named if each in records}
        return packed(empty, self.tasks(empty), limb_widths(depths))


S = TypeVar("S", bound=type[Statement])
_KINDS: dict[str, type[Statement]] = {}


def register(cls: S) -> S:
    """Class decorator: makes documents of this kind readable."""
    assert cls.kind not in _KINDS
    _KINDS[cls.kind] = cls
    return cls


def kinds() -> dict[str, type[Statement]]:
    """Every kind of statement, by name."""
    return dict(_KINDS)


def parse(document: Mapping[str, Any]) -> Statement:
    """The statement of a document.

    Raises:
        StatementError: the kind is unknown, or the document is not one that this version writes.
    """
    return read(document)[0]


def read(document: Mapping[str, Any]) -> tuple[Statement, bytes]:
    """The statement of a document, and the document's canonical JSON.

    Raises:
        StatementError: the kind is unknown, or the document is not one that this version writes.
    """
    if not isinstance(document, Mapping):
        raise StatementError("A statement is a JSON object; this is none.")
    cls = _KINDS.get(kind) if isinstance(kind := document.get("kind"), str) else None
    if document.get("version") != VERSION or cls is None:
        raise StatementError(
            "This version does not know statements of that kind.",
            todo="Update zkp-nb, or ask for another statement.",
        )
    sections = [document.get("parameters"), document.get("results")]
    if not all(isinstance(section, Mapping) for section in sections):
        raise StatementError("A statement has parameters and results; this one lacks them.")
    fields = {role: document[role] for role in ROLES if role in document}
    for section in sections:
        fields |= section  # type: ignore[arg-type]
    try:
        canonical = canonical_json(dict(document))
        statement = cls.model_validate_json(to_json(fields))
        # Bytes are compared, as Python holds 1, 1.0 and True for equal.
        same = statement.canonical() == canonical
    except ValidationError as error:
        raise StatementError("The statement cannot be read.", why=first_complaint(error)) from None
    except LedgerError as error:
        raise StatementError("The statement cannot be read.", why=error.what) from None
    except ValueError:
        raise StatementError("The statement cannot be read.", why="It is nested too deeply.") from None
    if not same:
        raise StatementError("The statement is not in the form in which this version writes it.")
    return statement, canonical


def name_of(names: Mapping[str, str], dataset: str) -> str:
    """How a sentence calls a dataset."""
    return _fenced(names.get(dataset, dataset[:12]))


def quoted(column: str) -> str:
    """How a sentence calls a column; a name that could be taken for words of the sentence stands in backticks."""
    return column if column.isidentifier() else _fenced(column)


def value_text(value: object) -> str:
    """How a sentence writes a literal; a text that could be taken for words of the sentence stands in quotes."""
    plain = not isinstance(value, str) or (_PLAIN_VALUE.fullmatch(value) and value != "null")
    return str(value) if plain else repr(value)


def _fenced(name: str) -> str:
    # repr writes control characters and those that turn the direction of writing as escapes.
    plain = repr(name)[1:-1].replace("`", r"\x60")
    return f"`{plain}`"


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, tail = list(words)
    return f"{', '.join(head)} {last} {tail}" if head else tail


def count_of(number: int, noun: str) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def decimal_text(number: int, scale: int) -> str:
    """number / 10^scale with exactly that many digits after the point."""
    return (
        f"{Decimal((int(number < 0), tuple(map(int, str(abs(number)))), -scale)):f}" if scale else str(number)
    )


def decimal_number(text: str, scale: int) -> int:
    """The inverse of `decimal_text`.

    Raises:
        StatementError: the text is not such a number, or it is no sum that a proof tells from others.
    """
    if _DECIMAL.fullmatch(text):
        number = int(text.replace(".", ""))
        if abs(number) >= RESULT_LIMIT:
            raise StatementError("A result of the statement is larger than any that is proven.")
        if decimal_text(number, scale) == text:
            return number
    raise StatementError("A result of the statement is not written with the digits that its type has.")
