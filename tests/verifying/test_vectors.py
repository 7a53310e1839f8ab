"""The committed test vectors are what this code makes and what both verifiers accept."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from zkp_nb.verifying import has_native, native, reference
from zkp_nb.verifying.reference.encodings import decode_key, decode_point
from zkp_nb.verifying.reference.group import Bn254
from zkp_nb.verifying.reference.transcript import Transcript


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / f"{name}.json").read_text())
    return found


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "generate_vectors", Path(__file__).parent / "vectors" / "generate.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["transcript", "points", "proof"])
def test_vectors_are_what_the_generator_makes(generator: ModuleType, name: str) -> None:
    assert load(name) == generator.VECTORS[name]()


def test_transcript() -> None:
    state = Transcript()
    for step in load("transcript")["steps"]:
        if "absorb" in step:
            state.absorb(step["absorb"], bytes.fromhex(step["data"]))
        else:
            assert state.challenge(step["challenge"]) == int(step["value"])


def test_points() -> None:
    group = Bn254()
    for point in load("points")["g1"]:
        decoded = decode_point(group, bytes.fromhex(point["encoding"]), "a point")
        difference = group.combine([(1, decoded), (-int(point["scalar"]), group.generator)])
        assert difference[2] == 0


def arguments() -> tuple[Any, ...]:
    v = load("proof")
    key, proof = bytes.fromhex(v["verification_key"]), bytes.fromhex(v["proof"])
    commitments = [bytes.fromhex(c) for c in v["commitments"]]
    return key, v["program"], v["context"].encode(), v["statement"].encode(), v["part"], commitments, proof


def test_proof() -> None:
    assert decode_key(arguments()[0]).srs_id.hex() == load("proof")["srs_id"]
    reference.verify(*arguments())


@pytest.mark.skipif(not has_native(), reason="the compiled module is not built")
def test_proof_before_the_native_verifier() -> None:
    native.verify(*arguments())
