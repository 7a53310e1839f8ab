"""Constants of statements: Python values, their form in a document, and the cells they mean.

In a document a number is a JSON number where that is exact and decimal text where not; dates and times
are ISO 8601 text, in UTC for columns with a zone; durations are seconds, `"90.5 s"`; bytes are
hexadecimal. Each constant has one form for each column type; another one is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

import numpy as np

from zkp_nb.errors import StatementError, TableError
from zkp_nb.statements.statement import SAFE_INTEGER, decimal_number, decimal_text
from zkp_nb.table import ColumnType

Literal = bool | int | float | str

_SECOND_DIGITS: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}

# Without exponents: 1e999999999 would be a number of a gigabyte.
_PLAIN: Final = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,80})?")


def literal(value: object, type_: ColumnType) -> Literal:
    """The form of a Python constant in a document, for a column of that type.

    Raises:
        StatementError, TableError: the constant is of another kind than the column.
    """
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        value = value.item()
    if type_.is_hashed:
        type_.encode_scalar(value)
        return str(value) if isinstance(value, str) else bytes(value).hex()  # type: ignore[call-overload]
    cell, exact = type_.floor_scalar(value)
    match type_.kind:
        case "bool":
            return bool(value)
        case "date" | "timestamp" | "duration" if not exact:
            raise StatementError(
                f"The constant is finer than {type_.describe()} can hold.",
                todo="Round it to the column's unit.",
            )
        case "date":
            return _iso(type_, cell)
        case "timestamp":
            return _iso(type_, cell)
        case "duration":
            return seconds(cell, type_)
    return _number(value)


def value_of(document: object, type_: ColumnType) -> object:
    """The Python constant of a literal.

    Raises:
        StatementError: it is not a literal for a column of that type.
    """
    if type(document) is int and type_.kind == "int" and abs(document) <= SAFE_INTEGER:
        return document  # as what follows finds, too; lists have many of them
    try:
        value = _read(document, type_)
        written = literal(value, type_)
        if written == document and type(written) is type(document):
            return value
    except (ValueError, InvalidOperation, TypeError, OverflowError):
        pass
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None
    raise StatementError(f"A constant of the statement is not written as one of {type_.describe()} is.")


_ANY_NUMBER: Final = ColumnType.decimal(38, 128)


def number_literal(value: object) -> Literal:
    """The form in a document of a number that is no value of a column: a factor, a divisor.

    Raises:
        StatementError: it is no finite number, or has no exact decimal form.
    """
    try:
        document = literal(value, _ANY_NUMBER)
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None
    exact_number(document)
    return document


def exact_number(document: object) -> Fraction:
    """The number of such a literal.

    Raises:
        StatementError: it is not written as one.
    """
    value = value_of(document, _ANY_NUMBER)
    try:
        return Fraction(repr(value) if isinstance(value, float) else str(value))
    except ValueError:
        raise StatementError("A factor or divisor is a finite number.") from None


def _read(document: object, type_: ColumnType) -> Any:
    match type_.kind, document:
        case "bytes", str():
            return bytes.fromhex(document)
        case "date", str():
            return date.fromisoformat(document)
        case "timestamp", str():
            return datetime.fromisoformat(document)
        case "duration", str() if _PLAIN.fullmatch(document.removesuffix(" s")):
            micros = Decimal(document.removesuffix(" s")) * 10**6
            return timedelta(microseconds=int(micros))
        case "text", str():
            return document
        case (("int" | "decimal" | "float64"), str()) if _plain(document):
            return Decimal(document)
        case (("int" | "decimal" | "float64" | "bool"), bool() | int() | float()):
            return document
    raise ValueError


def _plain(number: str) -> bool:
    return number.removeprefix("-") == "inf" or _PLAIN.fullmatch(number) is not None


def _number(value: object) -> Literal:
    if type(value) is int and abs(value) <= SAFE_INTEGER:
        return value
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    if isinstance(value, Decimal) and value.is_infinite():
        return str(float(value))
    exact = Fraction(repr(float(value)) if isinstance(value, float) else str(value))
    if exact.denominator == 1:
        return exact.numerator if abs(exact.numerator) <= SAFE_INTEGER else str(exact.numerator)
    near = float(exact)
    if Fraction(repr(near)) == exact:
        return near
    text = str(Decimal(exact.numerator) / Decimal(exact.denominator))
    if Fraction(text) != exact:
        raise StatementError(
            "The constant is not a decimal number.", todo="Write it with digits after a point."
        )
    return text


def _iso(type_: ColumnType, cell: int) -> str:
    value = type_.decode(cell)
    if isinstance(value, np.datetime64):
        raise StatementError("The constant is finer than a microsecond, or out of the calendar.")
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    return value.isoformat()  # type: ignore[attr-defined,no-any-return]


def number_text(total: int, type_: ColumnType) -> str:
    """A sum of cells as a result: all digits of the column's scale; durations in seconds."""
    return seconds(total, type_) if type_.kind == "duration" else decimal_text(total, type_.scale or 0)


def number_cell(text: str, type_: ColumnType) -> int:
    """The inverse of `number_text`.

    Raises:
        StatementError: the text is not such a result.
    """
    if type_.kind == "duration":
        number, blank, unit = text.partition(" ")
        return decimal_number(number if blank + unit == " s" else "", _SECOND_DIGITS[type_.unit or "us"])
    return decimal_number(text, type_.scale or 0)


def seconds(cell: int, type_: ColumnType) -> str:
    """A duration of that many units, `"90.500000 s"`."""
    return f"{decimal_text(cell, _SECOND_DIGITS[type_.unit or 'us'])} s"
