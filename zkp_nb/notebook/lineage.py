"""Which values a cell's code made which variables from.

A walk over the syntax tree that follows assignments in order. Within a cell a variable may hold several
values; only two can be looked at: the one from before the cell and the one after it. A value in between
stands for what it was made from. So `a["x"] = 1; b = a[a.x > 0]` makes `b` from `a` after the cell, and
`t = a.head(); t = t.query("x > 0")` makes `t` from `a`.

The reading is a guess about code. Whether a frame really came from another one is decided by the data.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Moment = Literal["before", "after"]
Ref = tuple[str, Moment]
"""A variable's value before or after the cell."""


@dataclass(frozen=True)
class Made:
    """What a variable's value after the cell was made from.

    Attributes:
        sources: values that went into it.
        code: the statements that made it, in order.
    """

    sources: frozenset[Ref]
    code: str


def read_cell(
    code: str,
    globals_of: Callable[[str], Collection[str]] = lambda name: (),
    touched: Collection[str] = (),
    failed_at: int | None = None,
) -> Mapping[str, Made]:
    """What each variable that a cell assigns or edits was made from.

    Args:
        code: plain Python, magics transformed. Code that cannot be parsed makes nothing.
        globals_of: names of the global variables that a function of the user's reads.
        touched: variables whose content is known to have changed although no statement names them as a
            target, such as arguments that a function edits; they count as edited where they are mentioned.
        failed_at: line at which the cell raised; what stands below did not run.
    """
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    if failed_at is not None:
        body = [statement for statement in body if statement.lineno <= failed_at]
    return _Walk(body, globals_of, touched).made()


class _Walk:
    def __init__(
        self, body: Sequence[ast.stmt], globals_of: Callable[[str], Collection[str]], touched: Collection[str]
    ) -> None:
        self._body = body
        self._globals_of = globals_of
        self._state: dict[str, frozenset[Ref]] = {}
        self._code: dict[str, tuple[str, ...]] = {}
        written = set().union(*map(_written, body)) if body else set()
        self._touched = set(touched) - written

    def made(self) -> dict[str, Made]:
        last: dict[str, int] = {}
        for position, statement in enumerate(self._body):
            for name in self._writes(statement):
                last[name] = position
        found: dict[str, Made] = {}
        for position, statement in enumerate(self._body):
            self._statement(statement)
            for name in self._writes(statement):
                if name not in self._state:  # a name set inside an expression
                    self._write(name, self._read(statement), statement)
                if last[name] == position:
                    found[name] = Made(self._state[name], "\n".join(self._code.get(name, ())))
                    self._state[name] = frozenset({(name, "after")})
        return found

    def _writes(self, statement: ast.stmt) -> set[str]:
        if isinstance(statement, _DEFINITIONS):
            return set()
        return _written(statement) | (self._touched & set(_loaded(statement)))

    def _of(self, name: str) -> frozenset[Ref]:
        return self._state.get(name, frozenset({(name, "before")}))

    def _read(self, *nodes: ast.AST | None) -> frozenset[Ref]:
        names = [name for node in nodes if node is not None for name in _loaded(node)]
        seen: set[str] = set()
        while names:
            name = names.pop()
            if name not in seen:
                seen.add(name)
                names += self._globals_of(name)
        return frozenset().union(*map(self._of, seen)) if seen else frozenset()

    def _write(self, name: str, sources: frozenset[Ref], statement: ast.stmt, *, edit: bool = False) -> None:
        code = ast.unparse(statement)
        before = self._code.get(name, ())
        self._state[name] = sources | self._of(name) if edit else sources
        self._code[name] = before if code in before else (*before, code)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, statement)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self._assign(target, value, statement)
            case ast.For(target=target, iter=over, body=body, orelse=orelse):
                for name in _written(ast.Assign([target], over)):
                    self._write(name, self._read(over), statement)
                # A second round lets what one round made flow into the next.
                self._block([*body, *body, *orelse])
            case ast.While(body=body, orelse=orelse):
                self._block([*body, *body, *orelse])
            case ast.If(body=body, orelse=orelse):
                self._branches(body, orelse)
            case ast.With(items=items, body=body):
                for item in items:
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, item.context_expr, statement)
                self._block(body)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                self._block([*body, *orelse])
                for handler in handlers:
                    self._branches(handler.body, [])
                self._block(final)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return
            case _:
                for name in _written(statement):
                    edit = name in _edited(statement)
                    self._write(name, self._read(statement), statement, edit=edit)
        for name in self._touched & set(_loaded(statement)):
            self._write(name, frozenset(), statement, edit=True)

    def _block(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _branches(self, first: Sequence[ast.stmt], second: Sequence[ast.stmt]) -> None:
        start = dict(self._state)
        self._block(first)
        one = self._state
        self._state = start
        self._block(second)
        other = self._state
        untouched = {name: frozenset[Ref]({(name, "before")}) for name in {*one, *other}}
        self._state = {
            name: one.get(name, alone) | other.get(name, alone) for name, alone in untouched.items()
        }

    def _assign(self, target: ast.expr, value: ast.expr, statement: ast.stmt) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            values: Sequence[ast.expr] = [value] * len(target.elts)
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                values = value.elts
            sources = [self._read(each) for each in values]
            for each, source in zip(target.elts, sources, strict=True):
                for name in _written(ast.Assign([each], value)):
                    self._write(name, source, statement)
            return
        if isinstance(target, ast.Starred):
            target = target.value
        base = _base(target)
        if base is not None:
            # A plain name gets a new value; df["x"], df.loc[...] and df.x edit the one that is there.
            edit = not isinstance(target, ast.Name)
            self._write(base, self._read(value, *([target] if edit else [])), statement, edit=edit)


_MUTATING = frozenset(
    {"insert", "pop", "update", "insert_column", "replace_column", "drop_in_place", "extend"}
)


def _written(node: ast.AST) -> set[str]:
    """Names that a statement, or one inside it, assigns or edits."""
    found: set[str] = set()
    for each in _walk(node):
        match each:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Del()):
                found.add(name)
            case ast.Assign(targets=targets):
                for target in targets:
                    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
                    found |= {base for part in parts if (base := _base(part)) is not None}
    return found | _edited(node)


def _edited(node: ast.AST) -> set[str]:
    """Names whose value is edited in place, as far as the code shows."""
    found: set[str] = set()
    for each in _walk(node):
        name: str | None = None
        match each:
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                name = _base(each)
            case ast.AugAssign(target=target):
                name = _base(target)
            case ast.Call(func=ast.Attribute(value=subject, attr=method), keywords=words):
                inplace = any(
                    word.arg == "inplace"
                    and isinstance(word.value, ast.Constant)
                    and word.value.value is True
                    for word in words
                )
                if inplace or method in _MUTATING:
                    name = _base(subject)
        if name is not None:
            found.add(name)
    return found


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _loaded(node: ast.AST, bound: frozenset[str] = frozenset()) -> Iterator[str]:
    """Variables that are read; what lambdas and comprehensions call their own is none."""
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load) and node.id not in bound:
            yield node.id
        return
    if isinstance(node, _COMPREHENSIONS):
        own = {
            each.id
            for part in node.generators
            for each in ast.walk(part.target)
            if isinstance(each, ast.Name)
        }
        # The first iterable is evaluated outside (Python reference, 6.2.4).
        yield from _loaded(node.generators[0].iter, bound)
        bound = bound | own
    elif isinstance(node, ast.Lambda):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        bound = bound | {each.arg for each in every}
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _DEFINITIONS):
            yield from _loaded(child, bound)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The tree without what lies in a scope of its own: functions, classes, targets of comprehensions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from _walk(child.iter)
        elif not isinstance(child, _DEFINITIONS):
            yield from _walk(child)


def _base(target: ast.AST) -> str | None:
    """The variable at the root of `df.loc[...]["x"]`; None where a call stands between."""
    while isinstance(target, (ast.Subscript, ast.Attribute, ast.Starred)):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None
