"""Statements: what can be claimed about committed tables, as documents, sentences and programs."""

# Whoever reads a statement has to know every kind, whatever else was imported: claims import all of them.
from zkp_nb.statements import claims as claims
from zkp_nb.statements.claim import Claim
from zkp_nb.statements.conjunction import conjunction
from zkp_nb.statements.formula import col
from zkp_nb.statements.inference import infer
from zkp_nb.statements.origin import strongest
from zkp_nb.statements.paths import path
from zkp_nb.statements.program import Program, ProgramTooLarge
from zkp_nb.statements.statement import Statement, parse
from zkp_nb.statements.subject import Subject

__all__ = [
    "Claim",
    "Program",
    "ProgramTooLarge",
    "Statement",
    "Subject",
    "col",
    "conjunction",
    "infer",
    "parse",
    "path",
    "strongest",
]
