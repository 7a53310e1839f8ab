//! Expressions as sums of products, each kept once.

use super::Source;
use ark_ff::{AdditiveGroup, Field};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use zkp_kernels::Fr;

/// Sums of more terms are terms of other sums themselves.
const MAX_FLAT: usize = 16;

/// An expression; numbers are those of expressions before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    Leaf(Source),
    /// The lower number first.
    Product(usize, usize),
    /// Terms `(expression, coefficient)`, rising. One with a constant and several terms is the sum of
    /// those terms, which others may share, and the constant.
    Sum(Vec<(usize, Fr)>, Fr),
}

/// An expression times a factor, or a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    pub scale: Fr,
    pub expr: Option<usize>,
}

impl Value {
    pub fn of(expr: usize) -> Self {
        Value {
            scale: Fr::ONE,
            expr: Some(expr),
        }
    }

    pub fn constant(c: Fr) -> Self {
        Value {
            scale: c,
            expr: None,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.scale == Fr::ZERO
    }

    pub fn times(self, c: Fr) -> Self {
        let scale = self.scale * c;
        Value {
            scale,
            expr: self.expr.filter(|_| scale != Fr::ZERO),
        }
    }
}

/// Expressions, none of them twice.
#[derive(Default)]
pub struct Graph {
    pub exprs: Vec<Expr>,
    numbers: FxHashMap<Expr, usize>,
}

impl Graph {
    /// The number of an expression.
    pub fn number(&mut self, expr: Expr) -> usize {
        if let Some(number) = self.numbers.get(&expr) {
            return *number;
        }
        self.exprs.push(expr.clone());
        self.numbers.insert(expr, self.exprs.len() - 1);
        self.exprs.len() - 1
    }

    fn value(&mut self, expr: Expr) -> Value {
        Value::of(self.number(expr))
    }

    pub fn leaf(&mut self, source: Source) -> Value {
        self.value(Expr::Leaf(source))
    }

    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        match (a.expr, b.expr) {
            (Some(x), Some(y)) => {
                let product = self.value(Expr::Product(x.min(y), x.max(y)));
                product.times(a.scale * b.scale)
            }
            (_, None) => a.times(b.scale),
            (None, _) => b.times(a.scale),
        }
    }

    /// `a + c b`
    pub fn add_scaled(&mut self, a: Value, b: Value, c: Fr) -> Value {
        let mut terms = BTreeMap::new();
        let mut constant = Fr::ZERO;
        for value in [a, b.times(c)] {
            self.collect(value, &mut terms, &mut constant);
        }
        let mut terms: Vec<(usize, Fr)> = terms.into_iter().filter(|t| t.1 != Fr::ZERO).collect();
        // A sum and its opposite are one expression.
        let sign = match terms[..] {
            [(_, first), _, ..] if first == -Fr::ONE => -Fr::ONE,
            [(_, first)] if constant != Fr::ZERO && first == -Fr::ONE => -Fr::ONE,
            _ => Fr::ONE,
        };
        terms.iter_mut().for_each(|t| t.1 *= sign);
        constant *= sign;
        match (&terms[..], constant == Fr::ZERO) {
            ([], _) => return Value::constant(constant),
            ([(expr, scale)], true) => return Value::of(*expr).times(*scale),
            ([_], false) | (_, true) => self.value(Expr::Sum(terms, constant)),
            _ => {
                let shared = self.number(Expr::Sum(terms, Fr::ZERO));
                self.value(Expr::Sum(vec![(shared, Fr::ONE)], constant))
            }
        }
        .times(sign)
    }

    fn collect(&self, value: Value, terms: &mut BTreeMap<usize, Fr>, constant: &mut Fr) {
        let Some(expr) = value.expr else {
            *constant += value.scale;
            return;
        };
        match &self.exprs[expr] {
            Expr::Sum(inner, c) if inner.len() <= MAX_FLAT => {
                *constant += value.scale * c;
                for (expr, scale) in inner {
                    let term = Value::of(*expr).times(value.scale * scale);
                    self.collect(term, terms, constant);
                }
            }
            _ => *terms.entry(expr).or_insert(Fr::ZERO) += value.scale,
        }
    }

    /// The expressions whose product one is.
    pub fn factors(&self, value: Value) -> Vec<usize> {
        let mut out = Vec::new();
        let mut left: Vec<usize> = value.expr.into_iter().collect();
        while let Some(expr) = left.pop() {
            match self.exprs[expr] {
                Expr::Product(a, b) => left.extend([a, b]),
                _ => out.push(expr),
            }
        }
        out
    }

    /// The expressions that one is computed from.
    pub fn inputs(&self, expr: usize) -> Vec<usize> {
        match &self.exprs[expr] {
            Expr::Leaf(_) => Vec::new(),
            Expr::Product(a, b) => vec![*a, *b],
            Expr::Sum(terms, _) => terms.iter().map(|t| t.0).collect(),
        }
    }
}
