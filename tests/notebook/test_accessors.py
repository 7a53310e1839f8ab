from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import polars as pl
import pytest

import zkp_nb as zkp
from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.notebook.accessors import register_accessors

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


@pytest.mark.usefixtures("notebook")
def test_the_whole_way_in_pandas(loans: pd.DataFrame) -> None:
    dataset = loans.zkp.commit("loans")
    assert str(dataset).endswith("[committed]")
    adults = loans[loans.age >= 18]
    receipt = adults.zkp.prove(zkp.filter("age >= 18"), parents=[loans], name="adults")
    assert receipt.status == "proven"
    assert "`adults`" in receipt.sentence
    assert [each.status for each in adults.zkp.history()] == ["committed", "proven"]


@pytest.mark.usefixtures("notebook")
def test_the_whole_way_in_polars(loans: pd.DataFrame) -> None:
    frame = pl.from_pandas(loans)
    assert frame.zkp.commit("loans").n_rows == 40  # type: ignore[attr-defined]
    receipt = frame.filter(pl.col("age") >= 18).zkp.prove()  # type: ignore[attr-defined]
    assert receipt.status == "proven"


@pytest.mark.usefixtures("notebook")
def test_pandas_and_polars_frames_of_one_content_are_one_dataset(loans: pd.DataFrame) -> None:
    dataset = loans.zkp.commit("loans")
    assert pl.from_pandas(loans).zkp.commit().id == dataset.id  # type: ignore[attr-defined]


def test_an_accessor_uses_the_variables_name_and_the_notebooks_code(
    notebook: Notebook, loans: pd.DataFrame
) -> None:
    notebook.set(loans=loans)
    assert notebook.run("loans.zkp.commit()").name == "loans"
    notebook.run("adults = loans[loans.age >= 18]")
    receipt = notebook.run("adults.zkp.prove()")
    assert "age >= 18" in receipt.sentence
    assert "`adults`" in receipt.sentence


@pytest.mark.usefixtures("notebook")
def test_an_edit_in_place_makes_another_frame(loans: pd.DataFrame) -> None:
    loans.zkp.commit("loans")
    loans.loc[0, "income"] = 0
    with pytest.raises(StatementError, match="not committed"):
        loans.zkp.history()


@pytest.mark.usefixtures("notebook")
def test_a_false_claim_raises(loans: pd.DataFrame) -> None:
    with pytest.raises(StatementFalse):
        loans.zkp.prove(zkp.between("age", 18, 120))


@pytest.mark.filterwarnings("error")
def test_registering_again_changes_nothing() -> None:
    before = type(pl.DataFrame({"x": [1]}).zkp)  # type: ignore[attr-defined]
    register_accessors()
    assert type(pl.DataFrame({"x": [1]}).zkp) is before  # type: ignore[attr-defined]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_accessor_is_there_whichever_is_imported_first(library: str) -> None:
    for code in (
        f"import {library} as x, zkp_nb",
        f"import zkp_nb, {library} as x; import zkp_nb.notebook as n; n.register_accessors()",
    ):
        code += "; x.DataFrame({'a': [1]}).zkp.commit"
        subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_imports_no_data_library() -> None:
    heavy = "{'pandas', 'polars', 'IPython', 'numpy'}"
    code = f"import sys, zkp_nb, zkp_nb.notebook; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
