"""Frames to canonical tables of cells: typed columns, their nulls, and a digest of the data."""

from zkp_nb.table.cells import to_ints
from zkp_nb.table.columns import Column, Part
from zkp_nb.table.files import read_file
from zkp_nb.table.frames import from_frame, is_frame
from zkp_nb.table.table import Table
from zkp_nb.table.types import ColumnType

__all__ = ["Column", "ColumnType", "Part", "Table", "from_frame", "is_frame", "read_file", "to_ints"]
