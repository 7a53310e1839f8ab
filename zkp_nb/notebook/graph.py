"""The provenance graph: committed contents as nodes, how they came to be as edges, and where each stands.

Read from the ledger, which knows what is logged, and from tracking, which knows what is on its way. The
layout is computed once, here, for the live widget and the still picture alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from zkp_nb.ledger.records import AssertedEntry, DatasetEntry, DatasetRecord, ProofEntry
from zkp_nb.notebook.words import type_words
from zkp_nb.srs import origin
from zkp_nb.statements import parse
from zkp_nb.verdict import asserted_sentence

if TYPE_CHECKING:
    from zkp_nb.notebook.tracking import Version
    from zkp_nb.project import Project

State = Literal["proven", "asserted", "committed", "pending", "failed"]

MAX_ENTRIES: Final = 500
"""The newest entries of the ledger that a graph shows."""

NODE_WIDTH: Final = 150
NODE_HEIGHT: Final = 46
GAP_X: Final = 74
GAP_Y: Final = 18
LANE_HEIGHT: Final = 4
MARGIN: Final = 14


@dataclass(frozen=True)
class Node:
    """A content of a frame, and how it came to be.

    Attributes:
        id: dataset id, or a name of its own where it is not committed yet.
        state: of the step that made it; "committed" where nothing is said about that.
        sentence: what is said.
        parents: ids of the nodes that it came from.
        facts: what else is proven about it, each a sentence.
        entry: index of the step's entry in the ledger, None where it is not logged.
        dev: whether the proof rests on a development set-up.
        x, y: of its upper left corner, in units of a pixel.
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
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of the log, with their places; all lengths in pixels.

    Attributes:
        lanes: where the edges of a node pass a layer on their way to a further one: node id and left end of
            the lane to its height.
    """

    nodes: tuple[Node, ...]
    lanes: Mapping[tuple[str, int], int]
    width: int
    height: int


def graph_of(project: Project, versions: Sequence[Version] = (), about: str | None = None) -> Graph:
    """The graph of a project.

    Args:
        versions: what tracking has seen; those that are pending or failed are shown too.
        about: a dataset id, to show only what it came from and what came from it.
    """
    ledger = project.ledger
    entries = ledger.entries(max(0, ledger.size - MAX_ENTRIES), MAX_ENTRIES)
    records: dict[str, DatasetRecord] = {}
    steps: dict[str, tuple[int, State, str, tuple[str, ...]]] = {}
    facts: dict[str, list[str]] = {}
    for logged in entries:
        entry = logged.entry
        if isinstance(entry, DatasetEntry):
            records.setdefault(entry.record.id, entry.record)
            continue
        named = entry.named()
        for each in {each for ids in named.values() for each in ids}:
            records.setdefault(each, ledger.dataset(each))
        sentence = _sentence(entry, records)
        if not named["outputs"]:
            for each in named["inputs"]:
                facts.setdefault(each, []).append(sentence)
        for each in named["outputs"]:
            before = steps.get(each)
            # A proof says more than an assertion, and the first proof is as good as the next.
            if before is None or (before[1] == "asserted" and isinstance(entry, ProofEntry)):
                state: State = "proven" if isinstance(entry, ProofEntry) else "asserted"
                steps[each] = (logged.index, state, sentence, named["inputs"])
            else:
                facts.setdefault(each, []).append(sentence)
    nodes = []
    for each, record in records.items():
        index, state, sentence, parents = steps.get(
            each, (None, "committed", "Nothing is said about its origin.", ())
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
            )
        )
    nodes += _on_the_way(versions, {node.id for node in nodes})
    return placed(nodes if about is None else _around(nodes, about))


def placed(nodes: Sequence[Node]) -> Graph:
    """Layered from left to right, children beside the middle of their parents.

    Nodes come in the order of the log, where what a frame is made of stands before it; so the layer of a
    node is one more than that of its last parent, and a parent that stands behind is no reason to move.
    """
    layer: dict[str, int] = {}
    layers: list[dict[str, tuple[str, ...]]] = []
    for node in nodes:
        depth = 1 + max((layer[each] for each in node.parents if each in layer), default=-1)
        layer[node.id] = depth
        layers += [{} for _ in range(depth + 1 - len(layers))]
        layers[depth][node.id] = tuple(
            _last(each, layer[each], depth) for each in node.parents if each in layer
        )
        for each in node.parents:
            # An edge past a layer gets a lane there, so that it does not run behind a node.
            for between in range(layer.get(each, depth) + 1, depth):
                layers[between][_lane(each, between)] = (_last(each, layer[each], between),)
    y: dict[str, float] = {}
    height = 0.0
    for members in layers:
        wanted = {
            each: _middle([y[above] for above in parents if above in y]) for each, parents in members.items()
        }
        free = 0.0
        for each in sorted(members, key=wanted.__getitem__):
            size = NODE_HEIGHT if each in layer else LANE_HEIGHT
            y[each] = max(free + size / 2, wanted[each])
            free = y[each] + size / 2 + GAP_Y
        height = max(height, free - GAP_Y)
    pitch = NODE_WIDTH + GAP_X
    return Graph(
        nodes=tuple(
            replace(node, x=MARGIN + layer[node.id] * pitch, y=round(MARGIN + y[node.id] - NODE_HEIGHT / 2))
            for node in nodes
        ),
        lanes={
            (node.id, MARGIN + depth * pitch): round(MARGIN + y[_lane(node.id, depth)])
            for node in nodes
            for depth in range(len(layers))
            if _lane(node.id, depth) in y
        },
        width=2 * MARGIN + max(0, len(layers) * pitch - GAP_X),
        height=round(2 * MARGIN + height),
    )


def _lane(node: str, depth: int) -> str:
    return f"{node} passes {depth}"


def _last(parent: str, from_depth: int, depth: int) -> str:
    """What stands one layer above `depth` on the way from a parent: itself, or its lane."""
    return parent if from_depth >= depth - 1 else _lane(parent, depth - 1)


def _middle(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _sentence(entry: ProofEntry | AssertedEntry, records: Mapping[str, DatasetRecord]) -> str:
    if isinstance(entry, AssertedEntry):
        return asserted_sentence(entry, records)
    return parse(dict(entry.statement)).sentence({each: record.name for each, record in records.items()})


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
