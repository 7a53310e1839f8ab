"""Follows the frames of a notebook: what each cell made from what.

After each cell every pandas and polars frame that was perhaps written to (held.py) is hashed: only content tells
whether a frame changed, as an edit in place leaves the object what it was. What is new is copied, and a
thread commits it and looks for the strongest statement between it and the values that its code read. A
change that no statement covers is logged as asserted, with its code.

Content is what has an origin, not a variable: a cell that runs again and makes the same rows makes nothing
new, and nothing that was said about older content is ever taken for the newer one.
"""

from __future__ import annotations

import atexit
import queue
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from zkp_nb.errors import ProvingInterrupted, ZkpError
from zkp_nb.notebook import session
from zkp_nb.notebook.held import Held, exposed_arrays, writes_past
from zkp_nb.notebook.lineage import Made, Ref, read_cell
from zkp_nb.receipt import Dataset, Receipt
from zkp_nb.statements import Claim
from zkp_nb.table import from_frame

State = Literal["pending", "proven", "asserted", "committed", "failed"]

MAX_FUNCTIONS: Final = 64
"""Names that are looked up in the code of one user function."""


@dataclass(eq=False)
class Version:
    """One content of a frame.

    Attributes:
        name: the variable that first held it.
        state: how far it got; "committed" where it has no origin in this notebook.
        parents: contents that it was made from.
        code: the statements that made it.
        dataset: None until it is committed.
        receipt: of the step that made it, or of the commitment.
        trouble: why it failed, one line.
    """

    name: str
    parents: tuple[Version, ...] = ()
    code: str = ""
    state: State = "pending"
    dataset: Dataset | None = field(default=None, repr=False)
    receipt: Receipt | None = field(default=None, repr=False)
    trouble: str = ""


@dataclass(frozen=True, repr=False)
class TrackingStatus:
    """What tracking has done so far."""

    on: bool
    counts: Mapping[State, int]
    troubles: tuple[str, ...]

    def __repr__(self) -> str:
        done = ", ".join(f"{number} {state}" for state, number in self.counts.items() if number)
        lines = [f"Tracking is {'on' if self.on else 'off'}: {done or 'no frame seen yet'}."]
        return "\n".join([*lines, *self.troubles])


@dataclass(frozen=True)
class _Seen:
    """The object that a variable held when it was last looked at; weak, so that its memory can go."""

    frame: weakref.ref[Any]


@dataclass(frozen=True)
class _Job:
    version: Version
    frame: object
    hints: tuple[Claim, ...]


class Tracker:
    """Tracking of one IPython shell. Costs nothing until it is started."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._seen: dict[str, _Seen] = {}
        self._values: dict[str, frozenset[Version]] = {}
        self._versions: dict[bytes, Version] = {}
        self._held: dict[int, Held] = {}
        self._bare = False  # some code writes to memory directly, so that nothing is known without a look
        self._troubles: dict[str, str] = {}
        self._jobs: queue.Queue[_Job] = queue.Queue()
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None
        self._silent = False
        self._unread = ""
        self.on = False
        self.listeners: list[Callable[[], None]] = []

    # -- switching ----------------------------------------------------------------------------

    def start(self) -> None:
        """Commits the frames that are there, and follows them from here on."""
        if self.on:
            return
        self.on = True
        self._bare = any(map(writes_past, session.cells()))
        for event, hook in self._hooks():
            self._shell.events.register(event, hook)
        atexit.register(self.stop)
        self._look({}, self._digests())

    def stop(self) -> None:
        """Follows no longer. Stops the proof that is being made, drops those that wait, ends the thread."""
        if not self.on:
            return
        self.on = False
        for event, hook in self._hooks():
            self._shell.events.unregister(event, hook)
        atexit.unregister(self.stop)
        self._stop.set()
        self._drop_waiting()
        if self._worker is not None:
            self._worker.join()
            self._worker = None
        self._stop.clear()
        self._seen.clear()
        self._values.clear()
        self._held.clear()

    def wait(self) -> None:
        """Waits until everything found so far is proven or asserted; Ctrl-C ends the waiting alone."""
        finished = self._jobs.all_tasks_done
        with finished:
            while self._jobs.unfinished_tasks:
                finished.wait(0.1)

    def versions(self) -> list[Version]:
        """Every content seen, oldest first."""
        return list(self._versions.values())

    def status(self) -> TrackingStatus:
        """Counts by state, and what went wrong, a line each."""
        counts = Counter(version.state for version in self.versions())
        failed = [f"{each.name}: {each.trouble}" for each in self.versions() if each.state == "failed"]
        skipped = [f"{name}: {why}" for name, why in self._troubles.items()]
        unread = (self._unread,) if self._unread else ()
        return TrackingStatus(self.on, counts, (*failed, *skipped, *unread))

    def _hooks(self) -> tuple[tuple[str, Callable[..., None]], ...]:
        return (
            ("pre_execute", self._before_any),
            ("pre_run_cell", self._before),
            ("post_run_cell", self._after),
        )

    # -- looking ------------------------------------------------------------------------------

    def _before_any(self) -> None:
        # Silent cells (widgets, front ends) fire no other event, and may have changed anything.
        self._look_if_silent()
        self._silent = True

    def _before(self, info: Any) -> None:
        self._silent = False

    def _look_if_silent(self) -> None:
        if self._silent:
            self._look({}, self._digests())

    def _after(self, result: Any) -> None:
        info = getattr(result, "info", None)
        code = getattr(info, "transformed_cell", None) or getattr(info, "raw_cell", None) or ""
        self._bare = self._bare or writes_past(code)
        digests = self._digests()
        try:
            failed_at = _failed_line(result, self._shell.user_ns)
            made = read_cell(
                self._shell.transform_cell(code), self._globals_of, self._touched(digests), failed_at
            )
        except Exception as error:  # noqa: BLE001 - the user's cell must not suffer
            made = {}
            self._unread = f"The code of a cell could not be read ({type(error).__name__})."
        self._look(made, digests)

    def _touched(self, digests: Mapping[str, bytes | None]) -> list[str]:
        """Variables that hold the same object with content that was never seen."""
        frames = self._frames()
        return [
            name
            for name, seen in self._seen.items()
            if seen.frame() is frames.get(name) and digests.get(name) not in self._versions
        ]

    def _look(self, made: Mapping[str, Made], digests: Mapping[str, bytes | None]) -> None:
        """Takes in what the frames hold now."""
        before, frames = dict(self._values), self._frames()
        now: dict[str, frozenset[Version]] = {}
        self._troubles = {name: why for name, why in self._troubles.items() if name in frames}
        for name in [*made, *(name for name in frames if name not in made)]:
            try:
                sources = self._sources(name, made.get(name), frames.get(name), before, now)
                if name in frames:
                    digest = digests.get(name)
                    sources = self._take(name, frames[name], digest, sources, made.get(name))
                now[name] = sources
            except Exception as error:  # noqa: BLE001 - one odd frame must not hide the others
                self._troubles[name] = f"not tracked ({type(error).__name__})."
        user_ns = self._shell.user_ns
        self._values = {name: each for name, each in (before | now).items() if name in user_ns}
        self._seen = {name: seen for name, seen in self._seen.items() if name in frames}

    def _sources(
        self,
        name: str,
        made: Made | None,
        frame: object | None,
        before: Mapping[str, frozenset[Version]],
        now: Mapping[str, frozenset[Version]],
    ) -> frozenset[Version]:
        def of(ref: Ref) -> frozenset[Version]:
            return (before if ref[1] == "before" else now).get(ref[0], frozenset())

        if made is not None:
            return frozenset().union(*map(of, made.sources)) if made.sources else frozenset()
        seen = self._seen.get(name)
        edited = frame is not None and seen is not None and seen.frame() is frame
        # The same object with other content was edited; any other object came from where nobody can see.
        return before.get(name, frozenset()) if edited else frozenset()

    def _take(
        self,
        name: str,
        frame: object,
        digest: bytes | None,
        sources: frozenset[Version],
        made: Made | None,
    ) -> frozenset[Version]:
        """What stands for a frame in what is made of it: its version, or what it was made from itself."""
        if digest is None:
            self._seen[name] = _Seen(weakref.ref(frame))
            return sources
        version = self._versions.get(digest)
        if version is None:
            code = made.code if made is not None else ""
            parents = tuple(sorted(sources, key=self.versions().index, reverse=True))
            version = self._versions[digest] = Version(name, parents, code)
            self._put(_Job(version, _copy(frame), tuple(session.hints_for(name)) if parents else ()))
        self._seen[name] = _Seen(weakref.ref(frame))
        return frozenset({version})

    def _digests(self) -> dict[str, bytes | None]:
        """Digest of each frame's content; None where it has no rows or cannot be committed."""
        exposed = exposed_arrays(self._shell.user_ns)
        held: dict[int, Held] = {}
        found = {}
        for name, frame in self._frames().items():
            look = held.get(id(frame)) or self._held.get(id(frame))
            if look is None or self._bare or not look.same(frame, exposed):
                look = Held(frame, *_digest(frame))
            held[id(frame)] = look
            found[name] = look.digest
            self._troubles.pop(name, None)
            if look.trouble:
                self._troubles[name] = look.trouble
        self._held = held
        return found

    def _frames(self) -> dict[str, object]:
        kinds = tuple(sys.modules[each].DataFrame for each in ("pandas", "polars") if each in sys.modules)
        found = list(self._shell.user_ns.items())
        return {name: each for name, each in found if isinstance(each, kinds) and not name.startswith("_")}

    def _globals_of(self, name: str) -> Collection[str]:
        code = getattr(self._shell.user_ns.get(name), "__code__", None)
        module = getattr(self._shell.user_ns.get(name), "__module__", None)
        return code.co_names[:MAX_FUNCTIONS] if code is not None and module == "__main__" else ()

    # -- proving ------------------------------------------------------------------------------

    def _put(self, job: _Job) -> None:
        self._jobs.put(job)
        if self._worker is None or not self._worker.is_alive():
            self._worker = threading.Thread(target=self._work, name="zkp-tracking", daemon=True)
            self._worker.start()
        self._tell()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                job = self._jobs.get(timeout=0.2)
            except queue.Empty:
                continue
            try:
                self._prove(job)
            except ZkpError as error:
                job.version.state, job.version.trouble = "failed", error.what
            except Exception as error:  # noqa: BLE001 - the thread outlives one odd frame
                job.version.state, job.version.trouble = "failed", f"{type(error).__name__}."
            finally:
                self._tell()
                self._jobs.task_done()

    def _prove(self, job: _Job) -> None:
        version = job.version
        with session.lock:
            project = session.project()
            known = project.dataset(job.frame)
            name = known.name if known is not None else version.name
            parents = _committed(version.parents)
            receipt = None
            if known is not None:
                receipt = next((each for each in project.history(known) if _made(each, known.id)), None)
            if receipt is None and parents:
                receipt = project.prove(
                    job.frame,
                    name=name,
                    parents=parents,
                    hints=job.hints,
                    code=version.code,
                    progress=self._progress,
                )
            elif receipt is None:
                receipt = project.commit(job.frame, name, progress=self._progress).receipt
            version.dataset = project.dataset(job.frame)
            version.receipt, version.state = receipt, receipt.status

    def _progress(self, stage: str, done: int, total: int) -> None:
        if self._stop.is_set():
            raise ProvingInterrupted("Tracking was switched off.")

    def _drop_waiting(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            job.version.state, job.version.trouble = "failed", "Tracking was switched off."
            self._jobs.task_done()

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


def _digest(frame: object) -> tuple[bytes | None, str]:
    """The digest of a frame's content, and what stands in the way of one."""
    try:
        table = from_frame(frame)
        return (table.digest if table.n_rows else None), ""
    except ZkpError as error:
        return None, f"not tracked. {error.what}"
    except Exception as error:  # noqa: BLE001 - one odd frame must not hide the others
        return None, f"not tracked ({type(error).__name__})."


def _committed(parents: Collection[Version]) -> list[Dataset]:
    """The parents' datasets; of a parent that could not be committed, those of its own parents."""
    found: dict[str, Dataset] = {}
    waiting, seen = list(parents), set()
    while waiting:
        version = waiting.pop(0)
        if id(version) in seen:
            continue
        seen.add(id(version))
        if version.dataset is not None:
            found.setdefault(version.dataset.id, version.dataset)
        else:
            waiting += version.parents
    return list(found.values())


def _made(receipt: Receipt, dataset_id: str) -> bool:
    """Whether a receipt says where a dataset came from."""
    return receipt.status != "committed" and dataset_id in receipt.file.entry.named().get("outputs", ())


def _copy(frame: object) -> object:
    clone = getattr(frame, "clone", None)
    return clone() if clone is not None else frame.copy(deep=True)  # type: ignore[attr-defined]


def _failed_line(result: Any, user_ns: Mapping[str, Any]) -> int | None:
    """Line of the cell at which it raised; 0 where none of it ran."""
    if getattr(result, "error_before_exec", None) is not None:
        return 0
    error = getattr(result, "error_in_exec", None)
    trace = None if error is None else error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is user_ns and frame.f_code.co_name in ("<module>", "<cell line: 1>"):
            return int(trace.tb_lineno)
        trace = trace.tb_next
    return None


_tracker: Tracker | None = None


def tracker(shell: Any) -> Tracker:
    """The tracker of a shell, made on first use."""
    global _tracker
    if _tracker is None or _tracker._shell is not shell:
        _tracker = Tracker(shell)
    return _tracker


def current() -> Tracker | None:
    """The tracker of this session, None where tracking was never asked for."""
    return _tracker
