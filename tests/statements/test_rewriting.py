"""Values rewritten row by row: cut off, replaced, cast, cut into bins."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims
from zkp_nb.table import ColumnType, from_frame

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "k": [1, 2, 3, 4, 5],
        "v": [1.5, 2.5, None, 4, 5],
        "s": ["a", "b", None, "d", "a"],
    }
)
PARENT = committed(FRAME, "in")


def clipped(low: float | None, high: float | None, column: str = "v") -> Case:
    child = FRAME.assign(**{column: FRAME[column].clip(low, high)})
    return Case(claims.clip(column, low, high), committed(child, "out", [PARENT]))


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize(
    ("low", "high", "size"),
    [(2, 4, 960), (2, None, 960), (None, 4, 960), (3, 3, 960), (0, 100, 960), (-2, -1, 960)],
)
def test_values_cut_off(low: float | None, high: float | None, size: int) -> None:
    case = clipped(low, high)
    assert case.sizes == [size]
    assert case.holds()


def test_what_is_cut_off_is_said() -> None:
    assert clipped(2, 4).sentence == (
        "`out` has the rows of `in` in the same order, with v cut off to at least 2 and at most 4."
    )


@pytest.mark.parametrize(
    ("column", "part", "row", "value"),
    [
        ("v", "value", 0, 15),
        ("v", "value", 1, 20),
        ("v", "value", 4, 50),
        ("v", "null", 2, False),
        ("k", "value", 0, 2),
    ],
)
def test_other_values_than_the_bounds_are_refused(
    column: str, part: str, row: int, value: int | bool
) -> None:
    case = clipped(2, 4)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, column, part, row, value))


def test_other_places_are_refused() -> None:
    case = clipped(2, 4)
    (label,) = (each.label for each in case.programs[0].aux if each.label.startswith("place"))
    assert case.cheated(lambda aux: aux[label].__setitem__(1, -1))


def test_a_value_beside_a_null_is_refused() -> None:
    case = clipped(2, 4)
    output = case.subjects[case.statement.outputs[0]]
    assert forged(case, (PARENT, "v", "value", 2, 30), (output, "v", "value", 2, 30))


def replaced(column: str, values: dict[object, object], others: str = "keep") -> Case:
    new = FRAME[column].replace(values) if others == "keep" else FRAME[column].map(values)  # type: ignore[arg-type]
    child = FRAME.assign(**{column: new.convert_dtypes()})
    claim = claims.replace(column, values, others=others)
    return Case(claim, committed(child, "out", [PARENT]))


def test_values_replaced_by_a_dictionary() -> None:
    case = replaced("s", {"a": "alpha", "d": None})
    assert case.sizes == [896]
    assert case.sentence == (
        "`out` has the rows of `in` in the same order, with s replaced: 'a' by 'alpha' and 'd' by null, "
        "other values kept."
    )
    assert case.holds()
    assert replaced("k", {3: 7}).holds()
    assert replaced("k", {at: 10 * at for at in range(12)}).holds()
    assert replaced("v", {1.5: 2.5}).holds()


def test_values_mapped_by_a_dictionary() -> None:
    case = replaced("s", {"a": 1, "d": 2}, "null")
    assert case.sentence.endswith("with s replaced: 'a' by 1 and 'd' by 2, other values by null.")
    assert case.holds()


@pytest.mark.parametrize(
    ("part", "row", "value"),
    [("head", 0, 5), ("tail", 0, 5), ("head", 1, 5), ("null", 1, True), ("null", 3, False)],
)
def test_other_replacements_are_refused(part: str, row: int, value: int | bool) -> None:
    case = replaced("s", {"a": "alpha", "d": None})
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "s", part, row, value))


def test_a_replacement_that_is_passed_over_is_refused() -> None:
    case = replaced("k", {3: 7, 4: 8})
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "k", "value", 2, 3))
    assert forged(case, (output, "k", "value", 2, 8))


def test_large_dictionaries_are_tables() -> None:
    with pytest.raises(StatementError, match="1 to 12 pairs"):
        replaced("k", {at: at for at in range(13)})


def test_casts() -> None:
    frame = pd.DataFrame(
        {"i": [1, 2], "b": [True, False], "d": pd.to_datetime(["2024-01-01", "1969-01-01"]).date}
    )
    parent = committed(frame, "in")
    other = from_frame(frame.assign(b=[1, 0], d=pd.to_datetime(["2024-01-01", "1969-01-01"])))
    child = committed(other.aligned({"i": ColumnType.decimal(2)}), "out", [parent], aligned=False)
    case = Case(claims.cast(), child)
    assert case.sizes == [448]
    assert case.sentence == (
        "`out` has the rows of `in` in the same order and the same values, with i as decimal(2) instead of int64, b as "
        "int64 instead of bool and d as timestamp[us] instead of date."
    )
    assert case.holds()
    for column in ("i", "b", "d"):
        assert forged(case, (child, column, "value", 0, 5))
    text = committed(frame.assign(i=frame.i.astype(str)), "text", [parent], aligned=False)
    with pytest.raises(StatementError, match="is not the same number"):
        claims.cast("i").state(text)


def binned(edges: list[float], labels: list[object], *, right: bool = True, column: str = "k") -> Case:
    bins = pd.cut(FRAME[column], edges, labels=labels, right=right, include_lowest=True)
    child = FRAME.assign(bin=pd.Series(bins.astype(object)).convert_dtypes())
    return Case(claims.cut(column, edges, labels, into="bin", right=right), committed(child, "out", [PARENT]))


def test_bins() -> None:
    case = binned([0, 2, 4, 5], ["low", "mid", "high"])
    assert case.sentence == (
        "`out` has the rows of `in` in the same order, with bin the bin of k: low for [0, 2], mid for (2, 4] and high "
        "for (4, 5]; no value lies outside."
    )
    assert case.holds()
    assert max(case.sizes) <= 1024
    assert binned([0, 2.5, 5], [0, 1], column="v").holds()


@pytest.mark.parametrize(("row", "label"), [(0, 1), (1, 1), (2, 0), (4, 1), (0, 3)])
def test_other_labels_are_refused(row: int, label: int) -> None:
    case = binned([0, 2, 4, 5], [0, 1, 2])
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "bin", "value", row, label))


def test_bounds_of_another_bin_are_refused() -> None:
    case = binned([0, 2, 4, 5], [0, 1, 2])
    for part, program in enumerate(case.programs):
        for label in [each.label for each in program.aux if each.label.startswith("bin/")]:
            assert case.cheated(lambda aux, label=label: aux[label].__setitem__(4, aux[label][0]), part)  # type: ignore[misc]


def test_values_outside_of_all_bins_are_named() -> None:
    with pytest.raises(StatementFalse, match="2 values of column 'k' of `in` are outside of all bins"):
        binned([0, 3], [0])
    with pytest.raises(StatementError, match="different labels"):
        claimed(binned([0, 2, 5], [0, 1]), labels=(1, 1))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.none() | st.integers(-20, 20), min_size=1, max_size=8).filter(any),
    st.lists(st.integers(-9, 9), min_size=2, max_size=4, unique=True).map(sorted),
    st.booleans(),
)
def test_random_values_agree_with_pandas(values: list[int | None], edges: list[int], right: bool) -> None:
    frame = pd.DataFrame({"x": pd.array(values, "Int64")})
    parent = committed(frame, "in")
    child = committed(frame.assign(x=frame.x.clip(edges[0], edges[-1])), "out", [parent])
    assert Case(claims.clip("x", edges[0], edges[-1]), child).holds()
    bounds, labels = [-100, *edges, 100], list(range(len(edges) + 1))
    bins = pd.cut(frame.x.astype(float), bounds, labels=labels, right=right)
    cut = committed(
        frame.assign(x=pd.array([None if pd.isna(each) else each for each in bins], "Int64")), "cut", [parent]
    )
    assert Case(claims.cut("x", bounds, labels, right=right), cut).holds()
