//! What is known of the nodes of a program before it is run.

use crate::program::{Node, Program};
use ark_ff::AdditiveGroup;
use zkp_kernels::Fr;

/// What is known of the nodes of a program before it is run.
pub struct Folded {
    /// Values of the nodes that are the same everywhere.
    pub known: Vec<Option<Fr>>,
    /// For each node one before it that has the same values, or itself.
    pub same: Vec<usize>,
    degrees: Vec<usize>,
}

impl Folded {
    pub fn new(program: &Program, scalars: &[Option<Fr>], zero: &[bool]) -> Self {
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
                Node::Constant(_) | Node::Challenge(_) | Node::Inv(_) | Node::Fractions(_) => {}
            }
            degrees[n] = match *node {
                _ if known[n].is_some() => 0,
                Node::Column(_) | Node::Public(_) => 1,
                Node::Add(a, b) | Node::Sub(a, b) => degrees[a].max(degrees[b]),
                Node::Mul(a, b) => degrees[a] + degrees[b],
                Node::Constant(_) | Node::Challenge(_) | Node::Inv(_) | Node::Fractions(_) => 0,
            };
        }
        Folded {
            known,
            same,
            degrees,
        }
    }

    /// The degree of a node, none where it is zero everywhere.
    pub fn degree(&self, n: usize) -> Option<usize> {
        (self.known[n] != Some(Fr::ZERO)).then(|| self.degrees[n])
    }
}
