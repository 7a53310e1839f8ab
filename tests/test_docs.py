"""The documentation: it builds without a warning and fetches nothing, and its examples are about what there is."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import zkp_nb as zkp
from tests.notebook.conftest import notebook as notebook
from zkp_nb.notebook.magics import ZkpMagics

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Fetched(HTMLParser):
    """Addresses that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("src") or (given.get("href") if tag == "link" else None)
        if tag != "a" and address and address.startswith(("http:", "https:", "//")):
            self.found.append(address)


def test_the_site_builds_and_fetches_nothing(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        parser = Fetched()
        parser.feed(page.read_text("utf-8"))
        assert parser.found == [], page.name
    claims = (tmp_path / "site" / "reference" / "claims.html").read_text("utf-8")
    assert "fill_nulls" in claims


def examples() -> list[tuple[str, str]]:
    """Every block of Python in the documentation, with its page."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            found.append((page.relative_to(ROOT).as_posix(), block))
    return found


@pytest.mark.parametrize(("page", "code"), examples())
def test_examples_name_what_there_is(page: str, code: str) -> None:
    for magic in re.findall(r"^%(zkp_\w+)", code, re.M):
        assert hasattr(ZkpMagics, magic), (page, magic)
    tree = ast.parse(re.sub(r"^( *)%.*$", r"\1pass", code, flags=re.M))
    names = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "zkp"
    }
    for name in names:
        assert hasattr(zkp, name), (page, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_claims_in_the_text_exist(page: Path) -> None:
    names = set(re.findall(r"`zkp\.(\w+)\(", page.read_text("utf-8")))
    assert {name for name in names if not hasattr(zkp, name)} == set()


def test_the_readme_does_what_it_says(notebook: Notebook) -> None:
    loans = pd.DataFrame({"age": range(8, 68), "income": range(1000, 7000, 100)})
    loans.to_parquet("loans.parquet")
    for page, code in examples():
        if page == "README.md":
            notebook.run(code)
    receipt = notebook.shell.user_ns["receipt"]
    assert receipt.status == "proven"
    assert Path("adults.zkp").exists()
    notebook.run("%zkp_track off")


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_tutorials_are_saved_without_widget_state(path: Path) -> None:
    # With it, a page made of the notebook would fetch the widget instead of showing the picture.
    assert "widgets" not in json.loads(path.read_text("utf-8"))["metadata"]
