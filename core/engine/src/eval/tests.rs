//! Tapes of random programs against their values point by point.

use super::{at_point, Output, Registers, Root, Tape};
use crate::program::{Node, Program};
use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use zkp_kernels::{FieldPath, Fr, Path};

const COLUMNS: usize = 4;
const PUBLICS: usize = 3;
/// Elements of a vector.
const LENGTH: usize = 16;

fn program(nodes: Vec<Node>) -> Program {
    Program {
        depth: LENGTH,
        commitments: Vec::new(),
        publics: Vec::new(),
        challenges: vec!["c".into(), "d".into()],
        degrees: vec![0; nodes.len()],
        nodes,
        fractions: Vec::new(),
        operands: Vec::new(),
        aux: Vec::new(),
        helpers: Vec::new(),
        constraints: Vec::new(),
        sums: Vec::new(),
    }
}

/// Scalars, columns and public columns, some of them twice.
fn leaves() -> Vec<Node> {
    let scalars = [0, 1, -1, 1 << 16, -(1 << 48), i64::MAX, i64::MIN];
    let constants = scalars.map(|c| Node::Constant(Fr::from(c)));
    let challenges = [Node::Challenge(0), Node::Challenge(1), Node::Inv(7)];
    let columns = (0..COLUMNS).chain([0]).map(Node::Column);
    let publics = (0..PUBLICS).chain([1]).map(Node::Public);
    let all = constants.into_iter().chain(challenges);
    all.chain(columns).chain(publics).collect()
}

/// Any expressions.
fn random(rng: &mut StdRng) -> (Vec<Node>, Vec<usize>) {
    let mut nodes = leaves();
    for _ in 0..rng.gen_range(1..60) {
        let (a, b) = (rng.gen_range(0..nodes.len()), rng.gen_range(0..nodes.len()));
        let node = [Node::Add(a, b), Node::Sub(a, b), Node::Mul(a, b)];
        nodes.push(node[rng.gen_range(0..3)]);
    }
    let roots = (0..4).map(|_| rng.gen_range(0..nodes.len()));
    let roots = roots.chain([nodes.len() - 1]).collect();
    (nodes, roots)
}

/// The constraint of a helper, put together as statements do.
fn helper(rng: &mut StdRng) -> (Vec<Node>, Vec<usize>) {
    let mut nodes = leaves();
    let first = nodes.len() - COLUMNS - 1 - PUBLICS - 1;
    let any = |rng: &mut StdRng, nodes: &Vec<Node>| rng.gen_range(0..nodes.len());
    let mut push = |node: Node| {
        nodes.push(node);
        nodes.len() - 1
    };
    let leaf_count = leaves().len();
    let mut numerators = Vec::new();
    for _ in 0..3 {
        let (a, b) = (
            rng.gen_range(0..leaf_count),
            rng.gen_range(first..leaf_count),
        );
        numerators.extend([a, b, push(Node::Mul(a, b)), push(Node::Sub(0, b))]);
    }
    let mut fractions = Vec::new();
    for _ in 0..rng.gen_range(2..8) {
        let n = numerators[rng.gen_range(0..numerators.len())];
        let d = push(Node::Add(7, rng.gen_range(0..leaf_count)));
        fractions.push((n, d));
    }
    let (mut numerator, mut denominator) = fractions[0];
    for (n, d) in &fractions[1..] {
        let (left, right) = (
            push(Node::Mul(numerator, *d)),
            push(Node::Mul(*n, denominator)),
        );
        numerator = push(Node::Add(left, right));
        denominator = push(Node::Mul(denominator, *d));
    }
    let product = push(Node::Mul(first + 1, denominator));
    let root = push(Node::Sub(product, numerator));
    let roots = vec![root, any(rng, &nodes)];
    (nodes, roots)
}

fn check<P: FieldPath>(path: P, rng: &mut StdRng, (nodes, roots): (Vec<Node>, Vec<usize>)) {
    let program = program(nodes);
    let challenges = [Fr::rand(rng), Fr::rand(rng)];
    let scalars = program.scalars(&challenges).unwrap();
    let zero: Vec<bool> = (0..PUBLICS).map(|_| rng.gen()).collect();
    let mut vector = |zero: bool| -> Vec<Fr> {
        let value = || if zero { Fr::ZERO } else { Fr::rand(rng) };
        std::iter::repeat_with(value).take(LENGTH).collect()
    };
    let columns: Vec<Vec<Fr>> = (0..COLUMNS).map(|_| vector(false)).collect();
    let publics: Vec<Vec<Fr>> = zero.iter().map(|zero| vector(*zero)).collect();
    let packed = |x: &Vec<Fr>| {
        let mut out = vec![P::Pack::default(); LENGTH / P::WIDTH];
        path.load(&mut out, x);
        out
    };
    let packed_columns: Vec<_> = columns.iter().map(packed).collect();
    let packed_publics: Vec<_> = publics.iter().map(packed).collect();
    let slices = |of: &[Vec<P::Pack>], read: &[usize]| -> Vec<Vec<P::Pack>> {
        let one = |(k, v): (usize, &Vec<P::Pack>)| match read.contains(&k) {
            true => v.clone(),
            false => Vec::new(),
        };
        of.iter().enumerate().map(one).collect()
    };
    let packs = LENGTH / P::WIDTH;
    let run = |tape: &Tape| {
        // What the tape does not tell that it reads is not there.
        let (columns, publics) = (
            slices(&packed_columns, &tape.columns),
            slices(&packed_publics, &tape.publics),
        );
        let columns: Vec<&[P::Pack]> = columns.iter().map(Vec::as_slice).collect();
        let publics: Vec<&[P::Pack]> = publics.iter().map(Vec::as_slice).collect();
        let mut found = vec![None; roots.len()];
        let emit = |root: &Root, values: &[P::Pack]| {
            let mut out = vec![Fr::ZERO; LENGTH];
            path.store(&mut out, values);
            out.iter_mut().for_each(|v| *v *= root.scale);
            assert!(found[root.number].replace(out).is_none());
        };
        let registers = &mut Registers::default();
        tape.run(path, registers, packs, &columns, &publics, emit);
        found
    };
    let all = |degrees: &[Option<usize>]| (0..degrees.len()).collect::<Vec<_>>();
    let tape = Tape::new(&program, &scalars, &zero, &roots, all);
    assert!(tape.roots.iter().all(|root| root.scale == Fr::ONE));
    let alone = run(&tape);
    let factors: Vec<Fr> = roots.iter().map(|_| Fr::rand(rng)).collect();
    let terms = || factors.iter().copied().enumerate().collect();
    let sum = |_: &[Option<usize>]| vec![Output::Sum(terms())];
    let sum = run(&Tape::new(&program, &scalars, &zero, &roots, sum));
    for i in 0..LENGTH {
        let at = |of: &[Vec<Fr>]| -> Vec<Fr> { of.iter().map(|v| v[i]).collect() };
        let values = at_point(&program, &scalars, &at(&columns), &at(&publics));
        for (root, found) in roots.iter().zip(&alone) {
            assert_eq!(found.as_ref().map(|v| v[i]), Some(values[*root]));
        }
        let weighted = roots
            .iter()
            .zip(&factors)
            .map(|(root, c)| values[*root] * c);
        assert_eq!(sum[0].as_ref().map(|v| v[i]), Some(weighted.sum()));
    }
}

#[test]
fn tapes_compute_what_programs_say() {
    let rng = &mut StdRng::seed_from_u64(5);
    for round in 0..600 {
        let case = match round % 2 {
            0 => random(rng),
            _ => helper(rng),
        };
        for path in Path::available() {
            match path {
                Path::Portable(path) => check(path, rng, case.clone()),
                #[cfg(target_arch = "x86_64")]
                Path::Avx2(path) => check(path, rng, case.clone()),
                #[cfg(target_arch = "x86_64")]
                Path::Ifma(path) => check(path, rng, case.clone()),
            }
        }
    }
}

/// Constraints under one mask are multiplied by it once, and by their own factors as they are added.
#[test]
fn a_mask_is_multiplied_into_a_sum_once() {
    let mut nodes = vec![Node::Constant(Fr::ONE), Node::Public(0)];
    let mut roots = Vec::new();
    for k in 0..4 {
        let next = nodes.len();
        nodes.extend([
            Node::Column(k),
            Node::Sub(next, 0),
            Node::Mul(next, next + 1),
        ]);
        nodes.push(Node::Mul(1, next + 2));
        roots.push(next + 3);
    }
    let program = program(nodes);
    let scalars = program.scalars(&[Fr::ONE; 2]).unwrap();
    let sum = |_: &[Option<usize>]| {
        let factor = |k: usize| (k, Fr::from(k as u64 + 2).pow([90]));
        vec![Output::Sum((0..4).map(factor).collect())]
    };
    let tape = Tape::new(&program, &scalars, &[false], &roots, sum);
    assert_eq!(tape.products(), 5);
}

/// Of `n` fractions with one numerator the constraint takes two products each.
#[test]
fn a_common_numerator_is_multiplied_once() {
    let mut nodes = vec![Node::Challenge(0), Node::Public(0)];
    let n = 5;
    for k in 0..n {
        nodes.extend([Node::Column(k), Node::Add(0, 2 + 2 * k)]);
    }
    let (mut numerator, mut denominator) = (1, 3);
    for k in 1..n {
        let (d, next) = (3 + 2 * k, nodes.len());
        nodes.extend([Node::Mul(numerator, d), Node::Mul(1, denominator)]);
        nodes.extend([Node::Add(next, next + 1), Node::Mul(denominator, d)]);
        (numerator, denominator) = (next + 2, next + 3);
    }
    let next = nodes.len();
    nodes.extend([Node::Column(n), Node::Mul(next, denominator)]);
    nodes.push(Node::Sub(next + 1, numerator));
    let program = program(nodes);
    let scalars = program.scalars(&[Fr::ONE; 2]).unwrap();
    let roots = [program.nodes.len() - 1];
    let tape = Tape::new(&program, &scalars, &[false], &roots, |_| vec![0]);
    assert!(tape.products() <= 2 * n, "{} products", tape.products());
}
