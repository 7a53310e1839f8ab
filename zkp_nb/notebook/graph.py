"""The provenance graph: committed contents as nodes, how they came to be as edges, and where each stands.

Read from the ledger, which knows what is logged, and from tracking, which knows what is on its way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from zkp_nb.ledger.records import AssertedEntry, DatasetEntry, DatasetRecord, ProofEntry
from zkp_nb.notebook.words import SHAPES, type_words
from zkp_nb.srs import origin
from zkp_nb.statements import parse
from zkp_nb.verdict import asserted_sentence

if TYPE_CHECKING:
    from zkp_nb.notebook.tracking import Version
    from zkp_nb.project import Project

State = Literal["proven", "asserted", "committed", "pending", "failed"]

MAX_ENTRIES: Final = 500
"""The newest entries of the ledger that a graph shows."""


@dataclass(frozen=True)
class Node:
    """A content of a frame, and how it came to be.

    Attributes:
        id: dataset id, or a name of its own where it is not committed yet.
        state: of the step that made it; "committed" where nothing is said about that.
        kind: of the statement, such as "filter"; empty where there is none.
        sentence: what is said.
        parents: ids of the nodes that it came from.
        facts: what else is proven about it, each a sentence.
        entry: index of the step's entry in the ledger, None where it is not logged.
        dev: whether the proof rests on a development set-up.
    """

    id: str
    name: str
    rows: int | None
    columns: tuple[tuple[str, str], ...]
    state: State
    sentence: str
    parents: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    entry: int | None = None
    dev: bool = False
    kind: str = ""

    @property
    def standing(self) -> str:
        """The state in words, with its shape, and what a development set-up is worth."""
        return f"{SHAPES[self.state]} {self.standing_words}"

    @property
    def standing_words(self) -> str:
        """The state in words, with what a development set-up is worth."""
        return f"{self.state}, dev" if self.dev and self.state == "proven" else self.state


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of the log."""

    nodes: tuple[Node, ...]

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Parent and child of each step between shown nodes, as positions in `nodes`."""
        position = {node.id: number for number, node in enumerate(self.nodes)}
        return tuple(
            (position[parent], child)
            for child, node in enumerate(self.nodes)
            for parent in dict.fromkeys(node.parents)
            if parent in position and parent != node.id
        )


def graph_of(project: Project, versions: Sequence[Version] = (), about: str | None = None) -> Graph:
    """The graph of a project.

    Args:
        versions: what tracking has seen; those that are pending or failed are shown too.
        about: a dataset id, to show only what it came from and what came from it.
    """
    ledger = project.ledger
    entries = ledger.entries(max(0, ledger.size - MAX_ENTRIES), MAX_ENTRIES)
    records: dict[str, DatasetRecord] = {}
    steps: dict[str, tuple[int, State, str, tuple[str, ...], str]] = {}
    facts: dict[str, list[str]] = {}
    for logged in entries:
        entry = logged.entry
        if isinstance(entry, DatasetEntry):
            records.setdefault(entry.record.id, entry.record)
            continue
        named = entry.named()
        for each in {each for ids in named.values() for each in ids} - set(records):
            records[each] = ledger.dataset(each)
        sentence = _sentence(entry, records)
        if not named["outputs"]:
            for each in named["inputs"]:
                facts.setdefault(each, []).append(sentence)
        for each in named["outputs"]:
            before = steps.get(each)
            # A proof says more than an assertion, and the first proof is as good as the next.
            if before is None or (before[1] == "asserted" and isinstance(entry, ProofEntry)):
                state: State = "proven" if isinstance(entry, ProofEntry) else "asserted"
                steps[each] = (logged.index, state, sentence, named["inputs"], _kind(entry))
            else:
                facts.setdefault(each, []).append(sentence)
    nodes = []
    for each, record in records.items():
        index, state, sentence, parents, kind = steps.get(
            each, (None, "committed", "Nothing is said about its origin.", (), "")
        )
        nodes.append(
            Node(
                id=each,
                name=record.name,
                rows=record.n_rows,
                columns=tuple(
                    (column.name, type_words(column.type, column.nullable)) for column in record.columns
                ),
                state=state,
                sentence=sentence,
                parents=tuple(dict.fromkeys(parents)),
                facts=tuple(facts.get(each, ())),
                entry=index,
                dev=state != "asserted" and origin(record.srs_id) == "dev",
                kind=kind,
            )
        )
    nodes += _on_the_way(versions, {node.id for node in nodes})
    return Graph(tuple(nodes if about is None else _around(nodes, about)))


def _sentence(entry: ProofEntry | AssertedEntry, records: Mapping[str, DatasetRecord]) -> str:
    if isinstance(entry, AssertedEntry):
        return asserted_sentence(entry, records)
    return parse(dict(entry.statement)).sentence({each: record.name for each, record in records.items()})


def _kind(entry: ProofEntry | AssertedEntry) -> str:
    return str(entry.statement["kind"]) if isinstance(entry, ProofEntry) else ""


def _on_the_way(versions: Sequence[Version], known: Collection[str]) -> list[Node]:
    """Contents that tracking has seen and that are not logged yet."""
    names = {id(each): _name(each) for each in versions}
    words: dict[State, str] = {"pending": "Being looked at.", "failed": "No proof was made."}
    return [
        Node(
            id=_name(each),
            name=each.name,
            rows=None,
            columns=(),
            state=each.state,
            sentence=" ".join(filter(None, (words.get(each.state, ""), each.trouble))),
            parents=tuple(names[id(parent)] for parent in each.parents if id(parent) in names),
        )
        for each in versions
        if each.state in words and _name(each) not in known
    ]


def _name(version: Version) -> str:
    return version.dataset.id if version.dataset is not None else f"on-the-way-{id(version):x}"


def _around(nodes: Sequence[Node], about: str) -> list[Node]:
    """What a dataset came from, itself, and what came from it."""
    by_id = {node.id: node for node in nodes}
    kept, waiting = set(), [about]
    while waiting:
        each = waiting.pop()
        if each in by_id and each not in kept:
            kept.add(each)
            waiting += by_id[each].parents
    later = {about}
    for node in nodes:
        if later & set(node.parents):
            later.add(node.id)
    return [node for node in nodes if node.id in kept | later]
