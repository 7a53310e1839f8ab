"""ezkl: `python ezkl_peer.py FILE.csv STATEMENT`, STATEMENT "sum" or "filter"; prints JSON, times in seconds.

The statement is an ONNX model over whole numbers (scale 0); the table is its private input, the sum its public output.
Nothing limits the cells, and nothing binds them to a table that was committed before.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ezkl
import onnx
from onnx import TensorProto, helper


def model(rows: int, statement: str, path: Path) -> None:
    """Sum of the prices, or of those whose age is at least 18."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, rows]) for name in ("ages", "prices")
    ]
    output = helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1, 1])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    nodes, initial = [], [axes]
    if statement == "filter":
        initial.append(helper.make_tensor("limit", TensorProto.FLOAT, [1], [17.5]))
        nodes = [
            helper.make_node("Greater", ["ages", "limit"], ["adult"]),
            helper.make_node("Cast", ["adult"], ["kept"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["kept", "prices"], ["counted"]),
        ]
    else:
        inputs = inputs[1:]
    nodes.append(
        helper.make_node("ReduceSum", ["counted" if nodes else "prices", "axes"], ["sum"], keepdims=1)
    )
    graph = helper.make_graph(nodes, "loans", inputs, [output], initial)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 8
    onnx.save(made, str(path))


async def main() -> None:
    rows = [line.split(",") for line in Path(sys.argv[1]).read_text().split()]
    ages, prices = [float(age) for age, _ in rows], [float(price) for _, price in rows]
    took: dict[str, Any] = {"rows": len(rows)}
    os.chdir(tempfile.mkdtemp())
    filtered = sys.argv[2] == "filter"
    model(len(rows), sys.argv[2], Path("m.onnx"))
    Path("in.json").write_text(json.dumps({"input_data": [ages, prices] if filtered else [prices]}))
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility, arguments.output_visibility, arguments.param_visibility = (
        "private",
        "public",
        "fixed",
    )
    arguments.input_scale = 1 if filtered else 0
    arguments.param_scale = 1 if filtered else 0
    # The smallest that holds ezkl's own tables, for few rows; its calibration finds no setting for such sums.
    arguments.logrows = 15 if len(rows) <= 1000 else 17

    async def run(function: Any, *given: Any, **named: Any) -> Any:
        result = function(*given, **named)
        return await result if inspect.isawaitable(result) else result

    begun = time.perf_counter()
    await run(ezkl.gen_settings, "m.onnx", "s.json", py_run_args=arguments)
    await run(ezkl.compile_circuit, "m.onnx", "m.ezkl", "s.json")
    took["compile"] = time.perf_counter() - begun
    logrows = json.loads(Path("s.json").read_text())["run_args"]["logrows"]
    took["logrows"] = logrows
    begun = time.perf_counter()
    ezkl.gen_srs("srs", logrows)
    await run(ezkl.setup, "m.ezkl", "vk", "pk", srs_path="srs")
    took["setup"] = time.perf_counter() - begun
    await run(ezkl.gen_witness, "in.json", "m.ezkl", "w.json")
    begun = time.perf_counter()
    await run(ezkl.prove, "w.json", "m.ezkl", "pk", "proof.json", srs_path="srs")
    took["prove"] = time.perf_counter() - begun
    begun = time.perf_counter()
    assert await run(ezkl.verify, "proof.json", "s.json", "vk", srs_path="srs")
    took["verify"] = time.perf_counter() - begun
    proof = json.loads(Path("proof.json").read_text())
    took["bytes"] = len(bytes.fromhex(proof["hex_proof"].removeprefix("0x")))
    shown = proof["pretty_public_inputs"]["rescaled_outputs"]
    took["shown"] = shown
    took["true"] = sum(price for age, price in zip(ages, prices, strict=True) if not filtered or age >= 18)
    print(json.dumps(took))


asyncio.run(main())
