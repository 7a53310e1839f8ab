//! Programs: plain data, parsed strictly and checked (specification: programs).

mod document;
mod fractions;

use crate::domain::{BLINDING, LANES};
use crate::error::{argument, Error, Result};
use crate::public::Public;
use ark_ff::{AdditiveGroup, Field};
use document::Document;
use fractions::Fractions;
use zkp_kernels::Fr;

/// Largest total degree of a constraint.
pub const MAX_CONSTRAINT_DEGREE: u32 = 15;
/// Largest total degree of a sum, its mask included.
pub const MAX_SUM_DEGREE: u32 = 16;
/// Most columns (operands, aux, helpers): more would make a proof larger than 1,024 bytes.
pub const MAX_COLUMNS: usize = 10;
/// Most bytes of a program's JSON.
const MAX_JSON: usize = 1 << 24;

/// An expression; indices point to nodes before it. Columns are numbered operands, aux, helpers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node {
    Constant(Fr),
    Challenge(usize),
    Column(usize),
    Public(usize),
    Add(usize, usize),
    Sub(usize, usize),
    Mul(usize, usize),
    Inv(usize),
    /// A number of `Program::fractions`.
    Fractions(usize),
}

/// Where the rows of a column lie: row `m` at lane `m div D'`, position `m mod D'`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub depth: usize,
    pub rows: usize,
}

impl Extent {
    /// `D' = A' - 3`.
    pub fn data(&self) -> usize {
        self.depth - BLINDING
    }

    /// The lanes that hold rows, from the first on.
    pub fn lanes(&self) -> usize {
        self.rows.div_ceil(self.data())
    }

    /// The rows that lie in a lane.
    pub fn rows_of_lane(&self, lane: usize) -> std::ops::Range<usize> {
        let start = (lane * self.data()).min(self.rows);
        start..(start + self.data()).min(self.rows)
    }
}

/// A sum over all cells of the grid.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// Number of the mask, a public column.
    pub mask: usize,
    /// Node of the expression.
    pub expr: usize,
    /// Node of mask times expression.
    pub term: usize,
    /// Scalar node of the value.
    pub value: usize,
}

/// A checked program.
#[derive(Clone, Debug)]
pub struct Program {
    pub depth: usize,
    pub commitments: Vec<Extent>,
    pub publics: Vec<Public>,
    pub challenges: Vec<String>,
    /// The program's nodes, followed by the mask and the product of each sum.
    pub nodes: Vec<Node>,
    pub fractions: Vec<Fractions>,
    /// Terms `(scalar node, commitment)`.
    pub operands: Vec<Vec<(usize, usize)>>,
    pub aux: Vec<Extent>,
    /// Fractions `(numerator, denominator)`.
    pub helpers: Vec<Vec<(usize, usize)>>,
    pub constraints: Vec<usize>,
    pub sums: Vec<Sum>,
    /// Total degree of each node; 0 for a scalar.
    pub degrees: Vec<u32>,
}

impl Program {
    /// Parses and checks the JSON form.
    ///
    /// # Errors
    /// [`Error::Argument`] with the first rule that is broken.
    pub fn parse(json: &[u8]) -> Result<Self> {
        if json.len() > MAX_JSON {
            return argument("the program is larger than 16 MiB");
        }
        let document: Document = serde_json::from_slice(json)
            .map_err(|e| Error::Argument(format!("the program is malformed: {e}")))?;
        document.check()
    }

    /// `K`, the number of operands, aux and helpers.
    pub fn columns(&self) -> usize {
        self.operands.len() + self.aux.len() + self.helpers.len()
    }

    /// `32 (2K + 12)`.
    pub fn proof_bytes(&self) -> usize {
        32 * (2 * self.columns() + 12)
    }

    /// Values of all scalar nodes; `None` for the others.
    ///
    /// # Errors
    /// [`Error::Rejected`] where the inverse of zero is taken, or a published fraction has a zero denominator.
    pub fn scalars(&self, challenges: &[Fr]) -> Result<Vec<Option<Fr>>> {
        let mut out: Vec<Option<Fr>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let both = |a: usize, b: usize| Some((out[a]?, out[b]?));
            let value = match *node {
                Node::Constant(c) => Some(c),
                Node::Challenge(i) => Some(challenges[i]),
                Node::Column(_) | Node::Public(_) => None,
                Node::Add(a, b) => both(a, b).map(|(a, b)| a + b),
                Node::Sub(a, b) => both(a, b).map(|(a, b)| a - b),
                Node::Mul(a, b) => both(a, b).map(|(a, b)| a * b),
                Node::Inv(a) => match out[a].and_then(|a| a.inverse()) {
                    None => return Err(Error::Rejected("the program inverts zero".into())),
                    inverse => inverse,
                },
                // Parsing made sure that what it refers to is scalar.
                Node::Fractions(at) => {
                    Some(self.fractions[at].sum(|n| out[n].unwrap_or_default())?)
                }
            };
            out.push(value);
        }
        Ok(out)
    }
}

impl Program {
    fn push(&mut self, node: Node) -> Result<usize> {
        let degree = match node {
            Node::Constant(_) | Node::Challenge(_) => 0,
            Node::Column(_) | Node::Public(_) => 1,
            Node::Add(a, b) | Node::Sub(a, b) => self.degrees[a].max(self.degrees[b]),
            Node::Mul(a, b) => self.degrees[a].saturating_add(self.degrees[b]),
            Node::Inv(a) if self.degrees[a] == 0 => 0,
            Node::Inv(_) => return argument("the inverse of a column is not an expression"),
            Node::Fractions(at) => {
                let Fractions {
                    gamma,
                    alpha,
                    delta,
                    ..
                } = self.fractions[at];
                if [gamma, alpha, delta].iter().any(|n| self.degrees[*n] != 0) {
                    return argument("the fractions of a column are not an expression");
                }
                0
            }
        };
        self.degrees.push(degree);
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// The lanes, from the first on, beyond which all data cells of all columns are zero, and all
    /// public columns but the mask of all data cells.
    pub fn lanes_in_use(&self) -> usize {
        let whole = |p: &Public| p.masks_all(self.depth);
        let publics = self.publics.iter().filter(|p| !whole(p));
        let extents = self.commitments.iter().chain(&self.aux);
        let lanes = publics.map(Public::first_zero_lane);
        let lanes = lanes.chain(extents.map(Extent::lanes)).max().unwrap_or(0);
        // Whether a node can be other than zero beyond.
        let mut some = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            some.push(match *node {
                Node::Constant(c) => c != Fr::ZERO,
                Node::Challenge(_) | Node::Inv(_) | Node::Fractions(_) => true,
                Node::Column(_) => false,
                Node::Public(p) => whole(&self.publics[p]),
                Node::Add(a, b) | Node::Sub(a, b) => some[a] || some[b],
                Node::Mul(a, b) => some[a] && some[b],
            });
        }
        let mut numerators = self.helpers.iter().flatten().map(|f| f.0);
        match numerators.any(|n| some[n]) {
            true => LANES,
            // In the first lane lies the blinding value of a commitment, which is among the data
            // cells of a larger grid.
            false => lanes.max(1),
        }
    }

    /// For each node whether a column that is `wanted` is below it.
    fn reads(&self, wanted: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut out = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            out.push(match *node {
                Node::Column(k) => wanted(k),
                Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => out[a] || out[b],
                _ => false,
            });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, Value};

    fn program() -> Value {
        json!({
            "version": 1, "depth": 16,
            "commitments": [{"dataset": "d", "column": 0, "part": "value", "depth": 8, "rows": 100}],
            "public": [{"kind": "mask", "depth": 8, "rows": 100}, {"kind": "index", "depth": 8, "rows": 100}],
            "challenges": ["gamma"],
            "nodes": [["c", "-1"], ["ch", 0], ["op", 0], ["aux", 0], ["h", 0], ["pub", 0],
                      ["+", 2, 1], ["*", 6, 5], ["inv", 1], ["-", 7, 4]],
            "operands": [{"label": "x", "terms": [[0, 0], [8, 0]]}],
            "aux": [{"label": "b", "depth": 8, "rows": 100}],
            "helpers": [{"label": "h", "fractions": [[5, 6]]}],
            "constraints": [9, 7],
            "sums": [{"mask": 0, "expr": 4, "value": 1}]
        })
    }

    fn parse(v: &Value) -> Result<Program> {
        Program::parse(&serde_json::to_vec(v).unwrap())
    }

    #[test]
    fn a_program_is_read() {
        let p = parse(&program()).unwrap();
        assert_eq!((p.columns(), p.proof_bytes()), (3, 576));
        assert_eq!(p.nodes[4], Node::Column(2));
        assert_eq!(p.degrees, [0, 0, 1, 1, 1, 1, 1, 2, 0, 2, 1, 2]);
        assert_eq!(p.sums[0].term, 11);
        let s = p.scalars(&[Fr::from(4u64)]).unwrap();
        assert_eq!(s[8].map(|x| x * Fr::from(4u64)), Some(Fr::ONE));
        assert!(matches!(p.scalars(&[Fr::ZERO]), Err(Error::Rejected(_))));
    }

    #[test]
    fn lanes_in_use_are_those_of_rows() {
        // 100 rows of 5 to a lane.
        let mut p = program();
        assert_eq!(parse(&p).unwrap().lanes_in_use(), 20);
        p["aux"][0]["rows"] = json!(101);
        assert_eq!(parse(&p).unwrap().lanes_in_use(), 21);
        // The mask of all data cells counts for nothing, but in a numerator.
        let whole = json!({"kind": "mask", "depth": 16, "rows": 13 * 1024});
        p["public"].as_array_mut().unwrap().push(whole);
        p["nodes"].as_array_mut().unwrap().push(json!(["pub", 2]));
        assert_eq!(parse(&p).unwrap().lanes_in_use(), 21);
        for (numerator, lanes) in [
            (5, 21),
            (2, 21),
            (7, 21),
            (6, LANES),
            (0, LANES),
            (10, LANES),
        ] {
            p["helpers"][0]["fractions"][0][0] = json!(numerator);
            assert_eq!(parse(&p).unwrap().lanes_in_use(), lanes, "{numerator}");
        }
        // That of a table of smaller depth is another polynomial.
        p["helpers"][0]["fractions"][0][0] = json!(5);
        p["public"][2] = json!({"kind": "mask", "depth": 8, "rows": 5 * 1024});
        assert_eq!(parse(&p).unwrap().lanes_in_use(), LANES);
        // The blinding value of a commitment without rows lies in a lane.
        let mut p = program();
        for list in ["commitments", "public", "aux"] {
            p[list]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .for_each(|e| e["rows"] = json!(0));
        }
        assert_eq!(parse(&p).unwrap().lanes_in_use(), 1);
    }

    #[test]
    fn broken_programs_are_refused() {
        let breaks: [(&str, Value); 24] = [
            ("/version", json!(2)),
            ("/depth", json!(12)),
            ("/depth", json!(4)),
            ("/depth", json!(32768)),
            ("/commitments/0/depth", json!(32)),
            ("/commitments/0/rows", json!(5 * 1024 + 1)),
            ("/commitments/0/rows", json!(-1)),
            ("/public/0/kind", json!("range")),
            ("/public/0/kind", json!("index")),
            ("/challenges/0", json!("\u{3b3}")),
            ("/nodes/0/1", json!("+1")),
            ("/nodes/0/1", json!("-0")),
            ("/nodes/0/1", json!("")),
            ("/nodes/0", json!(["c", "1", "2"])),
            ("/nodes/6/1", json!(6)),
            ("/nodes/8/1", json!(2)),
            ("/nodes/2/1", json!(1)),
            ("/operands/0/terms/0/0", json!(2)),
            ("/operands/0/terms/0/1", json!(1)),
            ("/helpers/0/fractions/0/1", json!(4)),
            ("/constraints/0", json!(10)),
            ("/sums/0/value", json!(2)),
            ("/operands", json!([])),
            ("/nodes/7", json!(["^", 1, 2])),
        ];
        for (pointer, value) in breaks {
            let mut p = program();
            *p.pointer_mut(pointer).unwrap() = value;
            assert!(
                matches!(parse(&p), Err(Error::Argument(_))),
                "{pointer} = {p}"
            );
        }
        let mut p = program();
        p["more"] = json!(1);
        assert!(parse(&p).is_err());
    }

    #[test]
    fn degrees_are_bounded() {
        for (factors, refused) in [(15, false), (16, true)] {
            let mut p = program();
            let nodes = p["nodes"].as_array_mut().unwrap();
            let mut last = 2;
            for _ in 1..factors {
                nodes.push(json!(["*", last, 2]));
                last = nodes.len() - 1;
            }
            p["constraints"] = json!([last]);
            assert_eq!(parse(&p).is_err(), refused);
            p["constraints"] = json!([]);
            p["sums"][0]["expr"] = json!(last);
            assert_eq!(parse(&p).is_err(), refused);
        }
    }
}
