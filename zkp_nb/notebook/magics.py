"""The notebook's verbs: %zkp_commit, %zkp_prove, %zkp_verify, %zkp_log, %zkp_track, %zkp_graph.

Each returns what it made, so `receipt = %zkp_prove adults` works, and shows its card also where it is not
the last line of a cell.
"""

# IPython's decorators carry no types.
# mypy: disable-error-code="untyped-decorator,no-untyped-call"

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from zkp_nb.errors import StatementError, ZkpError
from zkp_nb.notebook import session
from zkp_nb.notebook.cards import LogView
from zkp_nb.notebook.claimtext import read_claim, read_scales, read_widths, split_words, unquoted
from zkp_nb.notebook.graphview import GraphView
from zkp_nb.notebook.tracking import TrackingStatus, tracker
from zkp_nb.receipt import Dataset, Receipt
from zkp_nb.statements import claims
from zkp_nb.statements.rows import MAX_SPLIT
from zkp_nb.verdict import Verdict, verify

Shown = TypeVar("Shown")


@magics_class
class ZkpMagics(Magics):
    """Commit frames, prove how they came to be, check receipts, read the log."""

    @no_var_expand
    @magic_arguments()
    @argument("frame", help="variable that holds the frame")
    @argument("--name", help="what the record calls it; by default the variable's name")
    @argument(
        "--scale",
        action="append",
        default=[],
        metavar="COLUMN=DIGITS",
        help="exact decimals in a float column",
    )
    @argument(
        "--width",
        action="append",
        default=[],
        metavar="COLUMN=BITS",
        help="a column of numbers of so many bits: smaller and faster proofs",
    )
    @argument("-q", "--quiet", action="store_true", help="no progress bar")
    @line_magic
    def zkp_commit(self, line: str) -> Dataset:
        """Commit a frame and log its record: `%zkp_commit loans`."""
        given = _read(self.zkp_commit, line)
        frame = self._variable(given.frame)
        name = unquoted(given.name) if given.name else given.frame
        scales, widths = read_scales(given.scale), read_widths(given.width)
        dataset = session.commit(frame, name, scales=scales, widths=widths, quiet=given.quiet)
        return self._shown(dataset)

    @no_var_expand
    @magic_arguments()
    @argument(
        "words", nargs="+", metavar="FRAME_OR_CLAIM", help='variables, and claims such as mean("income")'
    )
    @argument(
        "--from", dest="parents", action="append", default=[], metavar="PARENT", help="frame it came from"
    )
    @argument("--where", metavar='"PREDICATE"', help='short for filter("PREDICATE")')
    @argument("--name", help="what the frame's record calls it; by default the variable's name")
    @argument("-q", "--quiet", action="store_true", help="no progress bar")
    @line_magic
    def zkp_prove(self, line: str) -> Receipt:
        """Prove how a frame came to be, or claims about it.

        `%zkp_prove adults` finds the parent and the strongest statement that holds. `%zkp_prove train test`
        proves a split. `%zkp_prove adults mean("income")` proves a fact.
        """
        given = _read(self.zkp_prove, line)
        names = [word for word in given.words if "(" not in word]
        wanted = [read_claim(word, self._evaluate) for word in given.words if "(" in word]
        if given.where:
            wanted.append(claims.filter(unquoted(given.where)))
        if not names:
            raise ZkpError("No frame is named.", todo="Write %zkp_prove FRAME, then the claims.")
        frames = [self._variable(name) for name in names]
        if len(frames) > 1:
            if wanted:
                raise StatementError(
                    "A claim is about one frame; several are named.",
                    todo="Leave out the claims to prove a split, or prove them one frame at a time.",
                )
            others = [
                session.commit(*other, quiet=given.quiet) for other in zip(frames[1:], names[1:], strict=True)
            ]
            # Of more parts than one proof holds, the claim about folds is the same.
            wanted = [(claims.split if len(frames) <= MAX_SPLIT else claims.folds)(*others)]
        parents = [self._variable(name) for name in given.parents]
        receipt = session.prove(
            frames[0],
            wanted,
            parents=parents,
            name=unquoted(given.name) if given.name else names[0],
            variable=names[0],
            quiet=given.quiet,
        )
        return self._shown(receipt)

    @no_var_expand
    @magic_arguments()
    @argument("receipt", help="a variable with a receipt, or the path of a .zkp file")
    @argument(
        "--verifier", choices=("auto", "native", "reference", "both"), default="auto", help="who checks"
    )
    @line_magic
    def zkp_verify(self, line: str) -> Verdict:
        """Check a receipt again, as somebody else would: `%zkp_verify adults.zkp`."""
        given = _read(self.zkp_verify, line)
        found = self._shell.user_ns.get(given.receipt)
        receipt = found.receipt if isinstance(found, Dataset) else found
        if not isinstance(receipt, Receipt):
            path = Path(unquoted(given.receipt)).expanduser()
            if not path.exists() and given.receipt.isidentifier():
                raise ZkpError(
                    f"{given.receipt} is neither a receipt in this notebook nor a file.",
                    todo="Name a variable that holds a receipt, or the path of a .zkp file.",
                )
            receipt = path
        verdict = verify(receipt, verifier=given.verifier)
        return self._shown(verdict)

    @no_var_expand
    @magic_arguments()
    @argument("limit", nargs="?", type=int, default=50, help="how many entries, the newest first")
    @line_magic
    def zkp_log(self, line: str) -> LogView:
        """Show the newest entries of the log: `%zkp_log 20`."""
        given = _read(self.zkp_log, line)
        if given.limit < 1:
            raise ZkpError("A number of entries is at least 1.")
        return self._shown(LogView(session.project().log(given.limit)))

    @no_var_expand
    @magic_arguments()
    @argument("switch", nargs="?", choices=("on", "off", "status", "wait"), default="status")
    @line_magic
    def zkp_track(self, line: str) -> TrackingStatus:
        """Follow frames from cell to cell: `%zkp_track on`, `off`, `status`; `wait` until all is proven."""
        switch = _read(self.zkp_track, line).switch
        tracking = tracker(self._shell)
        {"on": tracking.start, "off": tracking.stop, "wait": tracking.wait}.get(switch, lambda: None)()
        return self._shown(tracking.status())

    @no_var_expand
    @magic_arguments()
    @argument("frame", nargs="?", help="variable; the graph shows what it came from and what came from it")
    @line_magic
    def zkp_graph(self, line: str) -> GraphView:
        """Show where frames came from: `%zkp_graph`, or `%zkp_graph adults`."""
        given = _read(self.zkp_graph, line)
        return self._shown(session.graph(None if given.frame is None else self._variable(given.frame)))

    @property
    def _shell(self) -> Any:
        return self.shell

    def _variable(self, name: str) -> object:
        try:
            value: object = self._shell.user_ns[name]
        except KeyError:
            raise ZkpError(
                f"There is no variable called {name}.",
                todo="Run the cell that makes it, or check the spelling.",
            ) from None
        return value

    def _evaluate(self, node: ast.expr) -> Any:
        """An argument of a claim, as the user's own code: variables count."""
        try:
            return self._shell.ev(ast.unparse(node))
        except Exception as error:  # noqa: BLE001 - any code of the user's, any error
            raise StatementError(
                f"The argument {ast.unparse(node)} cannot be computed.",
                why=f"{type(error).__name__}: {error}.",
            ) from None

    def _shown(self, result: Shown) -> Shown:
        if _value_is_dropped(self._shell):
            display(result)
        return result


def _read(magic: Callable[[str], object], line: str) -> Any:
    """Parses a magic's line. IPython's own splitter would take `mean("x", "y")` apart at the blank."""
    parser: Any = magic.parser  # type: ignore[attr-defined]
    return parser.parse_intermixed_args(split_words(line))


def _value_is_dropped(shell: Any) -> bool:
    """Whether the running line stands alone and is not the cell's last, so that nobody shows its value."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals is not shell.user_ns:
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None or shell.ast_node_interactivity != "last_expr":
        return False
    try:
        body: Sequence[ast.stmt] = ast.parse("".join(linecache.getlines(frame.f_code.co_filename))).body
    except SyntaxError:
        return False
    running = [each for each in body if each.lineno <= frame.f_lineno <= (each.end_lineno or each.lineno)]
    return bool(running) and running[-1] is not body[-1] and not isinstance(running[-1], ast.Assign)
