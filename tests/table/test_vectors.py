"""The native vectors against plain Python and numpy."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkp_nb import _core
from zkp_nb.table import vectors
from zkp_nb.table.cells import FIELD_MODULUS, HASH_TAGS, hash_scalar, to_ints

word = st.integers(0, 2**64 - 1)
keys = st.lists(st.one_of(st.integers(0, 5), word), max_size=60)
MANY = np.random.default_rng(1).integers(0, 5000, 70_000).astype(np.uint64)
"""Enough for two threads, with many equal keys."""


def words(values: list[int]) -> vectors.Words:
    return np.array(values, np.uint64)


@given(keys)
def test_order_and_groups(values: list[int]) -> None:
    expected = sorted(range(len(values)), key=values.__getitem__)
    assert vectors.argsort(words(values)).tolist() == expected
    found = vectors.groups(words(values))
    different = list(dict.fromkeys(values))
    assert [values[row] for row in found.first] == different
    assert [different[group] for group in found.of] == values
    assert found.sizes.tolist() == [values.count(each) for each in different]
    assert vectors.repeated(words(values)) == len(values) - len(different)


def test_order_and_groups_of_many() -> None:
    assert np.array_equal(vectors.argsort(MANY), np.argsort(MANY, kind="stable"))
    found = vectors.groups(MANY)
    assert np.array_equal(MANY[found.first][found.of], MANY)
    assert np.array_equal(found.sizes, np.bincount(found.of))


@given(keys, keys)
def test_matching(left: list[int], right: list[int]) -> None:
    a, b = words(left), words(right)
    missing, other = Counter(left) - Counter(right), Counter(right) - Counter(left)
    assert vectors.surplus(a, b) == (missing.total(), other.total())
    assert vectors.known(a, b).tolist() == [each in left for each in right]
    counts = vectors.occurrences(a, b).tolist()
    first = [left.index(each) == at for at, each in enumerate(left)]
    assert counts == [right.count(each) if once else 0 for each, once in zip(left, first, strict=True)]
    keep = vectors.chosen(a, b)
    if other:
        assert keep is None
    else:
        assert keep is not None
        assert sorted(a[keep].tolist()) == sorted(right)


@given(st.lists(st.binary(max_size=70), max_size=20), st.data())
def test_hashes_of_values(values: list[bytes], data: st.DataObject) -> None:
    null = [data.draw(st.booleans()) for _ in values]
    offsets = np.cumsum([3, *map(len, values)])
    joined = np.frombuffer(b"xyz" + b"".join(values), np.uint8)
    for kind, tag in HASH_TAGS.items():
        for width in (np.int32, np.int64):
            heads, tails = vectors.hash_values(tag, joined, offsets.astype(width), np.array(null, bool))
            found = list(zip(heads.tolist(), to_ints(tails), strict=True))
            expected = [
                (0, 0) if gone else hash_scalar(kind, value) for value, gone in zip(values, null, strict=True)
            ]
            assert found == expected


@pytest.mark.parametrize("offsets", [[0, 4], [2, 1], [-1, 2], [1 << 40, 1 << 41]])
def test_offsets_beyond_the_data_are_refused(offsets: list[int]) -> None:
    with pytest.raises(_core.CoreError, match="offsets"):
        vectors.hash_values(b"", np.zeros(3, np.uint8), np.array(offsets))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30), st.data())
def test_sums_and_field_elements(numbers: list[int], data: st.DataObject) -> None:
    others = [data.draw(word) for _ in numbers]
    a, b = np.array(numbers), words(others)
    assert vectors.dot(a, b) == sum(x * y for x, y in zip(numbers, others, strict=True))
    of = np.array([data.draw(st.integers(0, 3)) for _ in numbers])
    sums = [sum(x for x, group in zip(numbers, of, strict=True) if group == each) for each in range(4)]
    assert vectors.group_sums(of, 4, a) == sums
    factor = data.draw(st.integers(0, 10**38))
    cells = vectors.scaled(a, factor)
    assert to_ints(cells) == [x * factor for x in numbers]
    assert not vectors.scaled(a, 0).any()
    assert np.array_equal(vectors.scaled(cells, 3), vectors.scaled(vectors.scaled(a, 3), factor))
    roots = [numbers[0], data.draw(st.integers(-(2**64), 2**64))]
    inverses = vectors.inverses(a.view(np.uint64), True, roots)
    for x, inverse in zip(numbers, to_ints(inverses), strict=True):
        product = (x - roots[0]) * (x - roots[1])
        assert (product * inverse - (product != 0)) % FIELD_MODULUS == 0


def test_groups_that_do_not_exist_are_refused() -> None:
    with pytest.raises(_core.CoreError, match="group"):
        vectors.group_sums(np.array([0, 2]), 2, np.array([1, 1]))
    with pytest.raises(_core.CoreError, match="longer"):
        vectors.dot(np.array([1]), np.array([1, 2]))


def test_rows_are_hashed_with_all_their_cells() -> None:
    wide = vectors.scaled(np.array([-1, 5]), 1)
    table = [(np.array([3, -3]), 10), (np.array([True, False]), 1), (wide, 1), (None, 7)]
    rows = vectors.hash_rows(11, 2, table)
    assert np.array_equal(rows, vectors.hash_rows(11, 2, [(np.array([30, -30]), 1), *table[1:]]))
    for at in range(4):
        other = list(table)
        other[at] = (None, 4)
        assert not (rows == vectors.hash_rows(11, 2, other)).any()
    assert not (rows == vectors.hash_rows(12, 2, table)).any()
    with pytest.raises(_core.CoreError, match="equally many"):
        vectors.hash_rows(11, 3, table)
