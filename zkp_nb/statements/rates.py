"""How often an outcome occurs in each group of rows: the counts behind most measures of group fairness.

Demographic parity compares these rates among all rows (Dwork et al., Fairness through awareness, 2012); equal
opportunity (Hardt et al., 2016) and other error rates are the same among a filtered frame's rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError
from zkp_nb.statements.bits import Bits
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.distribution import MAX_LISTED, MAX_SHOWN, percent_of
from zkp_nb.statements.facts import Fact, Names, distinct
from zkp_nb.statements.filters import answered, with_bits
from zkp_nb.statements.formula import Predicate, predicate_text
from zkp_nb.statements.groups import (
    Known,
    by_key,
    key_members,
    key_text,
    partition_by,
    published_keys,
)
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import Tree, holds, literals, resolve
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.statement import Part, listed, name_of, quoted, register
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import slots


class Rate(Part):
    """One group: its key (None for null), its rows, and how many of them have the outcome."""

    key: tuple[Any, ...]
    rows: Annotated[int, Field(gt=0)]
    count: Annotated[int, Field(ge=0)]

    @property
    def rate(self) -> Fraction:
        """The share of the group's rows that have the outcome."""
        return Fraction(self.count, self.rows)


@register
class GroupRates(Fact):
    """The rows of every group, and how many of them satisfy a predicate.

    Attributes:
        by: the columns that make the groups.
        predicate: the outcome, its constants in the form of their columns' types.
        groups: every group, once.
    """

    kind: ClassVar[str] = "group-rates"
    result_fields: ClassVar[frozenset[str]] = frozenset({"groups"})

    by: Names
    predicate: Predicate
    groups: Annotated[tuple[Rate, ...], Field(min_length=1, max_length=MAX_LISTED)]

    def sentence(self, names: Mapping[str, str]) -> str:
        parts = [
            f"{each.count:,} of {each.rows:,} ({percent_of(each.count, each.rows)}) for {key_text(each.key)}"
            for each in self.groups[:MAX_SHOWN]
        ]
        if len(self.groups) > MAX_SHOWN:
            parts.append(f"{len(self.groups) - MAX_SHOWN:,} more groups")
        return (
            f"Of the rows of {name_of(names, self.inputs[0])} by {listed(map(quoted, self.by))}, those with "
            f"{predicate_text(self.predicate)} are {'; '.join(parts)}{self._compared()}."
        )

    def _compared(self) -> str:
        """For sentences: how far the rates are apart."""
        rates = [each.rate for each in self.groups]
        low, high = min(rates), max(rates)
        if len(rates) == 1:
            return ""
        apart = percent_of((high - low).numerator, (high - low).denominator).replace("%", "percentage points")
        if not high:
            return f"; lowest and highest rate are {apart} apart"
        ratio = low / high
        part = percent_of(ratio.numerator, ratio.denominator)
        return f"; lowest and highest rate are {apart} apart, and the lowest is {part} of the highest"

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return answered(builder, self, self.predicate, self._counted)

    def _counted(self, builder: Builder, bits: Bits, tree: Tree) -> None:
        source = builder.table(self.inputs[0])
        by = distinct(source, self.by)
        if sum(group.rows for group in self.groups) != source.extent.rows:
            raise StatementError("The groups of the statement do not have as many rows as its table.")
        bit = bits.of(tree)
        family = builder.family()
        key = builder.fingerprint(by, family.alpha)
        delta = builder.challenge("group/delta")
        family.tally(source, key, 1 + delta * bit, left=True)
        entries, known = [], set()
        for group in self.groups:
            members = key_members(by, group.key)
            if members in known:
                raise StatementError("The statement names a group twice.")
            if group.count > group.rows:
                raise StatementError("The statement counts more rows than a group has.")
            known.add(members)
            entries.append(((group.rows, group.count), slots(by, members)))
        family.listed(entries, delta)


def state_group_rates(subject: Subject, by: Sequence[str], predicate: Predicate, known: Known) -> GroupRates:
    """Counts and states how often an outcome occurs in each group.

    Args:
        known: as for `state_grouped`.

    Raises:
        StatementFalse: a text occurs that is not among those named.
        StatementError: the predicate cannot be asked, there are too many groups, or values must be named.
    """
    source = source_of(subject)
    keys, predicate = distinct(source, by), literals(predicate, source)
    partition = partition_by(keys)
    published = published_keys(subject, keys, partition.first, known)
    outcome = holds(resolve(predicate, source), source.extent.rows)
    counts = np.bincount(partition.of[outcome], minlength=len(partition.first)).tolist()
    groups = [
        Rate(key=published[at], rows=rows, count=counts[at]) for at, rows in enumerate(partition.sizes())
    ]
    statement = GroupRates(
        inputs=(subject.dataset_id,), by=tuple(by), predicate=predicate, groups=tuple(by_key(groups))
    )
    return with_bits(statement, predicate, subject, subject)
