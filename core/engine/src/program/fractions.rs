//! Lists that a statement publishes, as one node: a sum of public fractions (specification: programs, "fractions").

use super::document::{decimal, MAX_LIST};
use crate::error::{Error, Result};
use ark_ff::{batch_inversion, AdditiveGroup};
use serde_json::Value;
use zkp_kernels::Fr;

/// `sum_l (sum_i delta^i n_li) / (gamma + sum_k alpha^k v_lk)`; `gamma`, `alpha` and `delta` are scalar nodes.
#[derive(Clone, Debug)]
pub struct Fractions {
    pub gamma: usize,
    pub alpha: usize,
    pub delta: usize,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    numerator: Vec<Fr>,
    value: Vec<Fr>,
}

impl Fractions {
    /// Reads `[[[n_l0, ...], [v_l0, ...]], ...]`; `None` where the list is not one.
    pub(super) fn read(gamma: usize, alpha: usize, delta: usize, list: &Value) -> Option<Self> {
        let entries = elements(list)?
            .iter()
            .map(|entry| match elements(entry)? {
                [numerator, value] => Some(Entry {
                    numerator: integers(numerator)?,
                    value: integers(value)?,
                }),
                _ => None,
            })
            .collect::<Option<_>>()?;
        Some(Self {
            gamma,
            alpha,
            delta,
            entries,
        })
    }

    /// The sum, given the value of each scalar node; all denominators are inverted together.
    ///
    /// # Errors
    /// [`Error::Rejected`] where a denominator is zero.
    pub(super) fn sum(&self, scalar: impl Fn(usize) -> Fr) -> Result<Fr> {
        let (gamma, alpha, delta) = (scalar(self.gamma), scalar(self.alpha), scalar(self.delta));
        let mut inverses: Vec<Fr> = (self.entries.iter())
            .map(|entry| gamma + horner(&entry.value, alpha))
            .collect();
        if inverses.contains(&Fr::ZERO) {
            return Err(Error::Rejected("the program divides by zero".into()));
        }
        batch_inversion(&mut inverses);
        Ok((self.entries.iter().zip(inverses))
            .map(|(entry, inverse)| horner(&entry.numerator, delta) * inverse)
            .sum())
    }
}

/// `sum_i base^i coefficients_i`.
fn horner(coefficients: &[Fr], base: Fr) -> Fr {
    coefficients
        .iter()
        .rev()
        .fold(Fr::ZERO, |sum, c| sum * base + c)
}

fn elements(value: &Value) -> Option<&[Value]> {
    (value.as_array().map(Vec::as_slice)).filter(|list| (1..=MAX_LIST).contains(&list.len()))
}

fn integers(value: &Value) -> Option<Vec<Fr>> {
    elements(value)?
        .iter()
        .map(|each| each.as_str().and_then(decimal))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::Field;
    use serde_json::json;

    fn read(list: Value) -> Option<Fractions> {
        Fractions::read(0, 1, 2, &list)
    }

    #[test]
    fn a_list_is_the_sum_of_its_fractions() {
        let list = read(json!([[["3", "-4"], ["5"]], [["1"], ["0", "7", "-2"]]])).unwrap();
        let [gamma, alpha, delta] = [11u64, 13, 17].map(Fr::from);
        let of = |n: i64| Fr::from(n);
        let wanted = (of(3) - of(4) * delta) * (gamma + of(5)).inverse().unwrap()
            + (gamma + of(7) * alpha - of(2) * alpha * alpha)
                .inverse()
                .unwrap();
        assert_eq!(list.sum(|n| [gamma, alpha, delta][n]).unwrap(), wanted);
        let zero = list.sum(|n| [-of(5), alpha, delta][n]);
        assert!(matches!(zero, Err(Error::Rejected(_))));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for list in [
            json!([]),
            json!({}),
            json!(null),
            json!([[]]),
            json!([[["1"]]]),
            json!([[["1"], []]]),
            json!([[[], ["1"]]]),
            json!([[["1"], ["1"], ["1"]]]),
            json!([[["1"], [1]]]),
            json!([[["01"], ["1"]]]),
            json!([[["1"], ["-0"]]]),
            json!([[["1"], ["9".repeat(101)]]]),
            json!([["1", ["1"]]]),
            json!(vec![json!([["1"], ["1"]]); MAX_LIST + 1]),
        ] {
            assert!(read(list.clone()).is_none(), "{list}");
        }
    }
}
