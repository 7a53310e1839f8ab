"""Programs: what is not exactly one is refused, with `ProofRejected` and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy.programs import Builder
from toy.worlds import RealWorld, SmallWorld

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying import has_native, native
from zkp_nb.verifying.reference.program import MAX_COLUMNS, read

WORLD = RealWorld()


def example() -> dict[str, Any]:
    """One of everything; depth 8 of 8."""
    b = Builder(WORLD, 8)
    f, g = b.table("s", 8, 4), b.table("t", 4, 4)
    bits, index = b.aux(8, 4), b.public("index", 8, 4)
    mask = b.mask(8, 4)
    gamma = b.challenge("gamma")
    h = b.family(gamma, (b.times(mask, bits), f), (b.negative(b.mask(4, 4)), g))
    b.zero(b.times(mask, b.minus(b.times(bits, bits), bits)))
    public = b.node("fractions", gamma, gamma, gamma, [[["2", "-1"], ["7"]], [["1"], ["0", "12"]]])
    b.sum(b.sel(), b.plus(h, index), b.plus(b.node("inv", gamma), public))
    return b.build()


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


FRACTIONS = [[["1"], ["2"]]]
Document = dict[str, Any]
Change = Callable[[Document], object]


def nodes(*items: Any) -> Change:
    return lambda d: d["nodes"].extend(items)


def doublings(count: int) -> Change:
    def change(d: Document) -> None:
        column = next(i for i, node in enumerate(d["nodes"]) if node[0] == "op")
        for _ in range(count):
            d["nodes"].append(["*", column, column])
            column = len(d["nodes"]) - 1
        d["constraints"].append(column)

    return change


REFUSED: dict[str, Change] = {
    "an unknown field": lambda d: d.update(more=1),
    "no sums": lambda d: d.pop("sums"),
    "an unknown version": lambda d: d.update(version=2),
    "a version that is true": lambda d: d.update(version=True),
    "a version that is 1.0": lambda d: d.update(version=1.0),
    "a depth that is not a power of two": lambda d: d.update(depth=7),
    "a depth of 2": lambda d: d.update(depth=2),
    "a depth beyond the set-up": lambda d: d.update(depth=16),
    "a table deeper than the program": lambda d: d.update(depth=4),
    "too many rows": lambda d: d["public"][0].update(rows=5 * 1024 + 1),
    "negative rows": lambda d: d["commitments"][0].update(rows=-1),
    "a fractional number of rows": lambda d: d["commitments"][0].update(rows=4.0),
    "a column that is text": lambda d: d["commitments"][0].update(column="0"),
    "an unknown public column": lambda d: d["public"][0].update(kind="ones"),
    "a challenge that is not ASCII": lambda d: d["challenges"].append("\N{GREEK SMALL LETTER GAMMA}"),
    "a challenge that is a number": lambda d: d["challenges"].append(1),
    "a label that is a number": lambda d: d["aux"][0].update(label=1),
    "nodes that are an object": lambda d: d.update(nodes={}),
    "an empty node": nodes([]),
    "a node that is a number": nodes(1),
    "a node of an unknown kind": nodes(["/", 0, 0]),
    "a node of a kind that is a list": nodes([["c"], "1"]),
    "a node with a part too many": nodes(["+", 0, 0, 0]),
    "a node with a part too few": nodes(["*", 0]),
    "a node that refers to itself": lambda d: d["nodes"].append(["+", 0, len(d["nodes"])]),
    "a node that refers to -1": nodes(["+", 0, -1]),
    "a node that refers to true": nodes(["+", 0, True]),
    "a column that is not there": nodes(["op", 2]),
    "a challenge that is not there": nodes(["ch", 1]),
    "a constant that is a number": nodes(["c", 1]),
    "a constant with a plus": nodes(["c", "+1"]),
    "a constant with a leading zero": nodes(["c", "01"]),
    "a constant that is minus zero": nodes(["c", "-0"]),
    "a constant with spaces": nodes(["c", " 1"]),
    "a constant in other digits": nodes(["c", "\N{ARABIC-INDIC DIGIT THREE}"]),
    "a constant of very many digits": nodes(["c", "9" * 5000]),
    "the inverse of a column": lambda d: d["nodes"].append(["inv", 1]),
    "fractions of a column": lambda d: d["nodes"].append(["fractions", 1, 0, 0, FRACTIONS]),
    "fractions at powers of a column": lambda d: d["nodes"].append(["fractions", 0, 1, 0, FRACTIONS]),
    "fractions with powers of a column": lambda d: d["nodes"].append(["fractions", 0, 0, 1, FRACTIONS]),
    "fractions of what is not there": nodes(["fractions", 0, 0, 999, FRACTIONS]),
    "fractions of nothing": nodes(["fractions", 0, 0, 0, []]),
    "fractions that are an object": nodes(["fractions", 0, 0, 0, {}]),
    "fractions with a part too few": nodes(["fractions", 0, 0, FRACTIONS]),
    "fractions with a part too many": nodes(["fractions", 0, 0, 0, 0, FRACTIONS]),
    "a public fraction of one part": nodes(["fractions", 0, 0, 0, [[["1"]]]]),
    "a public fraction of three parts": nodes(["fractions", 0, 0, 0, [[["1"], ["1"], ["1"]]]]),
    "a public fraction that is text": nodes(["fractions", 0, 0, 0, ["12"]]),
    "a public fraction without numerator": nodes(["fractions", 0, 0, 0, [[[], ["1"]]]]),
    "a public fraction without value": nodes(["fractions", 0, 0, 0, [[["1"], []]]]),
    "a public fraction of numbers": nodes(["fractions", 0, 0, 0, [[["1"], [1]]]]),
    "a public fraction with a leading zero": nodes(["fractions", 0, 0, 0, [[["01"], ["1"]]]]),
    "a public fraction of minus zero": nodes(["fractions", 0, 0, 0, [[["1"], ["-0"]]]]),
    "a public fraction in other digits": nodes(
        ["fractions", 0, 0, 0, [[["1"], ["\N{ARABIC-INDIC DIGIT THREE}"]]]]
    ),
    "a public fraction of very many digits": nodes(["fractions", 0, 0, 0, [[["9" * 101], ["1"]]]]),
    "very many fractions": nodes(["fractions", 0, 0, 0, FRACTIONS * (2**16 + 1)]),
    "a coefficient that is a column": lambda d: d["operands"][0]["terms"][0].__setitem__(0, 1),
    "a commitment that is not there": lambda d: d["operands"][0]["terms"][0].__setitem__(1, 2),
    "a term of three": lambda d: d["operands"][0]["terms"][0].append(0),
    "a fraction of one": lambda d: d["helpers"][0]["fractions"][0].pop(),
    "a fraction of what is not there": lambda d: d["helpers"][0]["fractions"][0].__setitem__(0, 999),
    "a constraint that is not there": lambda d: d["constraints"].append(999),
    "a constraint of degree 16": doublings(4),
    "a constraint of degree 2^64": doublings(64),
    "a sum whose mask is an index": lambda d: d["public"][3].update(kind="index"),
    "a sum whose mask is not there": lambda d: d["sums"][0].update(mask=4),
    "a sum whose value is a column": lambda d: d["sums"][0].update(value=1),
    "no column": lambda d: d.update(
        operands=[], aux=[], helpers=[], nodes=[["c", "0"]], constraints=[], sums=[]
    ),
    "more columns than a proof may have": lambda d: d["aux"].extend([d["aux"][0]] * MAX_COLUMNS),
}

BYTES = {
    "nothing": b"",
    "not JSON": b"{",
    "null": b"null",
    "a list": b"[]",
    "deep nesting": b"[" * 100_000,
    "deep nesting of objects": b'{"a":' * 100_000,
    "another encoding": json.dumps(example()).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + encoded(example()),
    "more after the end": encoded(example()) + b" 1",
    "a field twice": encoded(example())[:-1] + b', "depth": 8}',
    "a field twice inside": encoded(example()).replace(b'"column": 0', b'"column": 0, "column": 0'),
    "not a number": encoded(example()).replace(b'"column": 0', b'"column": NaN'),
    "minus zero": encoded(example()).replace(b'"column": 0', b'"column": -0'),
    "an exponent": encoded(example()).replace(b'"column": 0', b'"column": 0e0'),
    "a huge number": encoded(example()).replace(b'"column": 0', b'"column": ' + b"9" * 5000),
    "half a surrogate": encoded(example()).replace(b'"operand"', b'"\\ud800"', 1),
    "bytes that are not UTF-8": encoded(example()).replace(b"operand", b"\xff", 1),
}


def malformed() -> list[Any]:
    cases: list[Any] = [pytest.param(data, id=name) for name, data in BYTES.items()]
    for name, change in REFUSED.items():
        document = copy.deepcopy(example())
        change(document)
        assert encoded(document) != encoded(example()), name
        cases.append(pytest.param(document, id=name))
    return cases


def parse(source: object) -> object:
    return read(source, lanes=WORLD.lanes, max_depth=WORLD.max_depth)


def test_the_example_is_a_program() -> None:
    assert parse(example()) == parse(encoded(example()))


@pytest.mark.parametrize("source", malformed())
def test_what_is_no_program(source: object) -> None:
    with pytest.raises(ProofRejected):
        parse(source)


@pytest.mark.skipif(not has_native(), reason="the compiled module is not built")
@pytest.mark.parametrize("source", malformed())
def test_what_is_no_program_before_the_native_verifier(real_world: RealWorld, source: object) -> None:
    """Refused as it is read: a program would get as far as the length of the proof."""
    commitments = [real_world.publish(1)] * 2
    with pytest.raises(ProofRejected, match="length"):
        native.verify(real_world.key_bytes, example(), b"", b"", 0, commitments, b"")
    with pytest.raises(ProofRejected) as refusal:
        native.verify(real_world.key_bytes, source, b"", b"", 0, commitments, b"")
    assert "length: 0 bytes" not in str(refusal.value)


@given(st.binary())
def test_parsing_any_bytes(data: bytes) -> None:
    with pytest.raises(ProofRejected):
        parse(data)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["+", "op", "inv", "fractions", "7"]),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=8,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document."""
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        found.append((value, key))
        found += places(below)
    return found


@given(st.data(), json_values)
def test_parsing_a_program_with_something_else_inside(data: st.DataObject, value: object) -> None:
    document = copy.deepcopy(example())
    container, key = data.draw(st.sampled_from(places(document)))
    container[key] = value
    try:
        parse(document)
    except ProofRejected:
        return
    parse(json.dumps(document).encode())


@given(st.binary(max_size=700), st.lists(st.binary(max_size=33), max_size=3), st.integers())
def test_verifying_any_bytes(proof: bytes, commitments: list[bytes], part: int) -> None:
    with pytest.raises(ProofRejected):
        SmallWorld(lanes=1024).verification().run(example(), b"", b"", part, commitments, proof)
