//! Phases of commitment and proof for a sum, a shuffle and a filter, or for programs that
//! `benchmarks/export_programs.py` wrote.
//!
//! `cargo run --release --example bench_proofs [ROWS] [FOLDER OF THE SET-UP]`
//! `cargo run --release --example bench_proofs PROGRAM_FOLDER...`

#![recursion_limit = "512"]

use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zkp_engine::encoding::scalar_from_le_bytes;
use zkp_engine::srs::monomials_needed;
use zkp_engine::transcript::Instance;
use zkp_engine::{
    commit, prove, verify, Cells, Column, Program, Srs, Task, VerificationKey, Witness,
};

const INSTANCE: Instance = Instance {
    context: b"bench",
    statement: b"{}",
    part: 0,
};

fn mix(i: u64) -> u64 {
    let x = (i ^ (i >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (x >> 32)
}

fn seconds(d: Duration) -> String {
    format!("{:8.3} s", d.as_secs_f64())
}

fn commitment(t: &str, c: usize, depth: usize, rows: usize) -> Value {
    json!({"dataset": t, "column": c, "part": "value", "depth": depth, "rows": rows})
}

fn mask(depth: usize, rows: usize) -> Value {
    json!({"kind": "mask", "depth": depth, "rows": rows})
}

struct Case {
    name: String,
    program: Value,
    columns: Vec<Column>,
    aux: Vec<Column>,
}

fn sum(depth: usize, rows: usize) -> Case {
    let cells: Vec<i64> = (0..rows)
        .map(|m| (mix(m as u64) % 1_000_000) as i64)
        .collect();
    let total: i64 = cells.iter().sum();
    Case {
        name: "sum".into(),
        program: json!({
            "version": 1, "depth": depth, "commitments": [commitment("a", 0, depth, rows)],
            "public": [mask(depth, rows)], "challenges": [],
            "nodes": [["c", "1"], ["op", 0], ["c", total.to_string()]],
            "operands": [{"label": "x", "terms": [[0, 0]]}],
            "aux": [], "helpers": [], "constraints": [], "sums": [{"mask": 0, "expr": 1, "value": 2}],
        }),
        columns: vec![Column::new(Cells::I64(cells)).unwrap()],
        aux: vec![],
    }
}

fn shuffle(depth: usize, rows: usize) -> Case {
    let a: Vec<i64> = (0..rows).map(|m| mix(m as u64) as i32 as i64).collect();
    let b: Vec<i64> = a.iter().rev().copied().collect();
    Case {
        name: "shuffle".into(),
        program: json!({
            "version": 1, "depth": depth,
            "commitments": [commitment("a", 0, depth, rows), commitment("b", 0, depth, rows)],
            "public": [mask(depth, rows), mask(depth, (depth - 3) * 1024)], "challenges": ["gamma"],
            "nodes": [
                ["c", "1"], ["c", "0"], ["ch", 0], ["op", 0], ["op", 1], ["h", 0], ["pub", 0], ["pub", 1],
                ["+", 2, 3], ["+", 2, 4], ["*", 8, 9], ["*", 5, 10], ["-", 4, 3], ["*", 6, 12],
                ["-", 11, 13], ["*", 14, 7], ["-", 1, 6]],
            "operands": [{"label": "a", "terms": [[0, 0]]}, {"label": "b", "terms": [[0, 1]]}],
            "aux": [], "helpers": [{"label": "h", "fractions": [[6, 8], [16, 9]]}],
            "constraints": [14], "sums": [{"mask": 1, "expr": 5, "value": 1}],
        }),
        columns: [a, b].map(|c| Column::new(Cells::I64(c)).unwrap()).into(),
        aux: vec![],
    }
}

/// Rows with `x < 2^31`: keep, two limbs of the distance to the bound, multiplicities.
fn filter(depth: usize, rows: usize) -> Case {
    let x: Vec<u64> = (0..rows).map(|m| mix(m as u64) & 0xffff_ffff).collect();
    let keep: Vec<u8> = x.iter().map(|x| u8::from(*x < 1 << 31)).collect();
    let kept: Vec<u64> = x.iter().filter(|x| **x < 1 << 31).copied().collect();
    let n = kept.len();
    let distance = |x: u64| {
        if x < 1 << 31 {
            (1 << 31) - 1 - x
        } else {
            x - (1 << 31)
        }
    };
    let high: Vec<u16> = x.iter().map(|x| (distance(*x) >> 16) as u16).collect();
    let mut counts = vec![0u64; 1 << 16];
    for x in &x {
        counts[(distance(*x) >> 16) as usize] += 1;
        counts[(distance(*x) & 0xffff) as usize] += 1;
    }
    let half = (1u64 << 31).to_string();
    let below = ((1u64 << 31) - 1).to_string();
    Case {
        name: "filter".into(),
        program: json!({
            "version": 1, "depth": depth,
            "commitments": [commitment("a", 0, depth, rows), commitment("b", 0, depth, n)],
            "public": [
                mask(depth, rows), mask(depth, n), mask(depth, 1 << 16),
                {"kind": "index", "depth": depth, "rows": 1 << 16}, mask(depth, (depth - 3) * 1024)],
            "challenges": ["gamma", "range"],
            "nodes": [
                ["op", 0], ["op", 1], ["aux", 0], ["aux", 1], ["aux", 2], ["h", 0],        // 0..5: a b keep high counts h
                ["pub", 0], ["pub", 1], ["pub", 2], ["pub", 3], ["pub", 4],                // 6..10
                ["ch", 0], ["ch", 1], ["c", "0"], ["c", "1"], ["c", "65536"], ["c", half], ["c", below], // 11..17
                ["+", 11, 0], ["+", 11, 1], ["*", 2, 6], ["-", 13, 7],                     // 18 19 dens, 20 keep mask, 21 -mask b
                ["-", 17, 0], ["-", 0, 16], ["*", 2, 22], ["-", 14, 2], ["*", 25, 23], ["+", 24, 26], // 27: distance
                ["*", 3, 15], ["-", 27, 28],                                               // 29: low limb
                ["+", 12, 3], ["+", 12, 29], ["+", 12, 9],                                 // 30 31 32: dens
                ["*", 4, 8], ["-", 13, 33],                                                // 34: -counts
                // h * d0 d1 d2 d3 d4 - sum of numerators times the other denominators
                ["*", 18, 19], ["*", 30, 31], ["*", 36, 32], ["*", 35, 37], ["*", 5, 38],  // 39
                ["*", 20, 19], ["*", 21, 18], ["+", 40, 41], ["*", 42, 37],                // 43
                ["+", 30, 31], ["*", 44, 32], ["*", 45, 6], ["*", 34, 36], ["+", 46, 47], ["*", 48, 35], // 49
                ["-", 39, 43], ["-", 50, 49],                                              // 51
                ["-", 2, 14], ["*", 20, 52],                                               // 53: boolean
                ["c", n.to_string()]
            ],
            "operands": [{"label": "a", "terms": [[14, 0]]}, {"label": "b", "terms": [[14, 1]]}],
            "aux": [
                {"label": "keep", "depth": depth, "rows": rows}, {"label": "high", "depth": depth, "rows": rows},
                {"label": "counts", "depth": depth, "rows": 1 << 16}],
            "helpers": [{"label": "h", "fractions": [[20, 18], [21, 19], [6, 30], [6, 31], [34, 32]]}],
            "constraints": [51, 53],
            "sums": [{"mask": 4, "expr": 5, "value": 13}, {"mask": 0, "expr": 2, "value": 54}],
        }),
        columns: [x, kept]
            .map(|c| Column::new(Cells::U64(c)).unwrap())
            .into(),
        aux: [Cells::Bool(keep), Cells::U16(high), Cells::U64(counts)]
            .map(|c| Column::new(c).unwrap())
            .into(),
    }
}

/// A program and its cells, see `benchmarks/export_programs.py`.
fn exported(folder: &Path) -> Case {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    let parse = |name: &str| -> Value { serde_json::from_slice(&read(name)).unwrap() };
    let types = parse("columns.json");
    let columns = |what: &str, file: &str| -> Vec<Column> {
        let types = types[what].as_array().unwrap().iter().enumerate();
        let column = types.map(|(k, kind)| {
            let bytes = read(&format!("{file}{k}"));
            Column::new(cells(kind.as_str().unwrap(), &bytes)).unwrap()
        });
        column.collect()
    };
    Case {
        name: folder.display().to_string(),
        program: parse("program.json"),
        columns: columns("columns", "column"),
        aux: columns("aux", "aux"),
    }
}

fn cells(kind: &str, bytes: &[u8]) -> Cells {
    fn all<const N: usize, T>(bytes: &[u8], of: impl Fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks().0.iter().map(|b| of(*b)).collect()
    }
    match kind {
        "int64" => Cells::I64(all(bytes, i64::from_le_bytes)),
        "uint64" => Cells::U64(all(bytes, u64::from_le_bytes)),
        "uint16" => Cells::U16(all(bytes, u16::from_le_bytes)),
        "bool" => Cells::Bool(bytes.to_vec()),
        _ => Cells::Field(all(bytes, |b| scalar_from_le_bytes(&b).unwrap())),
    }
}

/// User and system time of all threads of this process so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2);
    Duration::from_millis(10 * ticks.map(|t| t.parse().unwrap_or(0)).sum::<u64>())
}

fn run(srs: &Srs, case: &Case) {
    println!("\n{}", case.name);
    let names: Vec<Vec<u8>> = (0..case.columns.len() as u32)
        .map(|i| [&i.to_be_bytes()[..], b"value"].concat())
        .collect();
    let labels: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let columns: Vec<&Column> = case.columns.iter().collect();
    let program = Program::parse(&serde_json::to_vec(&case.program).unwrap()).unwrap();
    srs.grid(program.depth, &Task::default()).unwrap();
    srs.monomials(monomials_needed(program.depth), &Task::default())
        .unwrap();
    let start = Instant::now();
    let commitments: Vec<[u8; 32]> = (0..columns.len())
        .map(|c| {
            let depth = program.commitments[c].depth;
            let (column, label) = (&columns[c..=c], &labels[c..=c]);
            commit(srs, depth, column, label, &[1; 32], &Task::default()).unwrap()[0]
        })
        .collect();
    println!(
        "  commit {} columns   {}",
        columns.len(),
        seconds(start.elapsed())
    );
    let witness = Witness {
        columns: &columns,
        labels: &labels,
        seeds: &vec![[1; 32]; columns.len()],
        aux: &case.aux.iter().collect::<Vec<_>>(),
    };
    let rounds: usize = std::env::var("ROUNDS").map_or(2, |n| n.parse().unwrap());
    for round in 1..=rounds {
        let task = Task::default();
        let (start, before) = (Instant::now(), cpu());
        let proof = prove(srs, &program, &INSTANCE, &witness, &task).unwrap();
        let total = start.elapsed();
        println!(
            "  prove ({round})            {}  {} of the processors, depth {}, {} bytes",
            seconds(total),
            seconds(cpu() - before).trim_start(),
            program.depth,
            proof.len()
        );
        for (name, time) in task.phases() {
            println!("    {name:<18} {}", seconds(time));
        }
        let key = VerificationKey::parse(srs.key().bytes()).unwrap();
        verify(&key, &program, &INSTANCE, &commitments, &proof).unwrap();
        let start = Instant::now();
        verify(&key, &program, &INSTANCE, &commitments, &proof).unwrap();
        println!("  verify               {}", seconds(start.elapsed()));
    }
}

fn main() {
    println!("kernels {}", zkp_kernels::detect().name());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_program = |name: &String| Path::new(name).join("program.json").exists();
    if arguments.first().is_some_and(is_program) {
        let srs = Srs::dev(&std::env::temp_dir()).unwrap();
        for folder in &arguments {
            run(&srs, &exported(Path::new(folder)));
        }
        return;
    }
    let rows: usize = arguments.first().map_or(1_000_000, |n| n.parse().unwrap());
    let folder = arguments
        .get(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let depth_of = |rows: usize| (rows.div_ceil(1024) + 3).next_power_of_two();
    // The filter's range check needs 65,536 rows.
    let (depth, filter_depth) = (depth_of(rows), depth_of(rows.max(1 << 16)));
    let srs = Srs::dev(&folder).unwrap();
    println!("{rows} rows, depth {depth}");
    run(&srs, &sum(depth, rows));
    run(&srs, &shuffle(depth, rows));
    run(&srs, &filter(filter_depth, rows));
}
