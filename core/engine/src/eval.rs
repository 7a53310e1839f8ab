//! Expressions compiled to slice operations.

use crate::program::{Node, Program};
use ark_ff::{AdditiveGroup, Field};
use zkp_kernels::{FieldPath, Fr};

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Register(usize),
    Column(usize),
    Public(usize),
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Add(usize, Source, Source),
    Sub(usize, Source, Source),
    Mul(usize, Source, Source),
    AddScalar(usize, Source, Fr),
    Scale(usize, Source, Fr),
    Fill(usize, Fr),
    /// Hands a root to the caller.
    Emit(usize, Source),
}

/// A list of slice operations that computes some nodes (roots) of a program. Roots are handed out
/// as soon as they are known, registers used again as soon as they are free.
pub struct Tape {
    ops: Vec<Op>,
    registers: usize,
    /// Columns and public columns that are read, rising.
    pub columns: Vec<usize>,
    pub publics: Vec<usize>,
}

impl Tape {
    /// Compiles the `roots` for lanes on which the public columns marked `zero` are zero;
    /// `scalars` are those of [`Program::scalars`].
    pub fn new(program: &Program, scalars: &[Option<Fr>], zero: &[bool], roots: &[usize]) -> Self {
        let folded = Folded::new(program, scalars, zero);
        let roots: Vec<usize> = roots.iter().map(|r| folded.same[*r]).collect();
        // Uses of each node that are still to come.
        let mut uses = vec![0usize; program.nodes.len()];
        roots.iter().for_each(|r| uses[*r] += 1);
        for n in (0..uses.len()).rev() {
            if uses[n] > 0 && folded.known[n].is_none() {
                folded
                    .inputs(program, n)
                    .into_iter()
                    .for_each(|i| uses[i] += 1);
            }
        }
        let mut builder = Builder {
            places: vec![None; uses.len()],
            uses,
            free: Vec::new(),
            registers: 0,
        };
        let mut tape = Tape {
            ops: Vec::new(),
            registers: 0,
            columns: Vec::new(),
            publics: Vec::new(),
        };
        for n in 0..program.nodes.len() {
            if builder.uses[n] == 0 {
                continue;
            }
            match folded.known[n] {
                // Scalars are folded into operations; only as a root one needs a place.
                Some(c) if roots.contains(&n) => {
                    let d = builder.allocate(n);
                    tape.ops.push(Op::Fill(d, c));
                }
                Some(_) => {}
                None => tape.compile(program, n, &folded, &mut builder),
            }
            for (index, _) in roots.iter().enumerate().filter(|(_, r)| **r == n) {
                if let Some(place) = builder.places[n] {
                    tape.ops.push(Op::Emit(index, place));
                }
                builder.release(n);
            }
        }
        tape.registers = builder.registers;
        tape.columns.sort_unstable();
        tape.publics.sort_unstable();
        tape
    }

    fn compile(&mut self, program: &Program, n: usize, folded: &Folded, builder: &mut Builder) {
        let node = program.nodes[n];
        let [a, b] = match (node, &folded.inputs(program, n)[..]) {
            (Node::Column(k), _) => {
                self.columns.push(k);
                builder.places[n] = Some(Source::Column(k));
                return;
            }
            (Node::Public(p), _) => {
                self.publics.push(p);
                builder.places[n] = Some(Source::Public(p));
                return;
            }
            (_, [a, b]) => [*a, *b],
            // Scalars, which the caller handles.
            _ => return,
        };
        let place = |i: usize| builder.places[i].unwrap_or(Source::Register(0));
        let (pa, pb) = (place(a), place(b));
        let d = builder.allocate(n);
        match (node, folded.known[a], folded.known[b]) {
            (Node::Add(..), Some(s), _) => self.ops.push(Op::AddScalar(d, pb, s)),
            (Node::Add(..), _, Some(s)) => self.ops.push(Op::AddScalar(d, pa, s)),
            (Node::Add(..), _, _) => self.ops.push(Op::Add(d, pa, pb)),
            (Node::Sub(..), Some(s), _) => {
                self.ops.push(Op::Scale(d, pb, -Fr::ONE));
                self.ops.push(Op::AddScalar(d, Source::Register(d), s));
            }
            (Node::Sub(..), _, Some(s)) => self.ops.push(Op::AddScalar(d, pa, -s)),
            (Node::Sub(..), _, _) => self.ops.push(Op::Sub(d, pa, pb)),
            (_, Some(s), _) => self.ops.push(Op::Scale(d, pb, s)),
            (_, _, Some(s)) => self.ops.push(Op::Scale(d, pa, s)),
            _ => self.ops.push(Op::Mul(d, pa, pb)),
        }
        for i in [a, b] {
            if folded.known[i].is_none() {
                builder.release(i);
            }
        }
    }

    /// Runs the tape on slices of equal length, one for each column and public column of the
    /// program (those that are not read may be empty), and hands root `r` to `emit(r, values)`.
    pub fn run<P: FieldPath>(
        &self,
        path: P,
        registers: &mut Registers<P>,
        length: usize,
        columns: &[&[P::Pack]],
        publics: &[&[P::Pack]],
        mut emit: impl FnMut(usize, &[P::Pack]),
    ) {
        registers.reserve(self.registers, length);
        let all = &mut registers.0;
        for op in &self.ops {
            let d = match *op {
                Op::Add(d, ..) | Op::Sub(d, ..) | Op::Mul(d, ..) => d,
                Op::AddScalar(d, ..) | Op::Scale(d, ..) | Op::Fill(d, ..) => d,
                Op::Emit(root, s) => {
                    emit(root, source(all, columns, publics, s, length));
                    continue;
                }
            };
            let mut out = std::mem::take(&mut all[d]);
            let dst = &mut out[..length];
            let get = |s: Source| source(all, columns, publics, s, length);
            match *op {
                Op::Add(_, a, b) => path.add(dst, get(a), get(b)),
                Op::Sub(_, a, b) => path.sub(dst, get(a), get(b)),
                Op::Mul(_, a, b) => path.mul(dst, get(a), get(b)),
                Op::AddScalar(_, a, s) => {
                    if a != Source::Register(d) {
                        dst.copy_from_slice(get(a));
                    }
                    path.add_scalar(dst, s);
                }
                Op::Scale(_, a, s) => {
                    dst.copy_from_slice(get(a));
                    path.scale(dst, s);
                }
                Op::Fill(_, s) => path.fill(dst, s),
                Op::Emit(..) => {}
            }
            all[d] = out;
        }
    }
}

/// What is known of the nodes of a program before it is run.
struct Folded {
    /// Values of the nodes that are the same everywhere.
    known: Vec<Option<Fr>>,
    /// For each node one before it that has the same values, or itself.
    same: Vec<usize>,
}

impl Folded {
    fn new(program: &Program, scalars: &[Option<Fr>], zero: &[bool]) -> Self {
        let mut known = scalars.to_vec();
        let mut same: Vec<usize> = (0..known.len()).collect();
        for (n, node) in program.nodes.iter().enumerate() {
            if known[n].is_some() {
                continue;
            }
            match *node {
                Node::Public(p) if zero[p] => known[n] = Some(Fr::ZERO),
                // The same column or public column under two numbers.
                Node::Column(_) | Node::Public(_) => {
                    let first = program.nodes[..n].iter().position(|m| m == node);
                    same[n] = first.unwrap_or(n);
                }
                Node::Add(a, b) | Node::Sub(a, b)
                    if known[a].is_none() && known[b] == Some(Fr::ZERO) =>
                {
                    same[n] = same[a];
                }
                Node::Add(a, b) if known[a] == Some(Fr::ZERO) && known[b].is_none() => {
                    same[n] = same[b];
                }
                Node::Add(a, b) => known[n] = known[a].zip(known[b]).map(|(a, b)| a + b),
                Node::Sub(a, b) => known[n] = known[a].zip(known[b]).map(|(a, b)| a - b),
                Node::Mul(a, b) if [known[a], known[b]].contains(&Some(Fr::ZERO)) => {
                    known[n] = Some(Fr::ZERO);
                }
                Node::Mul(a, b) => known[n] = known[a].zip(known[b]).map(|(a, b)| a * b),
                Node::Constant(_) | Node::Challenge(_) | Node::Inv(_) => {}
            }
        }
        Folded { known, same }
    }

    /// The nodes that a node is computed from.
    fn inputs(&self, program: &Program, n: usize) -> Vec<usize> {
        match program.nodes[n] {
            Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => {
                vec![self.same[a], self.same[b]]
            }
            _ => Vec::new(),
        }
    }
}

fn source<'a, T>(
    registers: &'a [Vec<T>],
    columns: &[&'a [T]],
    publics: &[&'a [T]],
    s: Source,
    length: usize,
) -> &'a [T] {
    match s {
        Source::Register(r) => &registers[r][..length],
        Source::Column(k) => &columns[k][..length],
        Source::Public(p) => &publics[p][..length],
    }
}

/// Working memory of [`Tape::run`].
pub struct Registers<P: FieldPath>(Vec<Vec<P::Pack>>);

impl<P: FieldPath> Default for Registers<P> {
    fn default() -> Self {
        Registers(Vec::new())
    }
}

impl<P: FieldPath> Registers<P> {
    fn reserve(&mut self, count: usize, length: usize) {
        if self.0.len() < count {
            self.0.resize_with(count, Vec::new);
        }
        for r in &mut self.0[..count] {
            if r.len() < length {
                r.resize(length, P::Pack::default());
            }
        }
    }
}

struct Builder {
    uses: Vec<usize>,
    free: Vec<usize>,
    places: Vec<Option<Source>>,
    registers: usize,
}

impl Builder {
    fn allocate(&mut self, node: usize) -> usize {
        let register = self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        });
        self.places[node] = Some(Source::Register(register));
        register
    }

    fn release(&mut self, node: usize) {
        self.uses[node] -= 1;
        if let (0, Some(Source::Register(r))) = (self.uses[node], self.places[node]) {
            self.free.push(r);
        }
    }
}

/// Values of all nodes at one point.
pub fn at_point(
    program: &Program,
    scalars: &[Option<Fr>],
    columns: &[Fr],
    publics: &[Fr],
) -> Vec<Fr> {
    let mut out: Vec<Fr> = Vec::with_capacity(program.nodes.len());
    for (node, scalar) in program.nodes.iter().zip(scalars) {
        out.push(match (*node, scalar) {
            (_, Some(s)) => *s,
            (Node::Column(k), _) => columns[k],
            (Node::Public(p), _) => publics[p],
            (Node::Add(a, b), _) => out[a] + out[b],
            (Node::Sub(a, b), _) => out[a] - out[b],
            (Node::Mul(a, b), _) => out[a] * out[b],
            // Scalars, whose value is known.
            (Node::Constant(_) | Node::Challenge(_) | Node::Inv(_), None) => Fr::ZERO,
        });
    }
    out
}
