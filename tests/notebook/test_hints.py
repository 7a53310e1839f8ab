from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from zkp_nb.notebook.hints import Hint, read_history
from zkp_nb.notebook.spelling import column_text

LOANS = pd.DataFrame({"age": [17, 18], "grade": ["a", "b"], "amount": [1, 2], "my col": [1, 2]})


def texts(code: str, name: str = "adults", **variables: object) -> list[str]:
    return [hint.text for hint in read_history(name, [code], {"loans": LOANS, **variables})]


@pytest.mark.parametrize(
    ("code", "predicate"),
    [
        ("adults = loans[loans.age >= 18]", "age >= 18"),
        ('adults = loans[loans["age"] >= 18]', "age >= 18"),
        ('adults = loans[loans["my col"] > 0]', "`my col` > 0"),
        ("adults = loans.loc[loans.age >= 18]", "age >= 18"),
        ("adults = loans.loc[loans.age >= 18, ['age']]", "age >= 18"),
        ("adults = loans.loc[lambda d: d.age >= 18]", "age >= 18"),
        ("adults = loans[lambda d: d['age'] >= 18]", "age >= 18"),
        ("adults = loans[18 <= loans.age]", "18 <= age"),
        ("adults = loans[loans.amount > loans.age]", "amount > age"),
        ("adults = loans[loans.age.ge(18)]", "age >= 18"),
        ("adults = loans[loans.grade == 'b']", "grade == 'b'"),
        ("adults = loans[loans.amount > -5]", "amount > -5"),
        ("adults = loans[loans.amount > 1.5]", "amount > 1.5"),
        ("adults = loans[~(loans.age < 18)]", "not (age < 18)"),
        ("adults = loans[loans.grade.isin(['a', 'b'])]", "grade in ['a', 'b']"),
        ("adults = loans[loans.age.isna()]", "age is null"),
        ("adults = loans[loans.age.notnull()]", "age is not null"),
        ("adults = loans[loans.age.between(18, 65)]", "(age >= 18) and (age <= 65)"),
        ("adults = loans[loans.age.between(18, 65, inclusive='left')]", "(age >= 18) and (age < 65)"),
        (
            'adults = loans[(loans.age > 1) & (loans.grade == "x")]',
            "(age > 1) and (grade == 'x')",
        ),
        (
            "adults = loans[(loans.age > 1) | ~(loans.grade == 'x')]",
            "(age > 1) or (not (grade == 'x'))",
        ),
        ("adults = loans.query('age >= 18')", "age >= 18"),
        ("adults = loans.query('18 <= age < 65')", "(18 <= age) and (age < 65)"),
        ("adults = loans.query('age >= 18 and grade == \"x\"')", "(age >= 18) and (grade == 'x')"),
        ("adults = loans.query('not (age < 18 or amount == 2)')", "not ((age < 18) or (amount == 2))"),
        ("adults = loans.query('`my col` >= 18')", "`my col` >= 18"),
        ('adults = loans.query(\'grade in ["a", "b"]\')', "grade in ['a', 'b']"),
        ("adults = loans.query('grade not in (\"a\",)')", "grade not in ['a']"),
        ('adults = loans.filter(pl.col("age") >= 18)', "age >= 18"),
        ("adults = loans.filter(pl.col.age >= 18)", "age >= 18"),
        ("adults = loans.filter(col('age') >= pl.lit(18))", "age >= 18"),
        ("adults = loans.filter(pl.col('age') >= 18, pl.col('amount') < 3)", "(age >= 18) and (amount < 3)"),
        ("adults = loans.filter(grade='b')", "grade == 'b'"),
        ("adults = loans.filter(pl.col('age').is_between(18, 65))", "(age >= 18) and (age <= 65)"),
        ("adults = loans.filter(pl.col('age').is_between(18, 65, 'none'))", "(age > 18) and (age < 65)"),
        ("adults = loans.filter(pl.col('grade').is_in(['a']))", "grade in ['a']"),
        ("adults = loans.filter(~pl.col('age').is_null())", "not (age is null)"),
        ("adults = loans[loans.age >= 18].reset_index(drop=True).sort_values('age')", "age >= 18"),
        ("mask = loans.age >= 18\nadults = loans[mask]", "age >= 18"),
        (
            "a = loans.age >= 18\nb = loans.amount > 1\nadults = loans[a & ~b]",
            "(age >= 18) and (not (amount > 1))",
        ),
        ("adults, minors = loans[loans.age >= 18], loans[loans.age < 18]", "age >= 18"),
        ("adults = loans[loans.amount + 2 * loans.age >= 18]", "amount + (2 * age) >= 18"),
    ],
)
def test_a_filter_is_read_from_every_spelling(code: str, predicate: str) -> None:
    assert texts(code) == [predicate]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (18, "18"),
        (np.int64(18), "18"),
        (np.float64(1.5), "1.5"),
        (decimal.Decimal("1.10"), "1.10"),
        ("b", "'b'"),
        (True, "True"),
        (datetime.date(2013, 7, 4), "'2013-07-04'"),
        (pd.Timestamp("2013-07-04 10:30"), "'2013-07-04 10:30:00'"),
    ],
)
def test_a_constant_is_taken_from_the_users_variables(value: object, written: str) -> None:
    assert texts("adults = loans[loans.age >= limit]", limit=value) == [f"age >= {written}"]
    assert texts("adults = loans.query('age >= @limit')", limit=value) == [f"age >= {written}"]


def test_a_list_is_taken_from_the_users_variables() -> None:
    assert texts("adults = loans[loans.grade.isin(wanted)]", wanted=["a", "b"]) == ["grade in ['a', 'b']"]


@pytest.mark.parametrize(
    "code",
    [
        "adults = loans[loans.age >= compute()]",
        "adults = loans[loans.age >= limit]",
        "adults = loans[loans.age >= infinite]",
        "adults = loans[loans.age.apply(f)]",
        "adults = loans[['age']]",
        "adults = loans.head(10)",
        "adults = loans.sample(10)",
        "adults = loans.query(text)",
        "adults = loans.query('age >>> 18')",
        "adults = loans.query('age.str.len() > 2')",
        "adults = loans[mask]",
        "adults = loans[adults]",
        "minors = loans[loans.age < 18]",
        "adults = loans[loans.age >= 18",
        "adults: int",
        "",
    ],
)
def test_what_is_not_understood_says_nothing(code: str) -> None:
    assert texts(code, infinite=float("inf")) == []


def test_no_code_of_the_user_is_run() -> None:
    ran = []
    variables = {"loans": LOANS, "trap": lambda: ran.append(1)}
    read_history("adults", ["adults = loans[loans.age >= trap()]"], variables)
    assert ran == []


def test_the_newest_assignment_counts_and_chains_are_followed() -> None:
    cells = [
        "adults = loans[loans.age >= 21]",
        "some = loans[loans.age >= 18]",
        "adults = some[some.amount > 1]",
    ]
    found = read_history("adults", cells, {"loans": LOANS, "some": LOANS})
    assert found == [Hint("filter", "amount > 1"), Hint("filter", "(age >= 18) and (amount > 1)")]


def test_a_frame_may_be_filtered_into_its_own_name() -> None:
    cells = ["loans = read()", "loans = loans[loans.age >= 18]", "loans = loans[loans.amount > 1]"]
    found = [hint.text for hint in read_history("loans", cells, {"loans": LOANS})]
    assert found == ["amount > 1", "(age >= 18) and (amount > 1)"]


@pytest.mark.parametrize(
    ("code", "formula"),
    [
        ('adults["z"] = adults.age * adults.amount', "age * amount"),
        ('adults["z"] = adults["age"] * 2 + adults["amount"]', "(age * 2) + amount"),
        ('adults["z"] = (adults.age - adults.amount) * 3', "(age - amount) * 3"),
        ('adults["z"] = -adults.age', "0 - age"),
        ('adults.loc[:, "z"] = adults.age.mul(adults.amount)', "age * amount"),
        ("adults = loans.assign(z=loans.age + loans.amount)", "age + amount"),
        ("adults = loans.assign(z=lambda d: d.age - 1)", "age - 1"),
        ("adults = loans.with_columns(z=pl.col('age') * pl.col('amount'))", "age * amount"),
        ("adults = loans.with_columns((pl.col('age') * rate).alias('z'))", "age * 3"),
        ("adults = loans.with_columns([(pl.col('age') + 1).alias('z')])", "age + 1"),
    ],
)
def test_column_arithmetic_is_read(code: str, formula: str) -> None:
    found = read_history("adults", [code], {"loans": LOANS, "adults": LOANS, "rate": 3})
    assert found == [Hint("derive", formula, "z")]


@pytest.mark.parametrize(
    "code", ['adults["z"] = 1', 'adults["z"] = adults.age / 2', 'adults["z"] = f(adults.age)']
)
def test_other_new_columns_say_nothing(code: str) -> None:
    assert read_history("adults", [code], {"adults": LOANS}) == []


def test_polars_frames_are_frames() -> None:
    cells = ["adults = loans.filter(loans['age'] >= 18)"]
    assert read_history("adults", cells, {"loans": pl.DataFrame({"age": [1]})}) == [
        Hint("filter", "age >= 18")
    ]


@pytest.mark.parametrize(
    ("name", "text"), [("age", "age"), ("my col", "`my col`"), ("and", "`and`"), ("é", "é")]
)
def test_column_names(name: str, text: str) -> None:
    assert column_text(name) == text
