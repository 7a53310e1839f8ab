//! The JSON form of a program and the rules that it keeps.

use super::fractions::Fractions;
use super::{Extent, Node, Program, Sum, MAX_COLUMNS, MAX_CONSTRAINT_DEGREE, MAX_SUM_DEGREE};
use crate::domain::{BLINDING, LANES, MAX_DEPTH, MIN_DEPTH};
use crate::error::{argument, Error, Result};
use crate::public::{Kind, Public};
use ark_ff::AdditiveGroup;
use serde::Deserialize;
use serde_json::Value;
use zkp_kernels::Fr;

/// Most elements of any list of a program.
pub(super) const MAX_LIST: usize = 1 << 16;
/// Most digits of a constant.
const MAX_DIGITS: usize = 100;
/// Digits of which a word of 64 bits holds every number, and their power of ten.
const WORD_DIGITS: usize = 19;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
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
    pub(super) fn check(self) -> Result<Program> {
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
        let below = (self.operands.iter().map(|o| o.terms.len()))
            .chain(self.helpers.iter().map(|h| h.fractions.len()));
        if lists.into_iter().chain(below).any(|n| n > MAX_LIST) {
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
            fractions: Vec::new(),
            operands: Vec::new(),
            helpers: Vec::new(),
            constraints: self.constraints.clone(),
            sums: Vec::new(),
            degrees: Vec::new(),
        };
        for (i, node) in self.nodes.iter().enumerate() {
            let node = self.node(node, i, &mut program.fractions)?;
            program
                .push(node)
                .map_err(|e| Error::Argument(format!("node {i}: {e}")))?;
        }
        self.check_uses(&mut program)?;
        Ok(program)
    }

    fn node(&self, node: &[Value], position: usize, lists: &mut Vec<Fractions>) -> Result<Node> {
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
            "fractions" => {
                let [gamma, alpha, delta] = [1, 2, 3].map(|k| index(k, position));
                let list = node.get(4).ok_or_else(malformed)?;
                let list = Fractions::read(gamma?, alpha?, delta?, list).ok_or_else(malformed)?;
                lists.push(list);
                (Node::Fractions(lists.len() - 1), 5)
            }
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
            let node = program.push(Node::Public(mask))?;
            let term = program.push(Node::Mul(node, expr))?;
            if program.degrees[term] > MAX_SUM_DEGREE {
                return argument(format!(
                    "{what} has degree {} > {MAX_SUM_DEGREE}",
                    program.degrees[term]
                ));
            }
            program.sums.push(Sum {
                mask,
                expr,
                term,
                value,
            });
        }
        Ok(())
    }
}

/// A signed decimal integer modulo `r`, without leading zeros or a plus sign.
pub(super) fn decimal(text: &str) -> Option<Fr> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits == "0" && text == "0" || !digits.starts_with('0');
    if !canonical || digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // As many digits at a time as a word holds.
    let value = (digits.as_bytes().chunks(WORD_DIGITS)).fold(Fr::ZERO, |sum, chunk| {
        let (word, scale) = chunk.iter().fold((0u64, 1u64), |(word, scale), b| {
            (10 * word + u64::from(b - b'0'), 10 * scale)
        });
        sum * Fr::from(scale) + Fr::from(word)
    });
    Some(if text.starts_with('-') { -value } else { value })
}
