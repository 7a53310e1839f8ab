//! Sums whose terms have factors in common.

use super::graph::{Graph, Value};
use ark_ff::AdditiveGroup;
use ark_ff::Field;
use zkp_kernels::Fr;

/// The sum, as `f (a + b) + c` rather than `f a + f b + c`; where it can be chosen the first term has
/// the coefficient one, and the sum a factor.
pub fn sum(graph: &mut Graph, terms: Vec<Value>) -> Value {
    let mut rest = terms;
    let mut parts = Vec::new();
    while let Some(factor) = commonest(graph, rest.iter().copied()) {
        let (group, others): (Vec<Value>, Vec<Value>) = rest
            .into_iter()
            .partition(|term| graph.factors(*term).contains(&factor));
        let group = group.into_iter().map(|term| without(graph, term, factor));
        let group = group.collect();
        let inner = sum(graph, group);
        parts.push(graph.mul(inner, Value::of(factor)));
        rest = others;
    }
    parts.extend(rest);
    let scale = match parts.first() {
        Some(first) if parts.len() > 1 && !first.is_zero() => first.scale,
        _ => Fr::ONE,
    };
    let inverse = scale.inverse().unwrap_or(Fr::ONE);
    let zero = Value::constant(Fr::ZERO);
    let total = parts
        .into_iter()
        .fold(zero, |total, part| graph.add_scaled(total, part, inverse));
    total.times(scale)
}

/// The factor that most of some values have, two at least.
pub fn commonest(graph: &Graph, values: impl Iterator<Item = Value>) -> Option<usize> {
    let factors: Vec<Vec<usize>> = values.map(|value| graph.factors(value)).collect();
    let count = |factor: usize| factors.iter().filter(|of| of.contains(&factor)).count();
    let all = factors.iter().flatten();
    let all = all.map(|factor| (count(*factor), *factor));
    all.filter(|(count, _)| *count > 1).max().map(|most| most.1)
}

/// A product without one of its factors.
pub fn without(graph: &mut Graph, value: Value, factor: usize) -> Value {
    let mut factors = graph.factors(value);
    if let Some(at) = factors.iter().position(|f| *f == factor) {
        factors.remove(at);
    }
    let factors = factors.into_iter().map(Value::of);
    factors.fold(Value::constant(value.scale), |product, factor| {
        graph.mul(product, factor)
    })
}
