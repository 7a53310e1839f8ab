"""Samples that a public seed chose: nobody picked the rows."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import shake_256
from typing import Annotated, ClassVar, Final

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows, surplus
from zkp_nb.statements.distribution import MAX_LISTED
from zkp_nb.statements.rows import RowsStatement, compared, source_of
from zkp_nb.statements.statement import count_of, name_of, register
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import marked

_LABEL: Final = b"zkp-nb/sample/1\x00"
MAX_SEED: Final = 200


def sample_rows(rows: int, size: int, seed: str) -> list[int]:
    """The numbers of the rows, from 0 and ascending, that a seed chooses; each set of that size is equally likely.

    Numbers of 8 bytes, big-endian, are taken from the stream SHAKE-256(label, seed, 0 byte, decimal number of rows);
    one beyond the largest multiple of `rows` is passed over, as is one whose rest modulo `rows` was there before.

    Args:
        rows: of the table.
        size: of the sample, 1 to `rows`.
        seed: a text that nobody could choose to their liking: a draw of a public beacon, or the root of a checkpoint of
            the ledger that is newer than the commitment.

    Raises:
        StatementError: the table has fewer rows, or the seed is empty or longer than 200 bytes.
    """
    encoded = seed.encode("utf-8", "surrogatepass")
    if not 1 <= len(encoded) <= MAX_SEED or b"\x00" in encoded:
        raise StatementError(f"A seed is a text of 1 to {MAX_SEED} bytes.")
    if not 1 <= size <= rows:
        raise StatementError(f"A sample of {size:,} rows cannot be taken from {count_of(rows, 'row')}.")
    limit, chosen, taken = 2**64 // rows * rows, set[int](), 0
    stream = shake_256(_LABEL + encoded + b"\x00" + str(rows).encode())
    length = 16 * size
    while len(chosen) < size:
        length *= 2
        numbers = np.frombuffer(stream.digest(8 * length), ">u8")[taken:].tolist()
        taken = length
        for number in numbers:
            if number < limit and len(chosen) < size:
                chosen.add(number % rows)
    return sorted(chosen)


@register
class Sample(RowsStatement):
    """The output is the rows of the input that a seed chooses, in any order.

    Attributes:
        seed: public.
        size: rows of the output, at most 1,000: the verifier draws them too.
    """

    kind: ClassVar[str] = "sample"
    strength: ClassVar[int] = 22
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    seed: Annotated[str, Field(min_length=1, max_length=MAX_SEED)]
    size: Annotated[int, Field(ge=1, le=MAX_LISTED)]

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        return (
            f"{output} is exactly the {count_of(self.size, 'row')} of {source}{self.of_columns()} that the seed "
            f"{self.seed!r} draws at random."
        )

    def compile(self, builder: Builder) -> None:
        columns, (output,) = self.rows(builder)
        source, drawn = columns[0].source, output[0].source
        if drawn.extent.rows != self.size:
            raise StatementError("The sample has another number of rows.")
        numbers = sample_rows(source.extent.rows, self.size, self.seed)
        keep = builder.bit(source, "drawn", lambda: marked(source.extent.rows, np.array(numbers)))
        places = builder.family()
        places.left(source, builder.index(source), keep)
        places.listed([((1,), (number,)) for number in numbers])
        family = builder.family()
        left, right = builder.fingerprints([columns, output], family.alpha)
        family.left(source, left, keep)
        family.right(drawn, right)


def state_sample(parent: Subject, child: Subject, seed: str) -> Sample:
    """States that the child is the sample of the parent that a seed draws.

    Raises:
        StatementFalse: it is not.
        StatementError: it is larger than 1,000 rows, or has other columns.
    """
    source, output = source_of(parent), source_of(child)
    columns, size = compared(source, [output]), output.extent.rows
    if size > MAX_LISTED:
        raise StatementError(
            f"A sample of {size:,} rows is too large: the verifier draws each of them.",
            todo=f"Draw {MAX_LISTED:,} rows at most.",
        )
    numbers = sample_rows(source.extent.rows, size, seed)
    before, after = hash_rows([[each.column(name) for name in output.names] for each in (source, output)])
    missing, _ = surplus(before[numbers], after)
    if missing:
        raise StatementFalse(
            f"{count_of(missing, 'row')} that the seed draws from `{parent.name}` "
            f"{'is' if missing == 1 else 'are'} not in `{child.name}`.",
            todo="Draw the rows with sample_rows(rows, size, seed).",
        )
    return Sample(
        inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=columns, seed=seed, size=size
    )
