//! Programs: plain data, parsed strictly and checked (specification: programs).

use crate::domain::{BLINDING, LANES, MAX_DEPTH, MIN_DEPTH};
use crate::error::{argument, Error, Result};
use crate::public::{Kind, Public};
use ark_ff::{AdditiveGroup, Field};
use serde::Deserialize;
use serde_json::Value;
use zkp_kernels::Fr;

/// Largest total degree of a constraint.
pub const MAX_CONSTRAINT_DEGREE: u32 = 15;
/// Largest total degree of a sum, its mask included.
pub const MAX_SUM_DEGREE: u32 = 16;
/// Most columns (operands, aux, helpers): more would make a proof larger than 1,024 bytes.
pub const MAX_COLUMNS: usize = 10;
/// Most elements of any list of a program.
const MAX_LIST: usize = 1 << 16;
/// Most bytes of a program's JSON.
const MAX_JSON: usize = 1 << 24;
/// Most digits of a constant.
const MAX_DIGITS: usize = 100;

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

    /// The rows that lie in a lane.
    pub fn rows_of_lane(&self, lane: usize) -> std::ops::Range<usize> {
        let start = (lane * self.data()).min(self.rows);
        start..(start + self.data()).min(self.rows)
    }
}

/// A sum over all cells of the grid.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    depth: usize,
    commitments: Vec<CommitmentDocument>,
    public: Vec<PublicDocument>,
    challenges: Vec<String>,
    nodes: Vec<Vec<Value>>,
    operands: Vec<OperandDocument>,
    aux: Vec<AuxDocument>,
    helpers: Vec<HelperDocument>,
    constraints: Vec<usize>,
    sums: Vec<SumDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // The names are for people and other tools; they are required all the same.
struct CommitmentDocument {
    dataset: String,
    column: u32,
    part: String,
    depth: usize,
    rows: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicDocument {
    kind: Kind,
    depth: usize,
    rows: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct OperandDocument {
    label: String,
    terms: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct AuxDocument {
    label: String,
    depth: usize,
    rows: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct HelperDocument {
    label: String,
    fractions: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SumDocument {
    mask: usize,
    expr: usize,
    value: usize,
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
    /// [`Error::Rejected`] where the inverse of zero is taken.
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
            };
            out.push(value);
        }
        Ok(out)
    }
}

fn check_depth(depth: usize, largest: usize, what: &str) -> Result<()> {
    if depth.is_power_of_two() && (MIN_DEPTH..=largest).contains(&depth) {
        return Ok(());
    }
    argument(format!(
        "{what}: depth {depth} is not a power of two from {MIN_DEPTH} to {largest}"
    ))
}

fn check_extent(depth: usize, rows: usize, largest: usize, what: &str) -> Result<Extent> {
    check_depth(depth, largest, what)?;
    if rows > (depth - BLINDING) * LANES {
        return argument(format!("{what}: {rows} rows do not fit into depth {depth}"));
    }
    Ok(Extent { depth, rows })
}

fn check_index(index: usize, length: usize, what: &str) -> Result<usize> {
    if index < length {
        return Ok(index);
    }
    argument(format!("{what}: there is no number {index} among {length}"))
}

impl Document {
    fn check(self) -> Result<Program> {
        if self.version != 1 {
            return argument(format!(
                "the program has version {}, known is 1",
                self.version
            ));
        }
        check_depth(self.depth, MAX_DEPTH, "the program")?;
        let lists = [
            self.commitments.len(),
            self.public.len(),
            self.challenges.len(),
            self.nodes.len(),
            self.constraints.len(),
            self.sums.len(),
        ];
        if lists.into_iter().any(|n| n > MAX_LIST) {
            return argument(format!(
                "a list of the program has more than {MAX_LIST} elements"
            ));
        }
        let columns = self.operands.len() + self.aux.len() + self.helpers.len();
        if !(1..=MAX_COLUMNS).contains(&columns) {
            return argument(format!(
                "the program has {columns} columns, allowed are 1 to {MAX_COLUMNS}"
            ));
        }
        if let Some(label) = self.challenges.iter().find(|l| !l.is_ascii()) {
            return argument(format!("the challenge label {label:?} is not ASCII"));
        }
        let extent = |depth, rows, what: String| check_extent(depth, rows, self.depth, &what);
        let mut program = Program {
            depth: self.depth,
            commitments: (self.commitments.iter().enumerate())
                .map(|(i, c)| extent(c.depth, c.rows, format!("commitment {i}")))
                .collect::<Result<_>>()?,
            publics: (self.public.iter().enumerate())
                .map(|(i, p)| {
                    let extent = extent(p.depth, p.rows, format!("public column {i}"))?;
                    Ok(Public {
                        kind: p.kind,
                        extent,
                    })
                })
                .collect::<Result<_>>()?,
            aux: (self.aux.iter().enumerate())
                .map(|(i, a)| extent(a.depth, a.rows, format!("aux column {i}")))
                .collect::<Result<_>>()?,
            challenges: self.challenges.clone(),
            nodes: Vec::with_capacity(self.nodes.len() + 2 * self.sums.len()),
            operands: Vec::new(),
            helpers: Vec::new(),
            constraints: self.constraints.clone(),
            sums: Vec::new(),
            degrees: Vec::new(),
        };
        for (i, node) in self.nodes.iter().enumerate() {
            let node = self.node(node, i)?;
            program
                .push(node)
                .map_err(|e| Error::Argument(format!("node {i}: {e}")))?;
        }
        self.check_uses(&mut program)?;
        Ok(program)
    }

    fn node(&self, node: &[Value], position: usize) -> Result<Node> {
        let malformed = || Error::Argument(format!("node {position} is malformed"));
        let what = format!("node {position}");
        let kind = node.first().and_then(Value::as_str).ok_or_else(malformed)?;
        let index = |k: usize, length: usize| {
            let index = node.get(k).and_then(Value::as_u64).ok_or_else(malformed)?;
            check_index(usize::try_from(index).unwrap_or(usize::MAX), length, &what)
        };
        let operands = self.operands.len();
        let (parsed, length) = match kind {
            "c" => {
                let text = node.get(1).and_then(Value::as_str).ok_or_else(malformed)?;
                (Node::Constant(decimal(text).ok_or_else(malformed)?), 2)
            }
            "ch" => (Node::Challenge(index(1, self.challenges.len())?), 2),
            "op" => (Node::Column(index(1, operands)?), 2),
            "aux" => (Node::Column(operands + index(1, self.aux.len())?), 2),
            "h" => (
                Node::Column(operands + self.aux.len() + index(1, self.helpers.len())?),
                2,
            ),
            "pub" => (Node::Public(index(1, self.public.len())?), 2),
            "+" => (Node::Add(index(1, position)?, index(2, position)?), 3),
            "-" => (Node::Sub(index(1, position)?, index(2, position)?), 3),
            "*" => (Node::Mul(index(1, position)?, index(2, position)?), 3),
            "inv" => (Node::Inv(index(1, position)?), 2),
            other => return argument(format!("node {position}: unknown kind {other:?}")),
        };
        if node.len() != length {
            return Err(malformed());
        }
        Ok(parsed)
    }

    fn check_uses(&self, program: &mut Program) -> Result<()> {
        let nodes = self.nodes.len();
        let scalar = |node: usize, program: &Program, what: &str| {
            check_index(node, nodes, what)?;
            if program.degrees[node] != 0 {
                return argument(format!("{what}: node {node} is not a scalar"));
            }
            Ok(node)
        };
        for (i, operand) in self.operands.iter().enumerate() {
            let what = format!("operand {i}");
            for (node, commitment) in &operand.terms {
                scalar(*node, program, &what)?;
                check_index(*commitment, self.commitments.len(), &what)?;
            }
            program.operands.push(operand.terms.clone());
        }
        let first_helper = self.operands.len() + self.aux.len();
        let reads_helper = program.reads(|k| k >= first_helper);
        for (i, helper) in self.helpers.iter().enumerate() {
            let what = format!("helper {i}");
            for node in helper.fractions.iter().flat_map(|(n, d)| [*n, *d]) {
                if reads_helper[check_index(node, nodes, &what)?] {
                    return argument(format!("{what}: a fraction refers to a helper"));
                }
            }
            program.helpers.push(helper.fractions.clone());
        }
        for (i, node) in self.constraints.iter().enumerate() {
            let degree = program.degrees[check_index(*node, nodes, &format!("constraint {i}"))?];
            if degree > MAX_CONSTRAINT_DEGREE {
                return argument(format!(
                    "constraint {i} has degree {degree} > {MAX_CONSTRAINT_DEGREE}"
                ));
            }
        }
        for (i, sum) in self.sums.iter().enumerate() {
            let what = format!("sum {i}");
            let mask = check_index(sum.mask, self.public.len(), &what)?;
            if self.public[mask].kind != Kind::Mask {
                return argument(format!("{what}: public column {mask} is not a mask"));
            }
            let expr = check_index(sum.expr, nodes, &what)?;
            let value = scalar(sum.value, program, &what)?;
            let mask = program.push(Node::Public(mask))?;
            let term = program.push(Node::Mul(mask, expr))?;
            if program.degrees[term] > MAX_SUM_DEGREE {
                return argument(format!(
                    "{what} has degree {} > {MAX_SUM_DEGREE}",
                    program.degrees[term]
                ));
            }
            program.sums.push(Sum { term, value });
        }
        Ok(())
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
        };
        self.degrees.push(degree);
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
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

/// A signed decimal integer modulo `r`, without leading zeros or a plus sign.
fn decimal(text: &str) -> Option<Fr> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits == "0" && text == "0" || !digits.starts_with('0');
    if !canonical || digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    let ten = Fr::from(10u64);
    let value = digits.bytes().try_fold(Fr::ZERO, |sum, b| {
        b.is_ascii_digit()
            .then(|| sum * ten + Fr::from(u64::from(b - b'0')))
    })?;
    Some(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
