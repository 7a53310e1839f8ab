//! Expressions compiled to slice operations.

mod compile;
mod factored;
mod folded;
mod fractions;
mod graph;
mod nodes;
#[cfg(test)]
mod tests;

use crate::program::{Node, Program};
use ark_ff::{AdditiveGroup, Field};
use compile::Compiler;
use folded::Folded;
use graph::{Graph, Value};
use zkp_kernels::{FieldPath, Fr, Sum};

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Register(usize),
    Column(usize),
    Public(usize),
}

#[derive(Clone, Debug)]
enum Op {
    Add(usize, Source, Source),
    Sub(usize, Source, Source),
    Mul(usize, Source, Source),
    Sum(usize, SumOf<Source>),
    Fill(usize, Fr),
    /// Hands a root, by its place among those computed, to the caller.
    Emit(usize, Source),
}

/// [`zkp_kernels::Sum`] of anything that stands for vectors.
#[derive(Clone, Debug)]
struct SumOf<T> {
    products: Vec<(T, T)>,
    minus: Vec<(T, T)>,
    scaled: Vec<(T, Fr)>,
    small: Vec<(T, i64)>,
    constant: Fr,
}

impl<T: Copy> SumOf<T> {
    /// The sum of nothing but a constant.
    fn new(constant: Fr) -> Self {
        SumOf {
            products: Vec::new(),
            minus: Vec::new(),
            scaled: Vec::new(),
            small: Vec::new(),
            constant,
        }
    }

    /// The same sum of what `f` gives for each operand.
    fn map<U>(&self, f: impl Fn(T) -> U) -> SumOf<U> {
        let pairs = |of: &[(T, T)]| of.iter().map(|(a, b)| (f(*a), f(*b))).collect();
        SumOf {
            products: pairs(&self.products),
            minus: pairs(&self.minus),
            scaled: self.scaled.iter().map(|(a, c)| (f(*a), *c)).collect(),
            small: self.small.iter().map(|(a, k)| (f(*a), *k)).collect(),
            constant: self.constant,
        }
    }
}

impl SumOf<Source> {
    /// The operation into a register.
    fn simplest(self, d: usize) -> Op {
        let products = self.products.len() + self.minus.len() + self.scaled.len();
        match (products, self.constant == Fr::ZERO, &self.small[..]) {
            (0, _, []) => Op::Fill(d, self.constant),
            (0, true, [(a, 1), (b, 1)]) => Op::Add(d, *a, *b),
            (0, true, [(a, 1), (b, -1)] | [(b, -1), (a, 1)]) => Op::Sub(d, *a, *b),
            _ => Op::Sum(d, self),
        }
    }
}

/// What a [`Tape`] shall hand out.
pub enum Output {
    /// A root, by its number.
    Root(usize),
    /// A sum of roots with factors, one at least; up to a factor, [`Root::scale`].
    Sum(Vec<(usize, Fr)>),
}

impl From<usize> for Output {
    fn from(number: usize) -> Self {
        Output::Root(number)
    }
}

/// What a [`Tape`] computes.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// Its number among the roots; of a sum that of the first.
    pub number: usize,
    /// Its degree in the columns that are not zero.
    pub degree: usize,
    /// What its values are still to be multiplied by: one unless it is a sum.
    pub scale: Fr,
}

/// A list of slice operations that computes some nodes (roots) of a program. Roots are handed out
/// as soon as they are known, registers used again as soon as they are free.
pub struct Tape {
    ops: Vec<Op>,
    registers: usize,
    /// What is computed.
    pub roots: Vec<Root>,
    /// Columns and public columns that are read, rising.
    pub columns: Vec<usize>,
    pub publics: Vec<usize>,
}

impl Tape {
    /// Compiles those `roots` that are `wanted`, for places where the public columns marked `zero`
    /// are zero; `scalars` are those of [`Program::scalars`]. `wanted` is told the degree of each
    /// root, none where it is zero, and returns the numbers of some, or sums of some.
    pub fn new<O: Into<Output>>(
        program: &Program,
        scalars: &[Option<Fr>],
        zero: &[bool],
        roots: &[usize],
        wanted: impl Fn(&[Option<usize>]) -> Vec<O>,
    ) -> Self {
        let folded = Folded::new(program, scalars, zero);
        let all: Vec<usize> = roots.iter().map(|r| folded.same[*r]).collect();
        let degrees: Vec<Option<usize>> = all.iter().map(|r| folded.degree(*r)).collect();
        let outputs: Vec<Output> = wanted(&degrees).into_iter().map(Into::into).collect();
        let needed = outputs.iter().flat_map(|output| match output {
            Output::Root(number) => vec![*number],
            Output::Sum(terms) => terms.iter().map(|t| t.0).collect(),
        });
        let needed: Vec<usize> = needed.collect();
        let mut graph = Graph::default();
        let nodes = needed.iter().map(|number| all[*number]);
        let values = nodes::values(&mut graph, program, &folded, nodes);
        let mut values = needed.iter().zip(values);
        let (mut chosen, mut exprs) = (Vec::new(), Vec::new());
        for output in outputs {
            let factors = match output {
                Output::Root(_) => vec![Fr::ONE],
                Output::Sum(ref terms) => terms.iter().map(|t| t.1).collect(),
            };
            let terms: Vec<(&usize, Value)> = values.by_ref().take(factors.len()).collect();
            let degree = terms.iter().filter_map(|t| degrees[*t.0]).max();
            let weighted = terms.iter().zip(factors).map(|(t, c)| t.1.times(c));
            let sum = factored::sum(&mut graph, weighted.collect());
            let (value, scale) = match (output, sum.expr) {
                (Output::Sum(_), Some(expr)) => (Value::of(expr), sum.scale),
                _ => (sum, Fr::ONE),
            };
            exprs.push(compile::expr_of(&mut graph, value));
            chosen.push(Root {
                number: terms.first().map_or(0, |t| *t.0),
                degree: degree.unwrap_or(0),
                scale,
            });
        }
        let tape = Tape {
            ops: Vec::new(),
            registers: 0,
            columns: Vec::new(),
            publics: Vec::new(),
            roots: chosen,
        };
        let mut tape = Compiler::run(&graph, &exprs, tape);
        tape.columns.sort_unstable();
        tape.publics.sort_unstable();
        tape
    }

    /// Products of vectors.
    #[cfg(test)]
    fn products(&self) -> usize {
        let of = |op: &Op| match op {
            Op::Mul(..) => 1,
            Op::Sum(_, sum) => sum.products.len() + sum.minus.len(),
            _ => 0,
        };
        self.ops.iter().map(of).sum()
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
                Op::Sum(d, _) | Op::Fill(d, _) => d,
                Op::Emit(root, s) => {
                    emit(&self.roots[root], source(all, columns, publics, s, length));
                    continue;
                }
            };
            let mut out = std::mem::take(&mut all[d]);
            let dst = &mut out[..length];
            let get = |s: Source| source(all, columns, publics, s, length);
            match op {
                Op::Add(_, a, b) => path.add(dst, get(*a), get(*b)),
                Op::Sub(_, a, b) => path.sub(dst, get(*a), get(*b)),
                Op::Mul(_, a, b) => path.mul(dst, get(*a), get(*b)),
                Op::Sum(_, sum) => {
                    let sum = sum.map(get);
                    let sum = Sum {
                        products: &sum.products,
                        minus: &sum.minus,
                        scaled: &sum.scaled,
                        small: &sum.small,
                        constant: sum.constant,
                    };
                    path.combine(dst, &sum);
                }
                Op::Fill(_, s) => path.fill(dst, *s),
                Op::Emit(..) => {}
            }
            all[d] = out;
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
            (Node::Constant(_) | Node::Challenge(_) | Node::Inv(_) | Node::Fractions(_), None) => {
                Fr::ZERO
            }
        });
    }
    out
}
