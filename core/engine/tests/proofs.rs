//! Random programs on small grids, proven and verified.

use ark_ff::{BigInteger, Field, PrimeField, UniformRand};
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use serde_json::{json, Value};
use std::path::PathBuf;
use std::sync::OnceLock;
use zkp_engine::transcript::Instance;
use zkp_engine::{commit, prove, verify, verify_all};
use zkp_engine::{Cells, Claim, Column, Error, Program, Srs, Task, Witness};
use zkp_kernels::Fr;

fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("srs");
        Srs::dev(&folder).unwrap()
    })
}

fn decimal(x: Fr) -> String {
    let mut words = x.into_bigint().to_bytes_be();
    let mut digits = Vec::new();
    while words.iter().any(|b| *b != 0) {
        let mut rest = 0u32;
        for b in &mut words {
            let v = rest * 256 + u32::from(*b);
            (*b, rest) = ((v / 10) as u8, v % 10);
        }
        digits.push(b'0' + rest as u8);
    }
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    if digits.is_empty() {
        digits.push(b'0');
    }
    digits.reverse();
    String::from_utf8(digits).unwrap()
}

/// A program under construction and the data it is about.
struct Case {
    program: Value,
    columns: Vec<Column>,
    aux: Vec<Column>,
}

const INSTANCE: Instance = Instance {
    context: b"ledger",
    statement: b"{\"kind\":\"test\"}",
    part: 3,
};

impl Case {
    fn labels(&self) -> Vec<Vec<u8>> {
        (0..self.columns.len() as u32)
            .map(|i| [&i.to_be_bytes()[..], b"value"].concat())
            .collect()
    }

    fn commitments(&self) -> Vec<[u8; 32]> {
        let labels = self.labels();
        let extents = self.program["commitments"].as_array().unwrap();
        let mut out = Vec::new();
        for (i, e) in extents.iter().enumerate() {
            let depth = e["depth"].as_u64().unwrap() as usize;
            let c = commit(
                srs(),
                depth,
                &[&self.columns[i]],
                &[&labels[i]],
                &[i as u8; 32],
                &Task::default(),
            );
            out.push(c.unwrap()[0]);
        }
        out
    }

    fn parsed(&self) -> Program {
        Program::parse(&serde_json::to_vec(&self.program).unwrap()).unwrap()
    }

    fn prove(&self) -> Result<Vec<u8>, Error> {
        let labels = self.labels();
        let seeds: Vec<[u8; 32]> = (0..self.columns.len()).map(|i| [i as u8; 32]).collect();
        let witness = Witness {
            columns: &self.columns.iter().collect::<Vec<_>>(),
            labels: &labels.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            seeds: &seeds,
            aux: &self.aux.iter().collect::<Vec<_>>(),
        };
        let task = Task::default();
        let proof = prove(srs(), &self.parsed(), &INSTANCE, &witness, &task)?;
        let (done, total) = task.progress();
        assert!(done == total && total > 0, "{done} of {total}");
        Ok(proof)
    }

    fn verify(&self, proof: &[u8]) -> Result<(), Error> {
        verify(
            srs().key(),
            &self.parsed(),
            &INSTANCE,
            &self.commitments(),
            proof,
        )
    }

    fn holds(&self) {
        let proof = self
            .prove()
            .unwrap_or_else(|e| panic!("{e}: {}", self.program));
        if let Err(e) = self.verify(&proof) {
            panic!("{e}: {}", self.program);
        }
    }

    fn is_false(&self) {
        assert!(
            matches!(self.prove(), Err(Error::StatementFalse(_))),
            "{}",
            self.program
        );
    }
}

fn random_cells(rng: &mut StdRng, rows: usize) -> Cells {
    match rng.gen_range(0..5) {
        0 => Cells::I64((0..rows).map(|_| rng.gen()).collect()),
        1 => Cells::U64((0..rows).map(|_| rng.gen()).collect()),
        2 => Cells::Bool((0..rows).map(|_| rng.gen_range(0..2)).collect()),
        3 => Cells::U16((0..rows).map(|_| rng.gen()).collect()),
        _ => Cells::Field((0..rows).map(|_| Fr::rand(rng)).collect()),
    }
}

fn value(cells: &Cells, row: usize) -> Fr {
    let mut out = [Fr::from(0u64)];
    cells.add_scaled(row..row + 1, Fr::ONE, &mut out);
    out[0]
}

fn rows_for(rng: &mut StdRng, depth: usize) -> usize {
    let most = (depth - 3) * 1024;
    match rng.gen_range(0..4) {
        0 => most,
        1 => (depth - 3) * rng.gen_range(1..1024),
        2 => rng.gen_range(0..most.min(20)),
        _ => rng.gen_range(0..=most),
    }
}

/// Sums of powers of one column: `sum mask x^k` for `k = 1..=degree`.
fn powers_case(rng: &mut StdRng, own: usize, depth: usize, degree: usize) -> Case {
    let rows = rows_for(rng, own);
    let cells = random_cells(rng, rows);
    let mut nodes = vec![json!(["op", 0]), json!(["c", "1"])];
    let mut sums = Vec::new();
    let mut last = 0;
    for k in 1..=degree {
        if k > 1 {
            nodes.push(json!(["*", last, 0]));
            last = nodes.len() - 1;
        }
        let total: Fr = (0..rows).map(|m| value(&cells, m).pow([k as u64])).sum();
        nodes.push(json!(["c", decimal(total)]));
        sums.push(json!({"mask": 0, "expr": last, "value": nodes.len() - 1}));
    }
    Case {
        program: json!({
            "version": 1, "depth": depth,
            "commitments": [{"dataset": "d", "column": 0, "part": "value", "depth": own, "rows": rows}],
            "public": [{"kind": "mask", "depth": own, "rows": rows}],
            "challenges": [], "nodes": nodes,
            "operands": [{"label": "x", "terms": [[1, 0]]}],
            "aux": [], "helpers": [], "constraints": [], "sums": sums,
        }),
        columns: vec![Column::new(cells).unwrap()],
        aux: vec![],
    }
}

/// A filter: the rows of a table of depth `da` with `keep` are those of one of depth `db`, in
/// another order, by fingerprints of two columns; `keep` is boolean; `keep` tells whether the
/// row's index times a factor is what an aux column says.
fn filter_case(rng: &mut StdRng, da: usize, db: usize, depth: usize) -> Case {
    let rows = rows_for(rng, da).min((db - 3) * 1024);
    let a: Vec<Cells> = (0..2).map(|_| random_cells(rng, rows)).collect();
    let keep: Vec<u8> = (0..rows).map(|_| rng.gen_range(0..2)).collect();
    let mut kept: Vec<usize> = (0..rows).filter(|m| keep[*m] == 1).collect();
    for i in (1..kept.len()).rev() {
        kept.swap(i, rng.gen_range(0..=i));
    }
    let b = (0..2).map(|c| Cells::Field(kept.iter().map(|m| value(&a[c], *m)).collect()));
    let marks = Cells::U64(
        (0..rows)
            .map(|m| m as u64 * 7 * u64::from(keep[m]))
            .collect(),
    );
    let columns: Vec<Cells> = a.iter().cloned().chain(b).collect();
    let n = kept.len();
    let commitment = |t: &str, c: usize, depth: usize, rows: usize| json!({"dataset": t, "column": c, "part": "value", "depth": depth, "rows": rows});
    Case {
        program: json!({
            "version": 1, "depth": depth,
            "commitments": [commitment("a", 0, da, rows), commitment("a", 1, da, rows), commitment("b", 0, db, n), commitment("b", 1, db, n)],
            "public": [
                {"kind": "mask", "depth": da, "rows": rows}, {"kind": "mask", "depth": db, "rows": n},
                {"kind": "index", "depth": da, "rows": rows}, {"kind": "mask", "depth": depth, "rows": (depth - 3) * 1024}],
            "challenges": ["alpha", "gamma"],
            "nodes": [
                ["c", "1"], ["ch", 0], ["ch", 1], ["op", 0], ["op", 1], ["aux", 0], ["aux", 1], ["h", 0],
                ["pub", 0], ["pub", 1], ["pub", 2], ["pub", 3],
                ["+", 2, 3], ["+", 2, 4],       // 12, 13: denominators
                ["*", 5, 8], ["-", 9, 9], ["-", 15, 9],      // 14: keep mask, 16: -mask_b
                ["*", 12, 13], ["*", 7, 17], ["*", 14, 13], ["*", 9, 12], ["-", 19, 20], ["-", 18, 21],   // 22
                ["-", 5, 0], ["*", 14, 23],                  // 24: boolean
                ["c", "7"], ["*", 10, 25], ["*", 26, 5], ["-", 6, 27], ["*", 28, 8],  // 29: marks
                ["c", "0"], ["c", n.to_string()], ["-", 0, 5], ["*", 14, 32], ["inv", 1], ["*", 34, 33],  // 35: boolean again
                ["*", 22, 11]
            ],
            "operands": [
                {"label": "a", "terms": [[0, 0], [1, 1]]},
                {"label": "b", "terms": [[0, 2], [1, 3]]}],
            "aux": [{"label": "keep", "depth": da, "rows": rows}, {"label": "marks", "depth": da, "rows": rows}],
            "helpers": [{"label": "h", "fractions": [[14, 12], [16, 13]]}],
            "constraints": [36, 24, 29, 35],
            "sums": [{"mask": 3, "expr": 7, "value": 30}, {"mask": 0, "expr": 5, "value": 31}],
        }),
        columns: columns
            .into_iter()
            .map(|c| Column::new(c).unwrap())
            .collect(),
        aux: vec![
            Column::new(Cells::Bool(keep)).unwrap(),
            Column::new(marks).unwrap(),
        ],
    }
}

#[test]
fn sums_of_powers_are_proven() {
    let mut rng = StdRng::seed_from_u64(1);
    for (own, depth) in [(4, 4), (8, 8), (4, 16), (8, 64), (64, 64)] {
        for degree in [1, 2, 3, 15] {
            powers_case(&mut rng, own, depth, degree).holds();
        }
    }
}

#[test]
fn a_wrong_sum_is_no_proof() {
    let mut case = powers_case(&mut StdRng::seed_from_u64(2), 8, 16, 2);
    case.program["nodes"][2][1] = json!("123456");
    case.is_false();
}

#[test]
fn filters_between_tables_of_different_depth_are_proven() {
    let mut rng = StdRng::seed_from_u64(3);
    for (da, db, depth) in [
        (4, 4, 4),
        (8, 4, 8),
        (8, 16, 16),
        (4, 8, 64),
        (64, 8, 64),
        (64, 64, 128),
    ] {
        for _ in 0..3 {
            filter_case(&mut rng, da, db, depth).holds();
        }
    }
}

#[test]
fn constraints_of_every_degree_are_proven() {
    let mut rng = StdRng::seed_from_u64(4);
    for degree in 1..=15usize {
        for depth in [4, 16] {
            let mut case = powers_case(&mut rng, depth, depth, 1);
            let nodes = case.program["nodes"].as_array_mut().unwrap();
            // x - x, to the given degree: 1: x - x; 2: (x - x) * x; ..
            nodes.push(json!(["-", 0, 0]));
            for _ in 1..degree {
                nodes.push(json!(["*", nodes.len() - 1, 0]));
            }
            let last = nodes.len() - 1;
            case.program["constraints"] = json!([last]);
            case.holds();
            if case.columns[0].rows() > 0 {
                // The same without the subtraction is false wherever a cell is not zero.
                let nodes = case.program["nodes"].as_array_mut().unwrap();
                nodes[last + 1 - degree] = json!(["*", 0, 1]);
                let cells = &case.columns[0].cells;
                if (0..case.columns[0].rows()).any(|m| value(cells, m) != Fr::from(0u64)) {
                    case.is_false();
                }
            }
        }
    }
}

/// Columns that end at a row: a helper, a boolean to a power, and sums over all data cells of the
/// grid, where cells beyond the rows count as well.
fn short_case(rng: &mut StdRng, own: usize, depth: usize, rows: usize, degree: usize) -> Case {
    let cells = random_cells(rng, rows);
    let bits: Vec<u8> = (0..rows).map(|_| rng.gen_range(0..2)).collect();
    let others = (depth - 3) * 1024 - rows;
    let mut nodes = vec![
        json!(["op", 0]),
        json!(["aux", 0]),
        json!(["h", 0]),
        json!(["pub", 0]),
        json!(["pub", 1]),
        json!(["ch", 0]),
        json!(["c", "1"]),
        json!(["c", "5"]),
        json!(["+", 5, 0]),  // 8: the denominator
        json!(["*", 2, 8]),  // 9
        json!(["-", 9, 3]),  // 10: the helper is the fraction
        json!(["*", 4, 10]), // 11: the same, masked
        json!(["-", 1, 6]),  // 12
        json!(["*", 1, 12]), // 13: boolean
        json!(["+", 1, 7]),  // 14
    ];
    let mut push = |node: Value| {
        nodes.push(node);
        nodes.len() - 1
    };
    let mut power = 13;
    for _ in 2..degree {
        power = push(json!(["*", power, 8]));
    }
    let mut sums = Vec::new();
    let mut expression = 14;
    for k in 1..=3u64 {
        if k > 1 {
            expression = push(json!(["*", expression, 14]));
        }
        let of = |bit: u64| Fr::from(5 + bit).pow([k]);
        let of_rows: Fr = bits.iter().map(|b| of(u64::from(*b))).sum();
        let total = decimal(of_rows + of(0) * Fr::from(others as u64));
        let value = push(json!(["c", total]));
        sums.push(json!({"mask": 1, "expr": expression, "value": value}));
    }
    Case {
        program: json!({
            "version": 1, "depth": depth,
            "commitments": [{"dataset": "d", "column": 0, "part": "value", "depth": own, "rows": rows}],
            "public": [
                {"kind": "mask", "depth": own, "rows": rows},
                {"kind": "mask", "depth": depth, "rows": (depth - 3) * 1024}],
            "challenges": ["gamma"], "nodes": nodes,
            "operands": [{"label": "x", "terms": [[6, 0]]}],
            "aux": [{"label": "bit", "depth": own, "rows": rows}],
            "helpers": [{"label": "h", "fractions": [[3, 8]]}],
            "constraints": [10, 11, power], "sums": sums,
        }),
        columns: vec![Column::new(cells).unwrap()],
        aux: vec![Column::new(Cells::Bool(bits)).unwrap()],
    }
}

#[test]
fn lanes_without_rows_are_proven_like_others() {
    let mut rng = StdRng::seed_from_u64(11);
    for (own, depth) in [
        (4, 4),
        (4, 8),
        (8, 16),
        (16, 16),
        (4, 64),
        (32, 64),
        (64, 64),
    ] {
        let data = own - 3;
        let all = 1024 * data;
        for rows in [0, 1, data, data + 1, all / 2 - data / 2, all - data, all] {
            let degree = rng.gen_range(2..16);
            short_case(&mut rng, own, depth, rows, degree).holds();
        }
        // The numerator of the helper is one on all lanes.
        let mut case = short_case(&mut rng, own, depth, 2 * data, 2);
        case.program["helpers"] = json!([{"label": "h", "fractions": [[4, 8]]}]);
        case.program["nodes"][10] = json!(["-", 9, 4]);
        case.holds();
    }
}

/// Fractions of lanes of more than 1,024 cells are computed in parts.
#[test]
fn long_lanes_are_proven() {
    let mut rng = StdRng::seed_from_u64(13);
    short_case(&mut rng, 1024, 2048, 600 * 1021 + 7, 4).holds();
    short_case(&mut rng, 2048, 2048, 300 * 2045 + 1500, 4).holds();
}

#[test]
fn what_is_wrong_on_lanes_without_rows_alone_is_found() {
    let mut rng = StdRng::seed_from_u64(12);
    for depth in [4, 16, 64] {
        let rows = 5 * (depth - 3);
        let mut case = short_case(&mut rng, depth, depth, rows, 3);
        // Five lanes hold rows; the two masks differ beyond.
        let nodes = case.program["nodes"].as_array_mut().unwrap();
        nodes.push(json!(["-", 4, 3]));
        let last = nodes.len() - 1;
        let constraints = case.program["constraints"].as_array_mut().unwrap();
        constraints.push(json!(last));
        match case.prove() {
            Err(Error::StatementFalse(why)) => {
                let found = "constraint 3 does not hold at lane 5, position 0";
                assert!(why.contains(found), "{why}");
            }
            other => panic!("{:?}", other.is_ok()),
        }
        // A sum that leaves out the cells of the last lane.
        let mut case = short_case(&mut rng, depth, depth, rows, 3);
        let sum = &case.program["sums"][0]["value"];
        let value = sum.as_u64().unwrap() as usize;
        let less = (5 * (depth - 3) * 1023).to_string();
        case.program["nodes"][value][1] = json!(less);
        case.is_false();
    }
}

#[test]
fn a_proof_without_sums_or_without_constraints_of_columns() {
    let mut case = powers_case(&mut StdRng::seed_from_u64(5), 8, 8, 1);
    case.program["sums"] = json!([]);
    case.holds();
    case.program["nodes"]
        .as_array_mut()
        .unwrap()
        .push(json!(["-", 1, 1]));
    case.program["constraints"] = json!([3]);
    case.holds();
}

#[test]
fn false_cells_name_the_constraint() {
    let mut case = filter_case(&mut StdRng::seed_from_u64(6), 8, 8, 8);
    let Cells::Bool(keep) = &mut case.aux[0].cells else {
        panic!()
    };
    keep[0] = 1 - keep[0];
    match case.prove() {
        Err(Error::StatementFalse(why)) => assert!(why.contains("sum"), "{why}"),
        other => panic!("{:?}", other.is_ok()),
    }
    let mut case = filter_case(&mut StdRng::seed_from_u64(6), 8, 8, 8);
    let Cells::U64(marks) = &mut case.aux[1].cells else {
        panic!()
    };
    marks[1] += 1;
    match case.prove() {
        Err(Error::StatementFalse(why)) => {
            assert!(
                why.contains("constraint 2 does not hold at lane 0, position 1"),
                "{why}"
            )
        }
        other => panic!("{:?}", other.is_ok()),
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    let case = filter_case(&mut StdRng::seed_from_u64(7), 4, 4, 4);
    let proof = case.prove().unwrap();
    let (program, commitments) = (case.parsed(), case.commitments());
    let check = |proof: &[u8], instance: &Instance, commitments: &[[u8; 32]]| {
        verify(srs().key(), &program, instance, commitments, proof)
    };
    check(&proof, &INSTANCE, &commitments).unwrap();
    for i in 0..proof.len() {
        for bit in [1, 0x80] {
            let mut wrong = proof.clone();
            wrong[i] ^= bit;
            let verdict = check(&wrong, &INSTANCE, &commitments);
            assert!(matches!(verdict, Err(Error::Rejected(_))), "byte {i}");
        }
    }
    for wrong in [&proof[1..], &proof[..0], &[&proof[..], &[0]].concat()] {
        assert!(matches!(
            check(wrong, &INSTANCE, &commitments),
            Err(Error::Rejected(_))
        ));
    }
    let others = [
        Instance {
            context: b"another",
            ..INSTANCE
        },
        Instance {
            statement: b"{}",
            ..INSTANCE
        },
        Instance {
            part: 0,
            ..INSTANCE
        },
    ];
    for other in others {
        assert!(matches!(
            check(&proof, &other, &commitments),
            Err(Error::Rejected(_))
        ));
    }
    let mut swapped = commitments.clone();
    swapped.swap(0, 1);
    assert!(matches!(
        check(&proof, &INSTANCE, &swapped),
        Err(Error::Rejected(_))
    ));
    assert!(matches!(
        check(&proof, &INSTANCE, &swapped[1..]),
        Err(Error::Argument(_))
    ));
}

#[test]
fn several_proofs_are_verified_together() {
    let mut rng = StdRng::seed_from_u64(9);
    let cases = [(8, 4, 8), (4, 4, 4), (4, 4, 8)].map(|(a, b, c)| filter_case(&mut rng, a, b, c));
    let programs = cases.each_ref().map(Case::parsed);
    let commitments = cases.each_ref().map(Case::commitments);
    let proofs = cases.each_ref().map(|case| case.prove().unwrap());
    let check = |proofs: &[&Vec<u8>]| {
        let claims: Vec<Claim> = (programs.iter().zip(&commitments).zip(proofs))
            .map(|((program, commitments), proof)| Claim {
                program,
                instance: INSTANCE,
                commitments,
                proof,
            })
            .collect();
        verify_all(srs().key(), &claims)
    };
    let [a, b, c] = proofs.each_ref();
    for right in [&[][..], &[a], &[a, b], &[a, b, c]] {
        check(right).unwrap();
    }
    let (mut short, mut flipped) = (b.clone(), b.clone());
    short.pop();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    let mut scalar = b.clone();
    scalar[b.len() - 96] ^= 1;
    for wrong in [&short, &flipped, &scalar, a] {
        let alone = verify(srs().key(), &programs[1], &INSTANCE, &commitments[1], wrong);
        let (Err(Error::Rejected(alone)), Err(Error::Rejected(why))) =
            (alone, check(&[a, wrong, c]))
        else {
            panic!("a wrong proof among right ones is accepted");
        };
        assert_eq!(why, alone);
    }
}

#[test]
fn two_proofs_share_no_element() {
    let case = filter_case(&mut StdRng::seed_from_u64(8), 8, 4, 8);
    let (a, b) = (case.prove().unwrap(), case.prove().unwrap());
    for x in a.chunks(32) {
        assert!(b.chunks(32).all(|y| x != y));
    }
}

#[test]
fn commitments_hide_and_repeat_with_their_seed() {
    let column = Column::new(Cells::U16(vec![1, 2, 3])).unwrap();
    let task = Task::default();
    let make = |label: &[u8], seed: u8| {
        commit(srs(), 4, &[&column], &[label], &[seed; 32], &task).unwrap()[0]
    };
    assert_eq!(make(b"a", 1), make(b"a", 1));
    assert_ne!(make(b"a", 1), make(b"b", 1));
    assert_ne!(make(b"a", 1), make(b"a", 2));
    let again = commit(
        srs(),
        4,
        &[&column, &column],
        &[b"a", b"a"],
        &[1; 32],
        &task,
    );
    assert!(matches!(again, Err(Error::Argument(_))));
    let large = Column::new(Cells::U16(vec![1; 1025])).unwrap();
    assert!(matches!(
        commit(srs(), 4, &[&large], &[b"a"], &[1; 32], &task),
        Err(Error::Argument(_))
    ));
}

#[test]
fn cancelled_work_stops() {
    let case = powers_case(&mut StdRng::seed_from_u64(9), 64, 64, 2);
    let task = Task::default();
    task.cancel();
    let labels = case.labels();
    let witness = Witness {
        columns: &[&case.columns[0]],
        labels: &[&labels[0]],
        seeds: &[[0; 32]],
        aux: &[],
    };
    srs().grid(64, &Task::default()).unwrap();
    srs().monomials(16 * 1024, &Task::default()).unwrap();
    let result = prove(srs(), &case.parsed(), &INSTANCE, &witness, &task);
    assert!(matches!(result, Err(Error::Interrupted)));
}

#[test]
fn proofs_with_kept_depth_sums_verify() {
    let mut rng = StdRng::seed_from_u64(10);
    for depth in [4, 64] {
        let mut case = powers_case(&mut rng, depth, depth, 3);
        // Small cells, whose depth sums are computed on the way and then kept.
        let rows = case.columns[0].rows();
        case.columns[0] = Column::new(Cells::U16((0..rows).map(|_| rng.gen()).collect())).unwrap();
        let total = |k: u64| -> Fr {
            (0..rows)
                .map(|m| value(&case.columns[0].cells, m).pow([k]))
                .sum()
        };
        let totals: Vec<Value> = (1..=3).map(|k| json!(["c", decimal(total(k))])).collect();
        for (sum, total) in [2, 4, 6].into_iter().zip(totals) {
            case.program["nodes"][sum] = total;
        }
        let (first, again) = (case.prove().unwrap(), case.prove().unwrap());
        assert!(first.chunks(32).all(|x| again.chunks(32).all(|y| x != y)));
        case.verify(&first).unwrap();
        case.verify(&again).unwrap();
    }
}

#[test]
fn no_bytes_make_parser_or_verifier_panic() {
    let mut rng = StdRng::seed_from_u64(11);
    let case = filter_case(&mut rng, 4, 4, 4);
    let (json, commitments) = (
        serde_json::to_vec(&case.program).unwrap(),
        case.commitments(),
    );
    let proof = case.prove().unwrap();
    for round in 0..3000 {
        let mut mutated = json.clone();
        for _ in 0..rng.gen_range(1..4) {
            let i = rng.gen_range(0..mutated.len());
            match rng.gen_range(0..3) {
                0 => mutated[i] = rng.gen_range(b'0'..=b'9'),
                1 => mutated[i] = rng.gen(),
                _ => drop(mutated.remove(i)),
            }
        }
        let Ok(program) = Program::parse(&mutated) else {
            continue;
        };
        // Most that can still be read are other programs, whose proofs this is not.
        if program.commitments.len() == commitments.len() && round % 10 == 0 {
            let _ = verify(srs().key(), &program, &INSTANCE, &commitments, &proof);
        }
    }
    let program = case.parsed();
    for _ in 0..50 {
        let noise: Vec<u8> = (0..proof.len()).map(|_| rng.gen()).collect();
        let verdict = verify(srs().key(), &program, &INSTANCE, &commitments, &noise);
        assert!(matches!(verdict, Err(Error::Rejected(_))));
    }
}
