"""What the site has beside the pages in docs/: tutorials from the notebooks, every claim, and the root's own pages.

Run by mkdocs (mkdocs.yml). Pages are made in memory; nothing is written next to their sources.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

from zkp_nb.statements import claims

ROOT = Path(__file__).parents[2]

PAGES = {"SECURITY.md": "security.md", "CHANGELOG.md": "changes.md", "CONTRIBUTING.md": "contributing.md"}
"""Pages of the repository's root, and where the site has them."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that have no file in docs/."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"tutorials/{path.stem}.md", content=_tutorial(path)))
    for source, target in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, target, content=text.replace("](docs/", "](")))
    files.append(File.generated(config, "reference/claims.md", content=_claims()))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Links to the repository's root lead to the site's pages of the same content."""
    depth = page.file.src_uri.count("/")
    up = "../" * depth
    for source, target in {**PAGES, "README.md": "index.md"}.items():
        markdown = re.sub(rf"\]\((?:\.\./)*{re.escape(source)}", f"]({up}{target}", markdown)
    # Folders of the repository are no pages.
    return re.sub(
        r"\[([^\]]*)\]\((?:\.\./)*(?:notebooks|docs/decisions|config|benchmarks)/?\)", r"\1", markdown
    )


def _tutorial(path: Path) -> str:
    text, _ = MarkdownExporter().from_filename(str(path))
    text = text.replace("](../docs/", "](../").replace(".ipynb)", ".md)")
    # Code fences of magics are Python to a reader; colours of a terminal are nothing.
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _claims() -> str:
    """A section for each claim that the package offers, so that none is missing."""
    parts = [
        "# Claims",
        "What is written as `zkp.NAME(...)`. What each says and how large it is: [the catalogue](../catalogue.md).",
    ]
    for name in claims.__all__:
        parts.append(f"::: {getattr(claims, name).__module__}.{name}")
    return "\n\n".join(parts) + "\n"
