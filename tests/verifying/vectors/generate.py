"""Writes the test vectors: `python tests/verifying/vectors/generate.py`.

They are for whoever writes a third verifier; the tests check that both of ours agree with them.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "soundness"))


def transcript() -> dict[str, Any]:
    """Messages in, challenges out."""
    from zkp_nb.verifying.reference.transcript import Transcript

    steps: list[dict[str, str]] = [
        {"absorb": "protocol", "data": b"zkp-grid/1".hex()},
        {"absorb": "empty", "data": ""},
        {"challenge": "chi"},
        {"challenge": "chi"},
        {"absorb": "R'", "data": bytes(range(32)).hex()},
        {"challenge": "beta'"},
        {"absorb": "statement", "data": (b"x" * 300).hex()},
        {"challenge": "gamma 1"},
    ]
    state = Transcript()
    for step in steps:
        if "absorb" in step:
            state.absorb(step["absorb"], bytes.fromhex(step["data"]))
        else:
            step["value"] = str(state.challenge(step["challenge"]))
    return {"steps": steps}


def points() -> dict[str, Any]:
    """Multiples of the generator of G1."""
    from toy.worlds import RealWorld

    from zkp_nb.verifying.reference.field import ORDER

    world = RealWorld()
    scalars = [0, 1, ORDER - 1, 2, ORDER - 2, 3, 2**200 + 17]
    return {"g1": [{"scalar": str(k), "encoding": world.publish(k).hex()} for k in scalars]}


def proof() -> dict[str, Any]:
    """A whole proof under a set-up with a known `tau`, made with reproducible randomness."""
    from toy.grid import Claim, column
    from toy.programs import shuffle
    from toy.prover import Prover
    from toy.worlds import RealWorld

    world = RealWorld(max_depth=4)
    rng = random.Random("zkp-grid/1 test vector")
    left, right = [3, 1, 4, 1, 5], [1, 1, 3, 4, 5]
    claim = Claim(
        world,
        shuffle(world, 4, (5, 5)),
        [column(world, 4, left, rng=rng), column(world, 4, right, rng=rng)],
        context=b"an example ledger",
        statement=b'{"kind":"example"}',
        part=1,
    )
    prover = Prover(claim, rng=rng)
    attempt = prover.run()
    return {
        "tau": str(world.tau),
        "verification_key": world.key_bytes.hex(),
        "srs_id": world.key.srs_id.hex(),
        "program": claim.program,
        "context": claim.context.decode(),
        "statement": claim.statement.decode(),
        "part": claim.part,
        "commitments": [c.hex() for c in attempt.commitments],
        "challenges": {name: str(value) for name, value in prover.ch.items()},
        "proof": attempt.proof.hex(),
    }


VECTORS = {"transcript": transcript, "points": points, "proof": proof}


def path(name: str) -> Path:
    """Where a set of vectors is kept."""
    return HERE / f"{name}.json"


if __name__ == "__main__":
    for name, make in VECTORS.items():
        path(name).write_text(json.dumps(make(), indent=1) + "\n")
