"""What the tests of statements share."""

from __future__ import annotations

import pytest

from zkp_nb.statements import statement


@pytest.fixture
def wide_limbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables get the programs that tables of a million rows have: limbs of 16 bits."""
    monkeypatch.setattr(statement, "limb_widths", lambda depths: [16])
