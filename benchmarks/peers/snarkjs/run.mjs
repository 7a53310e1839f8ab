// snarkjs: `node run.mjs FILE.csv STATEMENT SYSTEM`, STATEMENT "sum" or "filter", SYSTEM "groth16" or "plonk".
// Compiles with circom2 (circom as WebAssembly). Prints one JSON object with times in seconds.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as snarkjs from "snarkjs";

const [file, statement, system] = process.argv.slice(2);
const rows = readFileSync(file, "utf8").trim().split("\n").map((line) => line.split(",").map(Number));
const kept = rows.filter(([age]) => statement !== "filter" || age >= 18);
const sum = kept.reduce((total, [, price]) => total + BigInt(price), 0n);
const n = rows.length;

// Every age below 2^7 and every price below 2^17, bit by bit; the sum, or the sum and number of the ages from 18 on.
const circuit = `pragma circom 2.1.0;
template Bits(n) {
    signal input in; signal output out[n];
    var total = 0;
    for (var i = 0; i < n; i++) {
        out[i] <-- (in >> i) & 1;
        out[i] * (out[i] - 1) === 0;
        total += out[i] * 2**i;
    }
    total === in;
}
template Loans(n) {
    signal input ages[n]; signal input prices[n];
    signal output sum; signal output rows;
    signal kept[n];
    component price[n]; component age[n]; component over[n];
    var total = 0; var count = 0;
    for (var i = 0; i < n; i++) {
        price[i] = Bits(17); price[i].in <== prices[i];
        age[i] = Bits(7); age[i].in <== ages[i];
        ${statement === "filter"
          ? "over[i] = Bits(8); over[i].in <== ages[i] + 110; kept[i] <== over[i].out[7] * prices[i]; count += over[i].out[7];"
          : "kept[i] <== prices[i]; count += 1;"}
        total += kept[i];
    }
    sum <== total; rows <== count;
}
component main = Loans(${n});
`;
const folder = mkdtempSync(join(tmpdir(), "peer-snarkjs-"));
const at = (name) => join(folder, name);
const took = { rows: n };
const clock = async (name, work) => {
  const begun = process.hrtime.bigint();
  const result = await work();
  took[name] = Number(process.hrtime.bigint() - begun) / 1e9;
  return result;
};
try {
  writeFileSync(at("loans.circom"), circuit);
  const circom = join(dirname(fileURLToPath(import.meta.url)), "node_modules", "circom2", "cli.js");
  await clock("compile", () =>
    execFileSync("node", [circom, "loans.circom", "--r1cs", "--wasm", "--O1"], { cwd: folder, stdio: "ignore" }));
  const { nConstraints, nVars } = await snarkjs.r1cs.info(at("loans.r1cs"));
  took.constraints = nConstraints;
  const curve = await snarkjs.curves?.getCurveFromName?.("bn128");
  const gates = system === "plonk" ? 4 * (nConstraints + nVars) : nConstraints + n;
  const power = Math.max(8, Math.ceil(Math.log2(gates)) + 1);
  await clock("setup", async () => {
    // A set-up of one party, without a beacon: it is timed, not trusted.
    await snarkjs.powersOfTau.newAccumulator(curve ?? (await import("ffjavascript").then((m) => m.buildBn128())), power, at("tau0"));
    await snarkjs.powersOfTau.contribute(at("tau0"), at("tau1"), "one", String(Math.random()));
    await snarkjs.powersOfTau.preparePhase2(at("tau1"), at("tau"));
    if (system === "plonk") await snarkjs.plonk.setup(at("loans.r1cs"), at("tau"), at("zkey"));
    else await snarkjs.zKey.newZKey(at("loans.r1cs"), at("tau"), at("zkey"));
  });
  const key = await snarkjs.zKey.exportVerificationKey(at("zkey"));
  const input = { ages: rows.map(([age]) => age), prices: rows.map(([, price]) => price) };
  const scheme = snarkjs[system];
  const { proof, publicSignals } = await clock("prove", () =>
    scheme.fullProve(input, at("loans_js/loans.wasm"), at("zkey")));
  const good = await clock("verify", () => scheme.verify(key, publicSignals, proof));
  if (!good || BigInt(publicSignals[0]) !== sum || Number(publicSignals[1]) !== kept.length) throw new Error("wrong");
  took.bytes = system === "plonk" ? 9 * 64 + 6 * 32 : 2 * 64 + 128;
  took.key_bytes = statSync(at("zkey")).size;
  console.log(JSON.stringify(took));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

process.exit(0);
