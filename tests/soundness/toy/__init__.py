"""A toy prover, honest by default, and small worlds to run it in."""
