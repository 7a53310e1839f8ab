"""Class balance: how often each label occurs in each part of a split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.distribution import ValueCounts, state_value_counts
from zkp_nb.statements.facts import Name
from zkp_nb.statements.packing import Task
from zkp_nb.statements.statement import (
    Part,
    Statement,
    listed,
    name_of,
    quoted,
    register,
    value_text,
)
from zkp_nb.statements.subject import Subject

MAX_PARTS = 6


class Class(Part):
    """A label, None for null, and how many rows of each part have it."""

    value: Any
    counts: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]


@register
class Balance(Statement):
    """Every value of a label column, with its number of rows in each of several tables.

    Attributes:
        column: the label.
        classes: every value, once; null last.
    """

    kind: ClassVar[str] = "class-balance"
    result_fields: ClassVar[frozenset[str]] = frozenset({"classes"})
    shape: ClassVar[tuple[int, int, int] | None] = None

    column: Name
    classes: Annotated[tuple[Class, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _several(self) -> Self:
        if not 1 <= len(self.inputs) <= MAX_PARTS or self.outputs or self.witnesses:
            raise StatementError("A statement of kind 'class-balance' does not name that many datasets.")
        if any(len(each.counts) != len(self.inputs) or not any(each.counts) for each in self.classes):
            raise StatementError("A class is counted in each of the tables, and occurs in one of them.")
        if not all(map(any, zip(*(each.counts for each in self.classes), strict=True))):
            raise StatementError("A table whose classes are counted has rows.")
        if len({_shown(each.value) for each in self.classes}) != len(self.classes):
            raise StatementError("A statement about classes names one of them twice.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        totals = [sum(each.counts[at] for each in self.classes) for at in range(len(self.inputs))]
        parts = []
        for at, dataset in enumerate(self.inputs):
            shares = (
                f"{_shown(each.value)} {each.counts[at]:,} ({100 * each.counts[at] / totals[at]:.1f} %)"
                for each in self.classes
            )
            parts.append(f"in {name_of(names, dataset)} {listed(shares)}")
        return f"The rows by {quoted(self.column)} are {'; '.join(parts)}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [self._counted(at).compile for at in range(len(self.inputs))]

    def _counted(self, at: int) -> ValueCounts:
        counts = [(each.value, each.counts[at]) for each in self.classes]
        return ValueCounts.model_validate(
            {
                "inputs": (self.inputs[at],),
                "column": self.column,
                "values": tuple(
                    {"value": value, "count": count} for value, count in counts if value is not None and count
                ),
                "nulls": sum(count for value, count in counts if value is None),
            }
        )


def _shown(value: object) -> str:
    return "null" if value is None else value_text(value)


def state_balance(parts: Sequence[Subject], name: str, values: Iterable[object] | None) -> Balance:
    """Counts and states the classes of each part; Raises as `state_value_counts`."""
    if not 1 <= len(parts) <= MAX_PARTS:
        raise StatementError(f"Classes are counted in 1 to {MAX_PARTS} tables.")
    known = None if values is None else list(values)
    found: dict[Any, list[int]] = {}
    nulls = [0] * len(parts)
    for at, part in enumerate(parts):
        counted = state_value_counts(part, name, known)
        nulls[at] = counted.nulls
        for each in counted.values:
            found.setdefault(each.value, [0] * len(parts))[at] = each.count
    order = sorted(found, key=lambda value: (-sum(found[value]), str(value)))
    classes = [Class(value=value, counts=tuple(found[value])) for value in order]
    if any(nulls):
        classes.append(Class(value=None, counts=tuple(nulls)))
    return Balance(inputs=tuple(part.dataset_id for part in parts), column=name, classes=tuple(classes))
