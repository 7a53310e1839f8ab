"""Claims as people type them: `mean("income")`, `zkp.between("age", 0, 120)`.

One reader for the magics and the command line. The function's name is looked up among the claims of
`zkp_nb.statements.claims` and nowhere else; how an argument gets its value is the caller's choice,
so the command line takes constants only and never runs what is in a string.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from zkp_nb.errors import StatementError, ZkpError
from zkp_nb.statements import Claim, claims

Evaluate = Callable[[ast.expr], Any]

_OPENING: Final = {"(": ")", "[": "]", "{": "}"}


def constant(node: ast.expr) -> Any:
    """An argument that is a plain constant, a list or a tuple of such.

    Raises:
        StatementError: it is anything else.
    """
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise StatementError(
            f"`{ast.unparse(node)}` is not a constant.",
            todo='Write numbers as 18, texts as "UA", lists as [1, 2].',
        ) from None


def read_claim(text: str, evaluate: Evaluate = constant) -> Claim:
    """The claim that `text` calls for.

    Raises:
        StatementError: it is no call of a known claim, or the arguments do not fit.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise StatementError(
            f"The claim {text.strip()} cannot be read.",
            why="Brackets or quotes do not match.",
            todo=_example(),
        ) from None
    if not isinstance(node, ast.Call):
        raise StatementError(f"{text.strip()} is not a claim.", todo=_example())
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    known = claim_names()
    if name not in known:
        raise StatementError(
            f"There is no claim called {name or text}.", todo=f"Known are {', '.join(known)}."
        )
    values = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            values += list(evaluate(argument.value))
        else:
            values.append(evaluate(argument))
    words = {word.arg: evaluate(word.value) for word in node.keywords if word.arg}
    make = getattr(claims, name)
    try:
        inspect.signature(make).bind(*values, **words)
    except TypeError as error:
        raise StatementError(
            f"The arguments of {name} do not fit.",
            why=f"{_sentence(error)}",
            todo=f"It is {name}{_signature(make)}.",
        ) from None
    claim: Claim = make(*values, **words)
    return claim


def claim_names() -> list[str]:
    """Names of the claims that a person can write."""
    return sorted(claims.__all__)


def split_words(line: str) -> list[str]:
    """Words of a line: split at blanks outside of brackets and quotes, quotes kept; a comment is none.

    Raises:
        ZkpError: a bracket or a quote is left open.
    """
    words: list[str] = []
    word = ""
    closing: list[str] = []
    quote = ""
    escaped = False
    for character in line:
        if quote:
            word += character
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and not escaped
            continue
        if character.isspace() and not closing:
            words, word = ([*words, word], "") if word else (words, word)
            continue
        if character == "#" and not word and not closing:
            break  # a comment, as after any other line of a cell
        word += character
        if character in "\"'":
            quote = character
        elif character in _OPENING:
            closing.append(_OPENING[character])
        elif closing and character == closing[-1]:
            closing.pop()
    if quote or closing:
        raise ZkpError(
            "The line cannot be read.",
            why=f"A {quote or closing[-1]} is missing.",
            todo="Close every bracket and quote.",
        )
    return [*words, word] if word else words


def unquoted(word: str) -> str:
    """A word without the quotes around it."""
    if len(word) >= 2 and word[0] == word[-1] and word[0] in "\"'":
        value = constant(ast.parse(word, mode="eval").body)
        return value if isinstance(value, str) else word
    return word


def read_scales(texts: Sequence[str]) -> dict[str, int]:
    """Scales given as `column=digits`.

    Raises:
        ZkpError: one is not of that form.
    """
    return dict(_numbers(texts, "scale", "column=digits, such as price=2"))


def read_widths(texts: Sequence[str]) -> dict[str, int]:
    """Widths given as `column=bits`.

    Raises:
        ZkpError: one is not of that form.
    """
    return dict(_numbers(texts, "width", "column=bits, such as age=8"))


def _numbers(texts: Sequence[str], what: str, form: str) -> Iterator[tuple[str, int]]:
    for text in texts:
        column, equals, number = unquoted(text).rpartition("=")
        if not equals or not column or not number.isdecimal() or not number.isascii():
            raise ZkpError(f"The {what} {text} cannot be read.", todo=f"Write {form}.")
        yield column, int(number)


def _example() -> str:
    return 'Write a call such as mean("income") or between("age", 0, 120).'


def _sentence(error: TypeError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _signature(make: Callable[..., Any]) -> str:
    signature = inspect.signature(make)
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))
