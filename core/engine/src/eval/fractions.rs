//! The constraint of a helper h, that it is a sum of fractions: `h D - N`, of which
//! `N / D = sum n_i / d_i` is taken apart and put together again with fewer products.

use super::factored::{commonest, without};
use super::graph::{Graph, Value};
use crate::program::{Node, Program};
use ark_ff::Field;
use zkp_kernels::Fr;

/// A numerator and a denominator.
type Fraction = (Value, Value);

/// A helper and its fractions `(n, d)`, by nodes.
pub struct Helper {
    pub column: usize,
    pub fractions: Vec<(usize, usize)>,
}

/// The helper of a constraint where a node is of the form `h D - N`, with `N / D` put
/// together from left to right as `(n, d) + (n', d') = (n d' + n' d, d d')`.
pub fn of_helper(program: &Program, node: usize) -> Option<Helper> {
    let nodes = &program.nodes;
    let Node::Sub(product, mut numerator) = nodes[node] else {
        return None;
    };
    let Node::Mul(column, mut denominator) = nodes[product] else {
        return None;
    };
    let mut fractions = Vec::new();
    while let Some((n, d, rest)) = last(nodes, numerator, denominator) {
        fractions.push((n, d));
        (numerator, denominator) = rest;
    }
    if fractions.is_empty() {
        return None;
    }
    fractions.push((numerator, denominator));
    fractions.reverse();
    Some(Helper { column, fractions })
}

/// The last fraction, and numerator and denominator of what is before it.
fn last(
    nodes: &[Node],
    numerator: usize,
    denominator: usize,
) -> Option<(usize, usize, (usize, usize))> {
    let Node::Mul(rest_d, d) = nodes[denominator] else {
        return None;
    };
    let Node::Add(left, right) = nodes[numerator] else {
        return None;
    };
    let (Node::Mul(rest_n, by), Node::Mul(n, of)) = (nodes[left], nodes[right]) else {
        return None;
    };
    (by == d && of == rest_d).then_some((n, d, (rest_n, rest_d)))
}

/// `h D - N`.
pub fn constraint(graph: &mut Graph, helper: Value, fractions: Vec<Fraction>) -> Value {
    let (zero, others): (Vec<Fraction>, Vec<Fraction>) =
        fractions.into_iter().partition(|(n, _)| n.is_zero());
    let mut out = helper;
    let mut denominator = Value::constant(Fr::ONE);
    for (n, d) in grouped(graph, others) {
        // h D - N, times d, less n D.
        let (left, right) = (graph.mul(out, d), graph.mul(n, denominator));
        out = graph.add_scaled(left, right, -Fr::ONE);
        denominator = graph.mul(denominator, d);
    }
    zero.into_iter().fold(out, |out, (_, d)| graph.mul(out, d))
}

/// Fractions with the same sum, those whose numerators have a factor in common as one; the one
/// of the highest number of denominators first.
fn grouped(graph: &mut Graph, fractions: Vec<Fraction>) -> Vec<Fraction> {
    let mut out = Vec::new();
    let mut rest = fractions;
    while let Some(factor) = commonest(graph, rest.iter().map(|f| f.0)) {
        let (group, others): (Vec<Fraction>, Vec<Fraction>) = rest
            .into_iter()
            .partition(|(n, _)| graph.factors(*n).contains(&factor));
        let group = group
            .into_iter()
            .map(|(n, d)| (without(graph, n, factor), d));
        let group = group.collect();
        let (n, d) = sum(graph, group);
        out.push((graph.mul(n, Value::of(factor)), d));
        rest = others;
    }
    out.extend(rest);
    out
}

/// One fraction equal to the sum, in pairs and pairs of pairs.
fn sum(graph: &mut Graph, fractions: Vec<Fraction>) -> Fraction {
    let mut queue = std::collections::VecDeque::from(grouped(graph, fractions));
    while queue.len() > 1 {
        if let (Some((n, d)), Some((m, e))) = (queue.pop_front(), queue.pop_front()) {
            let (left, right) = (graph.mul(n, e), graph.mul(m, d));
            queue.push_back((graph.add_scaled(left, right, Fr::ONE), graph.mul(d, e)));
        }
    }
    queue
        .pop_front()
        .unwrap_or((Value::constant(Fr::default()), Value::constant(Fr::ONE)))
}
