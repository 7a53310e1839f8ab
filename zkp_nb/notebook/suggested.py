"""Claims from hints: what code suggests about a frame, in the catalogue's terms, to be tried on the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from zkp_nb.errors import StatementError, ZkpError
from zkp_nb.notebook.changehints import Hint
from zkp_nb.statements import Claim, Statement, Subject, claims
from zkp_nb.statements.claim import of_a_parent


def claims_of(hints: Sequence[Hint]) -> list[Claim]:
    """One claim for each hint that makes sense, and then one for all fills of nulls together."""
    found = []
    for hint in hints:
        with suppress(ZkpError):
            found.append(_claim(hint))
    fills = {hint.column: hint.values[0] for hint in hints if hint.kind == "fill" and hint.column}
    if len(fills) > 1:
        found.append(claims.fill_nulls(fills))
    return found


def _claim(hint: Hint) -> Claim:
    match hint.kind:
        case "filter":
            return claims.filter(hint.text)
        case "derive":
            return claims.derive(hint.column, hint.text)
        case "fill":
            (value,) = hint.values
            return claims.fill_nulls({hint.column: value}) if hint.column else _fill_all(value)
        case "clip":
            return claims.clip(hint.column, *hint.values)
        case "replace":
            return claims.replace(hint.column, dict(hint.values), others=hint.text)
        case "cut":
            return _cut(hint)
        case "round":
            return claims.rounded(hint.column, digits=hint.values[0])
        case "floor":
            return claims.scaled(hint.text, divide=hint.values[0], rule="down", into=hint.column)
        case "rest":
            return claims.remainder(hint.text, hint.values[0], into=hint.column)
        case "order":
            name, *arguments = hint.values
            makers: dict[str, Callable[..., Claim]] = {
                "lag": claims.lag,
                "difference": claims.difference,
                "running_sum": claims.running_sum,
                "rolling_sum": claims.rolling_sum,
            }
            return makers[name](hint.text, *arguments, into=hint.column)
        case "unique":
            return claims.drop_duplicates(*hint.values)


def _fill_all(value: object) -> Claim:
    """The constant in every column that had nulls and has none."""

    def state(parent: Subject, child: Subject) -> Statement:
        before, after = _with_nulls(parent), _with_nulls(child)
        filled = dict.fromkeys(sorted(before & set(child.table.names) - after), value)
        return _of(claims.fill_nulls(filled), parent, child)

    return Claim(f"fill_nulls({value!r})", of_a_parent(state))


def _with_nulls(subject: Subject) -> set[str]:
    return {each.name for each in subject.table.columns if each.null is not None and each.null.any()}


def _cut(hint: Hint) -> Claim:
    """Bins whose outermost edges, where they are open, are the ends of what the column's type can hold."""
    edges, labels, right = hint.values

    def state(parent: Subject, child: Subject) -> Statement:
        type_ = parent.table.column(hint.text).type
        cells = type_.interval()
        if cells is None:
            raise StatementError(f"Column {hint.text!r} is {type_.describe()}, which has no ends.")
        ends = [type_.decode(cell) for cell in cells]
        closed = [
            (ends[0] if at == 0 else ends[1]) if edge is None else edge for at, edge in enumerate(edges)
        ]
        claim = claims.cut(hint.text, closed, labels, into=hint.column, right=right)
        return _of(claim, parent, child)

    text = f"cut({hint.text!r}, {list(edges)!r}, {list(labels)!r}, into={hint.column!r})"
    return Claim(text, of_a_parent(state), changes=(hint.column,))


def _of(claim: Claim, parent: Subject, child: Subject) -> Statement:
    return claim.state(replace(child, parents=(parent,)))
