from __future__ import annotations

import inspect

import pytest

from zkp_nb.errors import StatementError, ZkpError
from zkp_nb.notebook.claimtext import claim_names, read_claim, read_scales, read_widths, split_words, unquoted
from zkp_nb.statements import Claim, claims


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('mean("income")', claims.mean("income")),
        ("zkp.mean('income', 'age')", claims.mean("income", "age")),
        (' between("age", 0, 120) ', claims.between("age", 0, 120)),
        ('between("age", high=-1)', claims.between("age", high=-1)),
        ('sum(*["a", "b"])', claims.sum("a", "b")),
        ("filter(\"age >= 18 and state == 'CA'\")", claims.filter("age >= 18 and state == 'CA'")),
        ("same_rows()", claims.same_rows()),
    ],
)
def test_a_claim_is_read_as_it_is_written(text: str, meant: Claim) -> None:
    assert read_claim(text).text == meant.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('mean("income"', "cannot be read"),
        ("mean", "not a claim"),
        ("'mean'", "not a claim"),
        ("", "cannot be read"),
        ("nonsense('x')", "no claim called nonsense"),
        ("__import__('os')", "no claim called"),
        ("Claim('x', None)", "no claim called"),
        ("read_predicate('x')", "no claim called"),
        ("mean(income)", "not a constant"),
        ("mean(open('/etc/passwd').read())", "not a constant"),
        ("between()", "do not fit"),
        ("between('age', 0, 1, 2)", "do not fit"),
        ("mean('age', speed=1)", "do not fit"),
        ("filter('age >=')", "cannot be read"),
    ],
)
def test_what_is_no_claim_gets_a_sentence(text: str, words: str) -> None:
    with pytest.raises(StatementError, match=words):
        read_claim(text)


def test_every_claim_of_the_catalogue_can_be_named() -> None:
    expected = {
        "sum",
        "mean",
        "variance",
        "std",
        "nulls",
        "between",
        "same_rows",
        "rows_of",
        "filter",
        "split",
    }
    assert expected <= set(claim_names())
    assert all(inspect.isfunction(getattr(claims, name)) for name in claim_names())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  a   b ", ["a", "b"]),
        ('a mean("x y", "z") -q', ["a", 'mean("x y", "z")', "-q"]),
        ("--where \"age >= 18 and b == 'x'\"", ["--where", "\"age >= 18 and b == 'x'\""]),
        ("between('a (b', [1, 2])", ["between('a (b', [1, 2])"]),
        (r'filter("a == \"x y\"") z', [r'filter("a == \"x y\"")', "z"]),
    ],
)
def test_a_line_is_split_outside_of_brackets_and_quotes(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@pytest.mark.parametrize("line", ["mean(", "mean('x)", '"x', "f([1)"])
def test_an_open_bracket_or_quote_gets_a_sentence(line: str) -> None:
    with pytest.raises(ZkpError, match="missing"):
        split_words(line)


@pytest.mark.parametrize(
    ("word", "value"), [("'a b'", "a b"), ('"it\'s"', "it's"), ("plain", "plain"), ("'", "'")]
)
def test_quotes_around_a_word_are_dropped(word: str, value: str) -> None:
    assert unquoted(word) == value


def test_widths() -> None:
    assert read_widths(["age=8"]) == {"age": 8}
    with pytest.raises(ZkpError, match="column=bits"):
        read_widths(["age=small"])


def test_scales() -> None:
    assert read_scales(["price=2", '"odd name=x=3"']) == {"price": 2, "odd name=x": 3}
    for wrong in ("price", "price=", "=2", "price=-1", "price=two", "price=²"):
        with pytest.raises(ZkpError, match="column=digits"):
            read_scales([wrong])


@pytest.mark.parametrize("line", ["adults   # finds out by itself", "adults  #", "adults"])
def test_a_comment_is_no_word(line: str) -> None:
    assert split_words(line) == ["adults"]
    assert split_words('adults between("a#b", 1) # c') == ["adults", 'between("a#b", 1)']
