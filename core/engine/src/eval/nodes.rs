//! From the nodes of a program to expressions.

use super::folded::Folded;
use super::fractions::{self, Helper};
use super::graph::{Graph, Value};
use super::Source;
use crate::program::{Node, Program};
use ark_ff::{AdditiveGroup, Field};
use zkp_kernels::Fr;

/// The values of some nodes.
pub fn values(
    graph: &mut Graph,
    program: &Program,
    folded: &Folded,
    roots: impl Iterator<Item = usize>,
) -> Vec<Value> {
    let roots: Vec<usize> = roots.collect();
    let helper = |root: &usize| match folded.known[*root] {
        None => fractions::of_helper(program, *root),
        Some(_) => None,
    };
    let helpers: Vec<Option<Helper>> = roots.iter().map(helper).collect();
    let mut wanted = vec![false; program.nodes.len()];
    for (root, helper) in roots.iter().zip(&helpers) {
        match helper {
            None => wanted[*root] = true,
            Some(helper) => {
                wanted[helper.column] = true;
                let nodes = helper.fractions.iter().flat_map(|(n, d)| [*n, *d]);
                nodes.for_each(|node| wanted[node] = true);
            }
        }
    }
    for n in (0..wanted.len()).rev() {
        if !wanted[n] || folded.known[n].is_some() {
            continue;
        }
        wanted[folded.same[n]] = true;
        if let Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) = program.nodes[n] {
            wanted[a] = true;
            wanted[b] = true;
        }
    }
    let mut values = vec![Value::constant(Fr::ZERO); wanted.len()];
    for n in 0..wanted.len() {
        if !wanted[n] {
            continue;
        }
        values[n] = match (folded.known[n], program.nodes[n]) {
            (Some(c), _) => Value::constant(c),
            _ if folded.same[n] != n => values[folded.same[n]],
            (_, Node::Column(k)) => graph.leaf(Source::Column(k)),
            (_, Node::Public(p)) => graph.leaf(Source::Public(p)),
            (_, Node::Add(a, b)) => graph.add_scaled(values[a], values[b], Fr::ONE),
            (_, Node::Sub(a, b)) => graph.add_scaled(values[a], values[b], -Fr::ONE),
            (_, Node::Mul(a, b)) => graph.mul(values[a], values[b]),
            // Scalars, whose value is known.
            (_, Node::Constant(_) | Node::Challenge(_) | Node::Inv(_) | Node::Fractions(_)) => {
                continue
            }
        };
    }
    let of_root = |(root, helper): (&usize, Option<Helper>)| match helper {
        None => values[*root],
        Some(helper) => {
            let fractions = helper.fractions.iter();
            let fractions = fractions.map(|(n, d)| (values[*n], values[*d])).collect();
            fractions::constraint(graph, values[helper.column], fractions)
        }
    };
    roots.iter().zip(helpers).map(of_root).collect()
}
