from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import zkp_nb as zkp
from zkp_nb.notebook.cards import RECEIPT_TYPE, receipt_bundle
from zkp_nb.notebook.words import SHAPES, origin_words, seconds

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def _bundle(notebook: Notebook, value: object) -> dict[str, Any]:
    data, _ = notebook.shell.display_formatter.format(value)
    return data  # type: ignore[no-any-return]


@pytest.fixture
def shown(notebook: Notebook, loans: pd.DataFrame) -> dict[str, dict[str, Any]]:
    notebook.set(loans=loans, zkp=zkp)
    values = {
        "dataset": notebook.run("%zkp_commit loans"),
        "proven": notebook.run('loans.zkp.prove(zkp.mean("income"))'),
        "verdict": notebook.run('loans.zkp.prove(zkp.mean("income")).verify()'),
        "asserted": notebook.run("odd = loans[['grade']] + 'x'\nodd.zkp.prove(parents=[loans])"),
        "log": notebook.run("%zkp_log"),
        "refused": notebook.run("zkp.verify(b'{}')"),
    }
    return {name: _bundle(notebook, value) | {"str": str(value)} for name, value in values.items()}


def test_the_text_is_the_sentence_and_the_status(shown: dict[str, dict[str, Any]]) -> None:
    for bundle in shown.values():
        assert bundle["text/plain"] == bundle["str"]
    assert shown["dataset"]["text/plain"] == "`loans` is committed: 40 rows, 3 columns. [committed]"


def test_the_html_is_safe_and_can_be_read_aloud(shown: dict[str, dict[str, Any]]) -> None:
    for bundle in shown.values():
        page = _Page(bundle["text/html"])
        assert not {"script", "svg", "iframe", "img", "link"} & set(page.tags)
        assert page.tags.count("table") == page.tags.count("caption") > 0
        assert all(value in ("row", "col") for name, value in page.attributes if name == "scope")
        assert "th" in page.tags
        assert not [name for name, _ in page.attributes if name.startswith("on")]


@pytest.mark.parametrize(
    ("what", "status"),
    [("dataset", "committed"), ("proven", "proven"), ("asserted", "asserted"), ("refused", "refused")],
)
def test_a_status_is_told_by_word_and_shape(shown: dict[str, dict[str, Any]], what: str, status: str) -> None:
    assert f"{SHAPES[status]} {status}" in " ".join(_Page(shown[what]["text/html"]).text.split())


def test_the_numbers_are_on_the_card(shown: dict[str, dict[str, Any]]) -> None:
    text = _Page(shown["proven"]["text/html"]).text
    numbers = ("40 rows, 3 columns", "Proof", "bytes", "Proven in", "Verified in", "Log entry", "Checkpoint")
    for words in (*numbers, "dev"):
        assert words in text, words
    text = _Page(shown["dataset"]["text/html"]).text
    for words in ("Committed in", "age", "income", "grade"):
        assert words in text, words
    assert "Why no proof" in _Page(shown["asserted"]["text/html"]).text


def test_the_receipt_comes_along_for_whoever_can_check_it(shown: dict[str, dict[str, Any]]) -> None:
    for name in ("dataset", "proven", "asserted"):
        document = shown[name][RECEIPT_TYPE]
        data = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert zkp.verify(data)
    assert RECEIPT_TYPE not in shown["refused"]


def test_names_cannot_bring_markup_in(notebook: Notebook) -> None:
    notebook.set(frame=pd.DataFrame({"<img src=x onerror=alert(1)>": [1, 2]}), zkp=zkp)
    dataset = notebook.run("frame.zkp.commit('<script>alert(1)</script>')")
    page = _Page(_bundle(notebook, dataset)["text/html"])
    assert not {"script", "img"} & set(page.tags)
    assert "<script>" in page.text


def test_nothing_secret_is_shown(notebook: Notebook, loans: pd.DataFrame, tmp_path: Path) -> None:
    secret = 8_675_309
    loans.loc[3, "income"] = secret
    notebook.set(loans=loans, zkp=zkp)
    receipt = notebook.run("loans.zkp.prove(zkp.nulls('income'))")
    everything = json.dumps(receipt_bundle(receipt)) + repr(receipt) + repr(notebook.run("loans.zkp"))
    assert str(secret) not in everything
    assert f"{secret:,}" not in everything


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0000123, "12 µs"), (0.0123, "12.3 ms"), (1.234, "1.23 s"), (99.99, "99.99 s"), (123.4, "123 s")],
)
def test_durations(value: float, words: str) -> None:
    assert seconds(value) == words


def test_a_development_set_up_is_warned_about() -> None:
    assert "forge" in origin_words("dev")
    assert "ceremony" in origin_words("ptau")
    assert origin_words("whatever") == "unknown"
