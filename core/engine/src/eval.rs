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
    Copy(usize, Source),
    /// Adds a product to what is there.
    AddMul(usize, Source, Source),
    AddScaled(usize, Source, Fr),
    Fill(usize, Fr),
    /// Hands a root, by its place among those computed, to the caller.
    Emit(usize, Source),
}

/// A node that a [`Tape`] computes.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// Its number among the roots.
    pub number: usize,
    /// Its degree in the columns that are not zero.
    pub degree: usize,
}

/// A list of slice operations that computes some nodes (roots) of a program. Roots are handed out
/// as soon as they are known, registers used again as soon as they are free.
pub struct Tape {
    ops: Vec<Op>,
    registers: usize,
    /// The roots that are computed, rising.
    pub roots: Vec<Root>,
    /// Columns and public columns that are read, rising.
    pub columns: Vec<usize>,
    pub publics: Vec<usize>,
}

impl Tape {
    /// Compiles those `roots` that are `wanted`, for places where the public columns marked `zero`
    /// are zero; `scalars` are those of [`Program::scalars`]. `wanted` is told the degree of each
    /// root, none where it is zero, and returns the numbers of some.
    pub fn new(
        program: &Program,
        scalars: &[Option<Fr>],
        zero: &[bool],
        roots: &[usize],
        wanted: impl Fn(&[Option<usize>]) -> Vec<usize>,
    ) -> Self {
        let folded = Folded::new(program, scalars, zero);
        let all: Vec<usize> = roots.iter().map(|r| folded.same[*r]).collect();
        let degrees: Vec<Option<usize>> = all.iter().map(|r| folded.degree(*r)).collect();
        let chosen: Vec<Root> = wanted(&degrees)
            .into_iter()
            .map(|number| Root {
                number,
                degree: degrees[number].unwrap_or(0),
            })
            .collect();
        let roots: Vec<usize> = chosen.iter().map(|root| all[root.number]).collect();
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
            joined: folded.joined(program, &uses, &roots),
            uses,
            free: Vec::new(),
            registers: 0,
        };
        let mut tape = Tape {
            ops: Vec::new(),
            registers: 0,
            columns: Vec::new(),
            publics: Vec::new(),
            roots: chosen,
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
                None if builder.joined[n] => continue,
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
        if let (Node::Add(..) | Node::Sub(..), Some((a, product))) =
            (node, builder.joined_operand(a, b))
        {
            return self.add_product(program, n, a, product, folded, builder);
        }
        let (known_a, known_b) = (folded.known[a], folded.known[b]);
        // The operand that is not a scalar, where the other one is.
        let only = match (known_a, known_b) {
            (Some(_), _) => Some(b),
            (_, Some(_)) => Some(a),
            _ => None,
        };
        if let Some(only) = only {
            let (d, p) = builder.place_over(only, n);
            match (node, known_a, known_b) {
                (Node::Add(..), Some(s), _) | (Node::Add(..), _, Some(s)) => {
                    self.ops.push(Op::AddScalar(d, p, s));
                }
                (Node::Sub(..), Some(s), _) => {
                    self.ops.push(Op::Scale(d, p, -Fr::ONE));
                    self.ops.push(Op::AddScalar(d, Source::Register(d), s));
                }
                (Node::Sub(..), _, Some(s)) => self.ops.push(Op::AddScalar(d, p, -s)),
                (_, Some(s), _) | (_, _, Some(s)) => self.ops.push(Op::Scale(d, p, s)),
                _ => {}
            }
            return;
        }
        let (pa, pb) = (builder.place(a), builder.place(b));
        let d = builder.allocate(n);
        self.ops.push(match node {
            Node::Add(..) => Op::Add(d, pa, pb),
            Node::Sub(..) => Op::Sub(d, pa, pb),
            _ => Op::Mul(d, pa, pb),
        });
        builder.release(a);
        builder.release(b);
    }

    /// `a + product` or, where the product is by a scalar, `a - product`, in one operation.
    fn add_product(
        &mut self,
        program: &Program,
        n: usize,
        a: usize,
        product: usize,
        folded: &Folded,
        builder: &mut Builder,
    ) {
        let (d, p) = builder.place_over(a, n);
        if p != Source::Register(d) {
            self.ops.push(Op::Copy(d, p));
        }
        let inputs = folded.inputs(program, product);
        let [x, y] = [inputs[0], inputs[1]];
        let sign = match program.nodes[n] {
            Node::Sub(..) => -Fr::ONE,
            _ => Fr::ONE,
        };
        match (folded.known[x], folded.known[y]) {
            (Some(s), _) => self.ops.push(Op::AddScaled(d, builder.place(y), s * sign)),
            (_, Some(s)) => self.ops.push(Op::AddScaled(d, builder.place(x), s * sign)),
            _ => self
                .ops
                .push(Op::AddMul(d, builder.place(x), builder.place(y))),
        }
        for i in [x, y] {
            if folded.known[i].is_none() {
                builder.release(i);
            }
        }
        builder.release(product);
    }

    /// Runs the tape on slices of equal length, one for each column and public column of the
    /// program (those that are not read may be empty), and hands each root to `emit(root, values)`.
    pub fn run<P: FieldPath>(
        &self,
        path: P,
        registers: &mut Registers<P>,
        length: usize,
        columns: &[&[P::Pack]],
        publics: &[&[P::Pack]],
        mut emit: impl FnMut(&Root, &[P::Pack]),
    ) {
        registers.reserve(self.registers, length);
        let all = &mut registers.0;
        for op in &self.ops {
            let d = match *op {
                Op::Add(d, ..) | Op::Sub(d, ..) | Op::Mul(d, ..) => d,
                Op::AddScalar(d, ..) | Op::Scale(d, ..) | Op::Fill(d, ..) => d,
                Op::Copy(d, ..) | Op::AddMul(d, ..) | Op::AddScaled(d, ..) => d,
                Op::Emit(root, s) => {
                    emit(&self.roots[root], source(all, columns, publics, s, length));
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
                    if a != Source::Register(d) {
                        dst.copy_from_slice(get(a));
                    }
                    path.scale(dst, s);
                }
                Op::Copy(_, a) => dst.copy_from_slice(get(a)),
                Op::AddMul(_, a, b) => path.add_mul(dst, get(a), get(b)),
                Op::AddScaled(_, a, s) => path.add_scaled(dst, get(a), s),
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
    degrees: Vec<usize>,
}

impl Folded {
    fn new(program: &Program, scalars: &[Option<Fr>], zero: &[bool]) -> Self {
        let mut known = scalars.to_vec();
        let mut same: Vec<usize> = (0..known.len()).collect();
        let mut degrees = vec![0; known.len()];
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
            degrees[n] = match *node {
                _ if known[n].is_some() => 0,
                Node::Column(_) | Node::Public(_) => 1,
                Node::Add(a, b) | Node::Sub(a, b) => degrees[a].max(degrees[b]),
                Node::Mul(a, b) => degrees[a] + degrees[b],
                Node::Constant(_) | Node::Challenge(_) | Node::Inv(_) => 0,
            };
        }
        Folded {
            known,
            same,
            degrees,
        }
    }

    /// The degree of a node, none where it is zero everywhere.
    fn degree(&self, n: usize) -> Option<usize> {
        (self.known[n] != Some(Fr::ZERO)).then(|| self.degrees[n])
    }

    /// Products that are computed as they are added, the only time that they are used: any to a
    /// sum, those by a scalar to a difference as well.
    fn joined(&self, program: &Program, uses: &[usize], roots: &[usize]) -> Vec<bool> {
        let mut joined = vec![false; uses.len()];
        let is_scaled = |m: usize| {
            self.inputs(program, m)
                .iter()
                .any(|i| self.known[*i].is_some())
        };
        for (n, node) in program.nodes.iter().enumerate() {
            if uses[n] == 0 || self.known[n].is_some() || self.same[n] != n {
                continue;
            }
            let is_product = |m: &usize| {
                matches!(program.nodes[*m], Node::Mul(..))
                    && self.known[*m].is_none()
                    && uses[*m] == 1
                    && !roots.contains(m)
            };
            let inputs = self.inputs(program, n);
            let product = match (node, &inputs[..]) {
                (Node::Add(..), [a, b]) if self.known[*a].is_none() && self.known[*b].is_none() => {
                    [*b, *a].into_iter().find(is_product)
                }
                (Node::Sub(..), [a, b]) if self.known[*a].is_none() => {
                    Some(*b).filter(is_product).filter(|b| is_scaled(*b))
                }
                _ => None,
            };
            if let Some(product) = product {
                joined[product] = true;
            }
        }
        joined
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
    /// See [`Folded::joined`].
    joined: Vec<bool>,
    registers: usize,
}

impl Builder {
    fn place(&self, node: usize) -> Source {
        self.places[node].unwrap_or(Source::Register(0))
    }

    /// Of the operands of a sum or difference the plain one and the product that is joined to it.
    fn joined_operand(&self, a: usize, b: usize) -> Option<(usize, usize)> {
        match (self.joined[a], self.joined[b]) {
            (_, true) => Some((a, b)),
            (true, _) => Some((b, a)),
            _ => None,
        }
    }

    /// A register for `node`, and where its operand `a` lies: in the same one if nothing else
    /// uses that any more.
    fn place_over(&mut self, a: usize, node: usize) -> (usize, Source) {
        let place = self.place(a);
        if let (1, Source::Register(r)) = (self.uses[a], place) {
            self.uses[a] = 0;
            self.places[node] = Some(place);
            return (r, place);
        }
        let d = self.allocate(node);
        self.release(a);
        (d, place)
    }

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
