"""Words that the notebook and the command line share: a status, a set-up's origin, a duration."""

from __future__ import annotations

from typing import Any, Final

SHAPES: Final = {
    "proven": "✓",
    "asserted": "~",
    "committed": "●",
    "refused": "✗",
    "pending": "…",
    "failed": "✗",
}
"""The shape that goes with each status, so that it is not told by colour alone."""


def origin_words(origin: str) -> str:
    """How far a set-up may be trusted."""
    if origin == "dev":
        return "development (dev): its maker could forge, so it convinces nobody else"
    return {"ceremony": "from a public ceremony", "ptau": "from a public ceremony (ptau)"}.get(
        origin, "unknown"
    )


def seconds(value: float) -> str:
    """A duration with as many digits as matter."""
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.2f} s" if value < 100 else f"{value:.0f} s"


def type_words(written: dict[str, Any], nullable: bool) -> str:
    """A column's type, as a record writes it, for people."""
    words = [str(written.get("kind", "unknown"))]
    if written.get("bits"):
        words.append(f"{written['bits']} bits")
    if written.get("scale"):
        words.append(f"{written['scale']} decimals")
    words += [str(written[key]) for key in ("unit", "zone") if written.get(key)]
    if nullable:
        words.append("with nulls")
    return ", ".join(words)
