"""Predicates and formulas from text."""

from __future__ import annotations

import pytest

from zkp_nb.errors import StatementError
from zkp_nb.statements import col
from zkp_nb.statements.formula import Predicate, formula_text, predicate_text
from zkp_nb.statements.reading import read_formula, read_predicate

SAME = [
    ("age >= 18", col("age") >= 18),
    ("18 <= age", col("age") >= 18),
    ("18 <= age < 65", (col("age") >= 18) & (col("age") < 65)),
    ("(age >= 18) & (age < 65)", (col("age") >= 18) & (col("age") < 65)),
    ("a == 1 or b == -2.5 or c != 'x'", (col("a") == 1) | (col("b") == -2.5) | (col("c") != "x")),
    ("not a > 1", ~(col("a") > 1)),
    ("~(a > 1)", ~(col("a") > 1)),
    ("state in ('CA', 'NY')", col("state").isin(["CA", "NY"])),
    ("state.isin(['CA', 'NY'])", col("state").isin(["CA", "NY"])),
    ("age.between(1, 2)", col("age").between(1, 2)),
    ("x is null", col("x").is_null()),
    ("x is not None", col("x").not_null()),
    ("x.isna()", col("x").is_null()),
    ("x.notna()", col("x").not_null()),
    ("member", col("member") == True),  # noqa: E712
    ("not member", ~(col("member") == True)),  # noqa: E712
    ("`odd name` > 1 and `a b` is null", (col("odd name") > 1) & col("a b").is_null()),
    ("x not in [1]", ~col("x").isin([1]) & col("x").not_null()),
]


@pytest.mark.parametrize(("text", "predicate"), SAME, ids=[text for text, _ in SAME])
def test_text_and_python_mean_the_same(text: str, predicate: Predicate) -> None:
    assert read_predicate(text) == predicate
    assert read_predicate(predicate_text(predicate)) == predicate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age >=",
        "18",
        "age > other",
        "age + 1 > 2",
        "f(age)",
        "age.mean() > 2",
        "__import__('os').system('true')",
        "age is 5",
        "age in []",
        "age in other",
        "age > None",
        "lambda: 1",
        "age > 1 if x else y",
        "(" * 5000,
        "not " * 5000 + "x",
        "x" * 20_000,
        "[x for x in y]",
        "age := 5",
    ],
)
def test_what_is_no_predicate_gets_a_sentence(text: str) -> None:
    with pytest.raises(StatementError):
        read_predicate(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a*b", "a * b"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("(a + b) * c", "(a + b) * c"),
        ("-a", "0 - a"),
        ("-1.5 * `odd name`", "-1.5 * `odd name`"),
    ],
)
def test_formulas(text: str, written: str) -> None:
    formula = read_formula(text)
    assert formula_text(formula) == written
    assert read_formula(written) == formula


@pytest.mark.parametrize("text", ["a / b", "a ** 2", "a > 1", "sum(a)", "'x' + a", "", "True + a"])
def test_what_is_no_formula_gets_a_sentence(text: str) -> None:
    with pytest.raises(StatementError):
        read_formula(text)


def test_python_expressions_refuse_what_a_predicate_cannot_say() -> None:
    with pytest.raises(StatementError, match="neither true nor false"):
        bool(col("a") > 1)
    with pytest.raises(StatementError, match="Two columns are compared"):
        _ = col("a") > col("b")
    with pytest.raises(StatementError, match="compared with a constant"):
        _ = col("a") + 1 > 2
