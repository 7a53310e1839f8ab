//! From expressions to slice operations.

use super::graph::{Expr, Graph, Value};
use super::{Op, Source, SumOf, Tape};
use ark_ff::{AdditiveGroup, Field, PrimeField};
use zkp_kernels::{Fr, MAX_PRODUCTS, MAX_SMALL};

pub(super) struct Compiler<'a> {
    graph: &'a Graph,
    /// Uses of each expression that are still to come.
    uses: Vec<usize>,
    places: Vec<Option<Source>>,
    free: Vec<usize>,
    tape: Tape,
}

impl<'a> Compiler<'a> {
    /// Adds the operations that compute `roots` to a tape.
    pub fn run(graph: &'a Graph, roots: &[usize], tape: Tape) -> Tape {
        let mut uses = vec![0; graph.exprs.len()];
        roots.iter().for_each(|r| uses[*r] += 1);
        for expr in (0..uses.len()).rev() {
            if uses[expr] > 0 {
                graph.inputs(expr).into_iter().for_each(|i| uses[i] += 1);
            }
        }
        let mut compiler = Compiler {
            places: vec![None; uses.len()],
            graph,
            free: Vec::new(),
            tape,
            uses,
        };
        let absorbed = compiler.absorbed(roots);
        for expr in 0..graph.exprs.len() {
            if compiler.uses[expr] == 0 || absorbed[expr] {
                continue;
            }
            compiler.expr(expr, &absorbed);
            for (index, _) in roots.iter().enumerate().filter(|(_, r)| **r == expr) {
                if let Some(place) = compiler.places[expr] {
                    compiler.tape.ops.push(Op::Emit(index, place));
                }
                compiler.release(expr);
            }
        }
        compiler.tape
    }

    /// Expressions that are computed with the one sum that uses them: sums, and products where
    /// they are added or subtracted.
    fn absorbed(&self, roots: &[usize]) -> Vec<bool> {
        let mut out = vec![false; self.uses.len()];
        for (expr, _) in self.uses.iter().enumerate().filter(|(_, uses)| **uses > 0) {
            let Expr::Sum(terms, _) = &self.graph.exprs[expr] else {
                continue;
            };
            for (term, scale) in terms {
                let alone = [Fr::ONE, -Fr::ONE].contains(scale);
                let fits = alone && !matches!(self.graph.exprs[*term], Expr::Leaf(_));
                out[*term] = fits && self.uses[*term] == 1 && !roots.contains(term);
            }
        }
        out
    }

    fn expr(&mut self, expr: usize, absorbed: &[bool]) {
        match self.graph.exprs[expr] {
            Expr::Leaf(source) => {
                match source {
                    Source::Column(k) => self.tape.columns.push(k),
                    Source::Public(p) => self.tape.publics.push(p),
                    Source::Register(_) => {}
                }
                self.places[expr] = Some(source);
            }
            Expr::Product(a, b) => {
                let (pa, pb) = (self.place(a), self.place(b));
                let d = self.allocate(expr);
                self.tape.ops.push(Op::Mul(d, pa, pb));
                self.release(a);
                self.release(b);
            }
            Expr::Sum(..) => {
                let mut terms = SumOf::new(Fr::ZERO);
                self.gather(expr, Fr::ONE, absorbed, &mut terms);
                self.sum(expr, &terms);
            }
        }
    }

    fn gather(&self, sum: usize, by: Fr, absorbed: &[bool], out: &mut SumOf<usize>) {
        let Expr::Sum(terms, constant) = &self.graph.exprs[sum] else {
            return;
        };
        out.constant += by * constant;
        for (term, scale) in terms {
            let scale = by * scale;
            match self.graph.exprs[*term] {
                Expr::Sum(..) if absorbed[*term] => self.gather(*term, scale, absorbed, out),
                Expr::Product(a, b) if absorbed[*term] && scale == Fr::ONE => {
                    out.products.push((a, b));
                }
                Expr::Product(a, b) if absorbed[*term] && scale == -Fr::ONE => {
                    out.minus.push((a, b));
                }
                _ => match small(scale) {
                    Some(k) => out.small.push((*term, k)),
                    None => out.scaled.push((*term, scale)),
                },
            }
        }
    }

    fn sum(&mut self, expr: usize, terms: &SumOf<usize>) {
        let mut all = terms.map(|term| self.place(term));
        let d = self.allocate(expr);
        // As many operations as the limits of one demand.
        let mut before = None;
        loop {
            let mut op = SumOf::new(std::mem::take(&mut all.constant));
            op.small.extend(before.map(|place| (place, 1)));
            let mut left = MAX_PRODUCTS;
            op.products = take(&mut all.products, &mut left);
            op.minus = take(&mut all.minus, &mut left);
            op.scaled = take(&mut all.scaled, &mut left);
            let mut weight = 1;
            while let Some((_, k)) = all.small.last() {
                weight += k.unsigned_abs();
                if weight > MAX_SMALL {
                    break;
                }
                op.small.extend(all.small.pop());
            }
            let rest = all.products.len() + all.minus.len() + all.scaled.len() + all.small.len();
            let to = match rest {
                0 => d,
                _ => self.register(),
            };
            let more = before.replace(Source::Register(to));
            self.tape.ops.push(op.simplest(to));
            if let Some(Source::Register(r)) = more {
                self.free.push(r);
            }
            if rest == 0 {
                break;
            }
        }
        let pairs = terms.products.iter().chain(&terms.minus);
        let inputs = pairs.flat_map(|(a, b)| [*a, *b]);
        let inputs = inputs.chain(terms.scaled.iter().map(|t| t.0));
        let inputs: Vec<usize> = inputs.chain(terms.small.iter().map(|t| t.0)).collect();
        inputs.into_iter().for_each(|input| self.release(input));
    }

    fn place(&self, expr: usize) -> Source {
        self.places[expr].unwrap_or(Source::Register(0))
    }

    fn register(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.tape.registers += 1;
            self.tape.registers - 1
        })
    }

    fn allocate(&mut self, expr: usize) -> usize {
        let register = self.register();
        self.places[expr] = Some(Source::Register(register));
        register
    }

    fn release(&mut self, expr: usize) {
        self.uses[expr] -= 1;
        if let (0, Some(Source::Register(r))) = (self.uses[expr], self.places[expr]) {
            self.free.push(r);
        }
    }
}

/// As many as are `left`.
fn take<T>(from: &mut Vec<T>, left: &mut usize) -> Vec<T> {
    let count = from.len().min(*left);
    *left -= count;
    from.split_off(from.len() - count)
}

/// A coefficient that [`zkp_kernels::Sum::small`] may hold beside an operand.
fn small(c: Fr) -> Option<i64> {
    let of = |c: Fr| match c.into_bigint().0 {
        [k, 0, 0, 0] if k < MAX_SMALL => Some(k as i64),
        _ => None,
    };
    of(c).or_else(|| of(-c).map(|k| -k))
}

/// The expression of a value that is not a multiple of another, for a root.
pub(super) fn expr_of(graph: &mut Graph, value: Value) -> usize {
    match value.expr {
        Some(expr) if value.scale == Fr::ONE => expr,
        Some(expr) => graph.number(Expr::Sum(vec![(expr, value.scale)], Fr::ZERO)),
        None => graph.number(Expr::Sum(Vec::new(), value.scale)),
    }
}
