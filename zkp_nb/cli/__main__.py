"""`python -m zkp_nb.cli`, the same as `zkp`."""

from zkp_nb.cli import main

main()
