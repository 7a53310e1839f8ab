"""Equations between multisets (logUp): the values on one side are those on the other, each as often.

Sum over the left of weight / (gamma + value) = the same over the right, at a random gamma.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from zkp_nb.statements.expr import Entry, Expr
from zkp_nb.statements.sources import Source
from zkp_nb.table.cells import Cells

if TYPE_CHECKING:
    from zkp_nb.statements.builder import Builder


class Family:
    """One equation between two multisets of values, each with 0/1 weights (logUp).

    Has its own challenges `family/<i>/alpha`, for fingerprints, and `family/<i>/gamma`.
    """

    def __init__(self, builder: Builder, number: int) -> None:
        self._builder = builder
        self._number = number
        self.fractions: list[tuple[Expr, Expr]] = []
        self.public = builder.constant(0)

    @property
    def alpha(self) -> Expr:
        """The challenge whose powers make one value of a row."""
        return self._builder.challenge(f"family/{self._number}/alpha")

    def left(self, source: Source, value: Expr, weight: Expr | int = 1) -> None:
        """Puts the values of the rows of weight 1 on the left."""
        self._add(source, value, weight, left=True)

    def right(self, source: Source, value: Expr, weight: Expr | int = 1) -> None:
        """Puts the values of the rows of weight 1 on the right."""
        self._add(source, value, weight, left=False)

    def tally(self, source: Source, value: Expr, amount: Expr, *, left: bool) -> None:
        """Each row adds its amount to what its value stands for; the totals of each value are compared.

        An amount is no weight: 1 and -1 cancel, and an amount of 0 says nothing. Whoever calls adds, by powers of
        a challenge, a number of rows to each amount, so that no value is passed over.
        """
        for expr in (value, amount):
            self._builder.check_home(source, expr)
        numerator = self._builder.masked(source, amount)
        self.fractions.append((numerator if left else 0 - numerator, self._gamma + value))

    def listed(self, entries: Sequence[Entry], delta: Expr | None = None) -> None:
        """Puts public values on the right, all of them at once: a list that a statement publishes.

        Args:
            entries: amount and value of each: of an amount what is multiplied by the powers of `delta`, of a value
                by those of `alpha`, from the power 0 on. An amount of one number says how often the value is there.
            delta: needed where an amount has more than one number.
        """
        if entries:
            gamma = self._gamma
            alpha = self.alpha if any(len(value) > 1 for _, value in entries) else gamma
            if all(len(amount) == 1 for amount, _ in entries):
                delta = gamma
            assert delta
            self.public = self.public + self._builder.fractions(gamma, alpha, delta, entries)

    def among(self, source: Source, value: Expr, label: str, counts: Callable[[], Cells]) -> None:
        """Every value on the left is one of the values of this table, however often.

        The prover counts; it may write anything, since a value on the left that is not here is left over as
        long as its rows weigh 1 each and are fewer than r.
        """
        self._builder.check_home(source, value)
        count = self._builder.aux(source, label, counts)
        self.fractions.append((0 - self._builder.weighted(source, 1) * count, self._gamma + value))

    @property
    def _gamma(self) -> Expr:
        return self._builder.challenge(f"family/{self._number}/gamma")

    def _add(self, source: Source, value: Expr, weight: Expr | int, *, left: bool) -> None:
        gamma, numerator = self._gamma, self._builder.weighted(source, weight)
        self._builder.check_home(source, value)
        self.fractions.append((numerator if left else 0 - numerator, gamma + value))
