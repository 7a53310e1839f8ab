"""The commands. Each imports what it needs when it runs, so that `verify` needs no data libraries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from zkp_nb.errors import SetupError, StatementError, ZkpError
from zkp_nb.notebook.words import SHAPES, origin_words, seconds

if TYPE_CHECKING:
    from zkp_nb.project import Project
    from zkp_nb.receipt import Receipt
    from zkp_nb.verdict import Verdict, Verifier

_project = click.option(
    "--project",
    "folder",
    envvar="ZKP_NB_PROJECT",
    type=click.Path(path_type=Path),
    default=Path(".zkp"),
    show_default=True,
    help="Folder with the vault and the ledger.",
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="No progress bar.")
_data_file = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_data_file)
@click.option("--name", help="What the record calls it; by default the file's name.")
@click.option(
    "--scale", "scales", multiple=True, metavar="COLUMN=DIGITS", help="Exact decimals in a float column."
)
@click.option(
    "--width", "widths", multiple=True, metavar="COLUMN=BITS", help="A column of numbers of so many bits."
)
@_project
@_quiet
def commit(
    file: Path, name: str | None, scales: Sequence[str], widths: Sequence[str], folder: Path, quiet: bool
) -> None:
    """Commit the table in FILE (CSV, Parquet, Arrow) and log its record."""
    from zkp_nb.notebook.claimtext import read_scales, read_widths
    from zkp_nb.progress import progress_bar
    from zkp_nb.table import read_file

    digits, bits = read_scales(scales), read_widths(widths)
    table = read_file(file)
    with progress_bar(quiet) as progress:
        dataset = _opened(folder).commit(
            table, name or _name_of(file), scales=digits, widths=bits, progress=progress
        )
    _print_receipt(dataset.receipt)


@click.command()
@click.argument("children", nargs=-1, required=True, metavar="CHILD_FILE...", type=_data_file)
@click.option(
    "--from", "parents", multiple=True, type=_data_file, metavar="PARENT_FILE", help="What it came from."
)
@click.option(
    "--claim", "wanted", multiple=True, metavar="CLAIM", help="""Such as 'mean("x")'; may be repeated."""
)
@click.option("--where", metavar="PREDICATE", help="""Short for --claim 'filter("PREDICATE")'.""")
@click.option(
    "--out", type=_data_file, help="Where the receipt goes; by default CHILD_FILE's name with .zkp, here."
)
@_project
@_quiet
def prove(
    children: Sequence[Path],
    parents: Sequence[Path],
    wanted: Sequence[str],
    where: str | None,
    out: Path | None,
    folder: Path,
    quiet: bool,
) -> None:
    """Prove how a table came from another, or what is true of it.

    Without a claim the strongest statement that holds between CHILD_FILE and PARENT_FILE is found; where none
    does, the change is logged as asserted. Several files are proven to be a split of PARENT_FILE.
    """
    from zkp_nb.notebook.claimtext import read_claim
    from zkp_nb.progress import progress_bar
    from zkp_nb.statements import claims as catalogue
    from zkp_nb.table import read_file

    claims = [read_claim(each) for each in wanted]
    if where is not None:
        claims.append(catalogue.filter(where))
    if len(children) > 1 and claims:
        raise StatementError(
            "A claim is about one table; several are named.",
            todo="Leave out the claims to prove a split, or prove them one file at a time.",
        )
    first, *others = [read_file(each) for each in children]
    project = _opened(folder)
    with progress_bar(quiet) as progress:
        sources = [
            project.commit(read_file(parent), _name_of(parent), progress=progress) for parent in parents
        ]
        if others:
            rest = [
                project.commit(table, _name_of(path), progress=progress)
                for table, path in zip(others, children[1:], strict=True)
            ]
            claims = [catalogue.split(*rest)]
        receipt = project.prove(first, claims, name=_name_of(children[0]), parents=sources, progress=progress)
    _print_receipt(receipt)
    path = receipt.save(out or _free_name(children[0], receipt))
    click.echo(f"  receipt     {path} ({len(receipt.to_bytes()):,} bytes)")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=_data_file)
@click.option(
    "--verifier",
    type=click.Choice(["auto", "native", "reference", "both"]),
    default="auto",
    show_default=True,
    help="Compiled, plain Python, or both; auto is the compiled one where it is installed.",
)
@click.option("--ledger-key", "keys", multiple=True, metavar="VKEY", help="Key of a log that you know.")
@click.option("--allow-asserted", is_flag=True, help="Do not fail for a change that is only asserted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def verify(
    files: Sequence[Path], verifier: Verifier, keys: Sequence[str], allow_asserted: bool, as_json: bool
) -> int:
    """Check receipts, offline and without the data.

    Exit code 0 only where every receipt verifies. One that is only asserted holds no proof: it fails, unless
    --allow-asserted is given.
    """
    from zkp_nb.verdict import Check, Verdict
    from zkp_nb.verdict import verify as verify_receipt

    verdicts: list[tuple[Path, Verdict]] = []
    for file in files:
        try:
            verdict = verify_receipt(file, verifier=verifier, ledger_keys=keys)
        except ZkpError as error:
            verdict = Verdict(False, "", "", (Check("file", False, str(error)),))
        verdicts.append((file, verdict))
        if not as_json:
            _print_verdict(file, verdict)
    if as_json:
        click.echo(json.dumps([_verdict_document(file, verdict) for file, verdict in verdicts], indent=2))
    accepted = all(verdict.ok and (allow_asserted or verdict.status != "asserted") for _, verdict in verdicts)
    return 0 if accepted else 1


@click.command()
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Newest entries shown."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@_project
def log(limit: int, as_json: bool, folder: Path) -> None:
    """Show the newest entries of the project's ledger, and the key by which others know it."""
    if not folder.exists():
        raise ZkpError(
            f"There is no project in {folder}.", todo="Commit a file first, or name one with --project."
        )
    project = _opened(folder)
    lines = project.log(limit)
    if as_json:
        click.echo(json.dumps([vars(line) for line in lines], indent=2, ensure_ascii=False))
        return
    click.echo(f"ledger {project.ledger_id}, {project.ledger.size:,} entries\nkey    {project.ledger.key}")
    for line in lines:
        click.echo(f"{line.index:>6,}  {line.when}  {SHAPES[line.status]} {line.status:<9}  {line.sentence}")


@click.command()
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    help="Make the development set-up large enough for tables like this.",
)
@click.option("--depth", type=click.IntRange(min=4), help="The same, by the depth of the grid.")
@_quiet
def srs(rows: int | None, depth: int | None, quiet: bool) -> None:
    """Show the development set-up, or make it ahead of time.

    It is made by itself when first needed. Whoever makes a development set-up could forge under it.
    """
    from zkp_nb.progress import progress_bar, stage
    from zkp_nb.srs import BLINDING, LANES, MAX_DEPTH, cache_folder, development_srs, table_depth

    wanted = max(table_depth(rows) if rows else 0, depth or 0)
    if wanted > MAX_DEPTH:
        raise SetupError(
            f"A depth of {wanted:,} is beyond the largest grid.", todo=f"The largest is {MAX_DEPTH:,}."
        )
    click.echo(f"folder  {cache_folder()}")
    if wanted:
        with progress_bar(quiet) as progress:
            made = development_srs(wanted, stage(progress, "set-up"))
        click.echo(f"srs_id  {made.srs_id.hex()}")
        click.echo(f"depth   {made.depth:,} (tables of up to {(made.depth - BLINDING) * LANES:,} rows)")
        click.echo("origin  dev: its maker could forge")
    files = sorted(each for each in cache_folder().rglob("*") if each.is_file())
    for file in files:
        size = file.stat().st_size / 2**20
        click.echo(f"file    {file.relative_to(cache_folder())}  {size:,.1f} MiB")
    if not files:
        click.echo("There is no set-up yet; it is made when first needed, or now with --rows.")


@click.command()
@click.option(
    "--out", type=_data_file, help="Folder for receipts and ledger; by default one that is removed again."
)
def demo(out: Path | None) -> int:
    """Show the whole way on 336,776 real flights: commit, prove, verify, and four forgeries refused."""
    from zkp_nb.cli.demo import run_demo

    return run_demo(out)


@click.command()
@click.option(
    "--rows", type=click.IntRange(min=8), default=100_000, show_default=True, help="Rows of the table."
)
@click.option("--statement", "only", multiple=True, metavar="NAME", help="Only this line; may be repeated.")
@click.option(
    "--kernels", metavar="PATH", help="ifma, avx2 or portable; by default the fastest that the processor has."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def bench(rows: int, only: Sequence[str], kernels: str | None, as_json: bool) -> int:
    """Measure each statement: commit, prove and verify time, proof bytes, peak memory.

    Every line is measured in a process of its own, so that its peak memory is its own.
    """
    from zkp_nb.cli.bench import run_bench

    return run_bench(rows, only, as_json, kernels)


commands: Final[list[click.Command]] = [demo, commit, prove, verify, log, srs, bench]


def _opened(folder: Path) -> Project:
    from zkp_nb.project import Project

    return Project.open(folder)


def _name_of(file: Path) -> str:
    """A file's name without its suffixes: what its record calls the table."""
    return file.name.split(".")[0] or file.name


def _free_name(child: Path, receipt: Receipt) -> Path:
    """A file in the working directory that does not replace another receipt."""
    path = Path(f"{_name_of(child)}.zkp")
    return path if not path.exists() else Path(f"{_name_of(child)}-{receipt.index}.zkp")


def _print_receipt(receipt: Receipt) -> None:
    click.echo(f"{SHAPES[receipt.status]} {receipt}")
    for label, value in (
        ("committed", receipt.timings.commit),
        ("proven", receipt.timings.prove),
        ("verified", receipt.timings.verify),
    ):
        if value is not None:
            click.echo(f"  {label:<12}in {seconds(value)}")
    if receipt.proofs:
        click.echo(f"  proof       {len(receipt.proof):,} bytes")
    click.echo(f"  log entry   {receipt.index:,} of {receipt.ledger_id}")
    if receipt.status != "asserted":
        click.echo(f"  set-up      {origin_words(receipt.origin)}")


def _print_verdict(file: Path, verdict: Verdict) -> None:
    click.echo(f"{'✓' if verdict.ok else '✗'} {file}: {verdict}")
    for check in verdict.checks:
        click.echo(f"    {'holds' if check.ok else 'FAILS'}  {check.name:<7} {check.detail}")


def _verdict_document(file: Path, verdict: Verdict) -> dict[str, Any]:
    return {
        "file": str(file),
        "ok": verdict.ok,
        "status": verdict.status,
        "sentence": verdict.sentence,
        "failure": verdict.failure,
        "origin": verdict.origin,
        "log_known": verdict.log_known,
        "checks": [vars(check) for check in verdict.checks],
    }
