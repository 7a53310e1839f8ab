from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from IPython.core.error import UsageError

from zkp_nb.errors import StatementFalse, ZkpError

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


@pytest.fixture
def ready(notebook: Notebook, loans: pd.DataFrame) -> Notebook:
    notebook.set(loans=loans, pd=pd)
    notebook.run("%zkp_commit loans")
    return notebook


def test_commit_names_the_frame_after_its_variable(notebook: Notebook, loans: pd.DataFrame) -> None:
    notebook.set(loans=loans)
    dataset = notebook.run("%zkp_commit loans")
    assert (dataset.name, dataset.n_rows, dataset.columns) == ("loans", 40, ("age", "income", "grade"))
    assert notebook.run('%zkp_commit loans --name "spring loans"').name == "spring loans"


def test_scales_make_exact_decimals(notebook: Notebook) -> None:
    notebook.set(third=pd.DataFrame({"x": [0.1, 1 / 3, 2.0]}))
    with pytest.raises(ZkpError, match="x"):
        notebook.run("%zkp_commit third --scale x=2")
    notebook.set(exact=pd.DataFrame({"x": [0.1, 0.25, 2.0]}))
    record = notebook.run("%zkp_commit exact --scale x=4").record
    assert record.columns[0].type["scale"] == 4


@pytest.mark.parametrize(
    "cell",
    [
        "adults = loans[loans.age >= 18]",
        "adults = loans.query('age >= 18')",
        "limit = 18\nadults = loans.loc[loans['age'] >= limit].reset_index(drop=True)",
        "import polars as pl\nadults = pl.from_pandas(loans).filter(pl.col('age') >= 18)",
    ],
)
def test_prove_finds_the_filter_in_the_code(ready: Notebook, cell: str) -> None:
    ready.run(cell)
    receipt = ready.run("%zkp_prove adults")
    assert receipt.status == "proven"
    assert "age >= 18" in receipt.sentence
    assert "`loans`" in receipt.sentence
    assert receipt.verify(verifier="native")


def test_a_front_end_that_keeps_no_history_gives_hints_too(ready: Notebook) -> None:
    ready.shell.run_cell("adults = loans[loans.age >= 18]", store_history=False)
    assert "age >= 18" in ready.run("%zkp_prove adults").sentence


def test_a_misleading_hint_is_not_believed(ready: Notebook) -> None:
    ready.run("adults = loans[loans.age >= 18]")
    ready.run("changed = adults.assign(income=adults.income + 1)")
    ready.run("exec('adults = changed')")
    assert ready.run("%zkp_prove adults").status == "asserted"


def test_prove_a_claim_with_variables_of_the_notebook(ready: Notebook) -> None:
    ready.run("low, high = 8, 47")
    receipt = ready.run('%zkp_prove loans between("age", low, high)')
    assert receipt.status == "proven"
    assert "47" in receipt.sentence
    assert ready.run('%zkp_prove loans zkp.mean("income") nulls("grade")').status == "proven"


def test_where_and_from(ready: Notebook) -> None:
    ready.run("other = loans + loans\nadults = loans.iloc[10:]")
    receipt = ready.run('%zkp_prove adults --from loans --where "age >= 18"')
    assert "age >= 18" in receipt.sentence


def test_several_frames_are_a_split(ready: Notebook) -> None:
    ready.run("train, test = loans.iloc[:30], loans.iloc[30:]")
    receipt = ready.run("%zkp_prove train test")
    assert receipt.status == "proven"
    assert all(f"`{name}`" in receipt.sentence for name in ("train", "test", "loans"))


def test_more_frames_than_a_split_has_are_folds(ready: Notebook) -> None:
    ready.run("a, b, c, d, e, f, g = (loans.iloc[at::7] for at in range(7))")
    receipt = ready.run("%zkp_prove a b c d e f g")
    assert receipt.status == "proven"
    assert "in exactly one of the folds `a`, `b`, `c`, `d`, `e`, `f` and `g`" in receipt.sentence


def test_a_false_claim_is_refused_with_a_sentence(ready: Notebook) -> None:
    with pytest.raises(StatementFalse) as caught:
        ready.run('%zkp_prove loans between("age", 9, 47)')
    assert caught.value._render_traceback_() == [f"StatementFalse: {caught.value}"]


def test_a_value_can_be_kept_and_a_card_is_shown_in_the_middle_of_a_cell(ready: Notebook) -> None:
    assert ready.shown('receipt = %zkp_prove loans mean("age")') == []
    assert ready.run("receipt").status == "proven"
    middle = ready.shown(
        "%zkp_prove loans mean('age')\nfor _ in range(2):\n    %zkp_prove loans sum('age')\n1 + 1"
    )
    assert [bundle["text/plain"].split(" of ")[0] for bundle in middle] == ["The mean", "The sum", "The sum"]
    last = ready.shown("1 + 1\n%zkp_prove loans mean('age')")
    assert last == []  # the shell shows the value of the last line itself, not through display()


def test_verify_a_variable_and_a_file(ready: Notebook, tmp_path: Path) -> None:
    ready.run('receipt = %zkp_prove loans sum("income")')
    ready.run('path = receipt.save("the sum.zkp")')
    for what in ("receipt", '"the sum.zkp"'):
        verdict = ready.run(f"%zkp_verify {what}")
        assert verdict
        assert verdict.log_known
    data = (tmp_path / "the sum.zkp").read_bytes()
    (tmp_path / "bad.zkp").write_bytes(data.replace(b"loans", b"loams", 1))
    assert not ready.run("%zkp_verify bad.zkp")
    assert not ready.run("%zkp_verify missing.zkp")


def test_the_log_is_newest_first_and_as_long_as_asked(ready: Notebook) -> None:
    ready.run('%zkp_prove loans sum("income")')
    text = str(ready.run("%zkp_log"))
    assert [line.split()[0] for line in text.splitlines()] == ["1", "0"]
    assert len(str(ready.run("%zkp_log 1")).splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%zkp_commit nothing", "no variable called nothing"),
        ("%zkp_commit loans --scale age", "column=digits"),
        ("%zkp_prove", "required"),
        ("%zkp_prove nothing", "no variable called nothing"),
        ('%zkp_prove mean("age")', "No frame is named"),
        ('%zkp_prove loans mean("age"', "missing"),
        ('%zkp_prove loans nonsense("age")', "no claim called nonsense"),
        ('%zkp_prove loans mean("nothing")', "nothing"),
        ('%zkp_prove loans between("age", 0, 1, 2)', "between"),
        ('%zkp_prove loans between("age", 0, unknown)', "unknown"),
        ('%zkp_prove loans loans mean("age")', "several"),
        ("%zkp_prove loans --wrong", "wrong"),
        ("%zkp_verify nothing", "neither"),
        ("%zkp_log 0", "at least 1"),
        ("%zkp_log many", "invalid int"),
    ],
)
def test_bad_input_gets_a_sentence(ready: Notebook, line: str, words: str) -> None:
    with pytest.raises((ZkpError, UsageError), match=words):
        ready.run(line)


@pytest.mark.parametrize("value", [1, "text", [1, 2], None])
def test_what_is_no_frame_gets_a_sentence(notebook: Notebook, value: object) -> None:
    notebook.set(thing=value)
    with pytest.raises(ZkpError):
        notebook.run("%zkp_commit thing")


def test_braces_and_dollars_in_a_line_are_left_alone(ready: Notebook) -> None:
    ready.run('dear = loans[loans.grade == "{grade} $age"]\ngrade = 1')
    with pytest.raises(ZkpError, match=r"no rows|empty"):
        ready.run("%zkp_prove dear --where \"grade == '{grade} $age'\"")
