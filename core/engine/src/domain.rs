//! The grid's two axes: subgroups, their points in bit-reversed order, Lagrange polynomials, and
//! interpolation from cosets.

use ark_ff::{AdditiveGroup, Field};
use std::sync::{Arc, OnceLock};
use zkp_kernels::{batch_invert, root_of_unity, FieldPath, Fr, Portable, Twiddles};

/// Lanes of a grid, a constant of the protocol version.
pub const LANES: usize = 1024;
/// Smallest and largest depth of a grid.
pub const MIN_DEPTH: usize = 4;
pub const MAX_DEPTH: usize = 16384;
/// Blinding positions of a lane.
pub const BLINDING: usize = 3;

/// Reverses the lowest `bits` bits.
pub fn bit_reverse(i: usize, bits: u32) -> usize {
    if bits == 0 {
        0
    } else {
        i.reverse_bits() >> (usize::BITS - bits)
    }
}

/// Brings values into bit-reversed order, or back.
pub fn permute<T: Copy>(x: &[T]) -> Vec<T> {
    let bits = x.len().trailing_zeros();
    (0..x.len()).map(|i| x[bit_reverse(i, bits)]).collect()
}

/// The subgroup of order `size`, a power of two from 4 to 16384.
pub struct Domain {
    pub size: usize,
    pub twiddles: Twiddles,
    /// `w^bitrev(i)`.
    pub points: Vec<Fr>,
}

impl Domain {
    /// The domain of an order, made once.
    ///
    /// # Panics
    /// Unless `size` is a power of two from 4 to 16384.
    pub fn of(size: usize) -> Arc<Domain> {
        static MADE: [OnceLock<Arc<Domain>>; 13] = [const { OnceLock::new() }; 13];
        assert!(size.is_power_of_two() && (MIN_DEPTH..=MAX_DEPTH).contains(&size));
        let made = &MADE[size.trailing_zeros() as usize - 2];
        made.get_or_init(|| Arc::new(Domain::new(size))).clone()
    }

    fn new(size: usize) -> Self {
        let root = root_of_unity(size);
        Domain {
            size,
            twiddles: Twiddles::new(size),
            points: permute(&powers(root, size)),
        }
    }

    /// Data positions of a lane.
    pub fn data(&self) -> usize {
        self.size - BLINDING
    }

    /// `Z_A(x) = x^A - 1`.
    pub fn vanishing(&self, x: Fr) -> Fr {
        x.pow([self.size as u64]) - Fr::ONE
    }

    /// `Z_blind(x)`.
    pub fn blinding_vanishing(&self, x: Fr) -> Fr {
        self.points[self.data()..].iter().map(|b| x - b).product()
    }

    /// `Z_data(x)`, for `x` outside the domain.
    pub fn data_vanishing(&self, x: Fr) -> Option<Fr> {
        Some(self.vanishing(x) * self.blinding_vanishing(x).inverse()?)
    }

    /// `Z_data` at the three blinding points: `A b^(A-1) / prod (b - b')`.
    pub fn data_vanishing_at_blinding(&self) -> [Fr; BLINDING] {
        let b = &self.points[self.data()..];
        std::array::from_fn(|i| {
            let others: Fr = (0..BLINDING)
                .filter(|k| *k != i)
                .map(|k| b[i] - b[k])
                .product();
            // b^A = 1, and points of the domain differ.
            Fr::from(self.size as u64) * (b[i] * others).inverse().unwrap_or_default()
        })
    }

    /// All Lagrange polynomials at `x`, in the order of the points; `None` inside the domain.
    pub fn lagrange(&self, x: Fr) -> Option<Vec<Fr>> {
        let mut out: Vec<Fr> = self.points.iter().map(|a| x - a).collect();
        let factor = self.vanishing(x) * self.twiddles.len_inv;
        if factor == Fr::ZERO {
            return None;
        }
        batch_invert(&mut out);
        out.iter_mut()
            .zip(&self.points)
            .for_each(|(l, a)| *l *= factor * a);
        Some(out)
    }

    /// Coefficients of the polynomial with these values in bit-reversed order.
    pub fn interpolate(&self, mut values: Vec<Fr>) -> Vec<Fr> {
        Portable.ifft(&mut values, &self.twiddles);
        values
    }

    /// Values on `shift` times the domain, in bit-reversed order, of a polynomial of at most
    /// `size` coefficients.
    pub fn evaluate(&self, coefficients: &[Fr], shift: Fr) -> Vec<Fr> {
        let mut out = vec![Fr::ZERO; self.size];
        let mut power = Fr::ONE;
        for (o, c) in out.iter_mut().zip(coefficients) {
            *o = power * c;
            power *= shift;
        }
        Portable.fft(&mut out, &self.twiddles);
        out
    }
}

/// `1, x, .., x^(n-1)`.
pub fn powers(x: Fr, n: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |p| Some(*p * x))
        .take(n)
        .collect()
}

/// Cosets `s_c H_A`, `c = 1..=count`, of the smallest larger subgroup, none of them `H_A` itself.
/// On coset `c` the power `Z^A` is the constant `kappa_c`.
pub struct Cosets {
    pub shifts: Vec<Fr>,
    pub kappas: Vec<Fr>,
}

impl Cosets {
    pub fn new(size: usize, count: usize) -> Self {
        let ratio = (count + 1).next_power_of_two();
        let pick = |root: Fr| powers(root, count + 1)[1..].to_vec();
        Cosets {
            shifts: pick(root_of_unity(size * ratio)),
            kappas: pick(root_of_unity(ratio)),
        }
    }

    /// Coefficients of the polynomial of degree below `values.len() * size` with these values on
    /// the first `values.len()` cosets.
    pub fn interpolate(&self, domain: &Domain, values: Vec<Vec<Fr>>) -> Vec<Fr> {
        let (size, count) = (domain.size, values.len());
        // p_c = sum_u kappa_c^u q_u, the remainder modulo Z^A - kappa_c.
        let remainders: Vec<Vec<Fr>> = values
            .into_iter()
            .zip(&self.shifts)
            .map(|(v, shift)| {
                let mut p = domain.interpolate(v);
                let inverse = shift.inverse().unwrap_or_default();
                let mut power = Fr::ONE;
                for c in &mut p {
                    *c *= power;
                    power *= inverse;
                }
                p
            })
            .collect();
        let matrix = inverse_vandermonde(&self.kappas[..count]);
        let mut out = vec![Fr::ZERO; size * count];
        for (q, row) in out.chunks_exact_mut(size).zip(&matrix) {
            for (p, m) in remainders.iter().zip(row) {
                Portable.add_scaled(q, p, *m);
            }
        }
        out
    }

    /// Adds `Z_cosets(Z) * low(Z)`, where `Z_cosets` vanishes on the first `count` cosets, to `out`.
    pub fn add_vanishing_multiple(&self, size: usize, count: usize, low: &[Fr], out: &mut Vec<Fr>) {
        let z = from_roots(&self.kappas[..count]);
        let length = count * size + low.len();
        if out.len() < length {
            out.resize(length, Fr::ZERO);
        }
        for (u, c) in z.iter().enumerate() {
            for (i, l) in low.iter().enumerate() {
                out[u * size + i] += *c * l;
            }
        }
    }
}

/// Coefficients of `prod (X - root)`.
pub fn from_roots(roots: &[Fr]) -> Vec<Fr> {
    let mut out = vec![Fr::ONE];
    for root in roots {
        out.push(Fr::ZERO);
        for i in (0..out.len()).rev() {
            let below = if i > 0 { out[i - 1] } else { Fr::ZERO };
            out[i] = below - *root * out[i];
        }
    }
    out
}

/// Coefficients of the polynomial through `(points[i], values[i])`, for few distinct points.
pub fn interpolate_few(points: &[Fr], values: &[Fr]) -> Vec<Fr> {
    let matrix = inverse_vandermonde(points);
    matrix
        .iter()
        .map(|row| row.iter().zip(values).map(|(m, v)| *m * v).sum())
        .collect()
}

/// Row `u`, column `c`: coefficient `u` of the Lagrange polynomial of point `c`.
fn inverse_vandermonde(points: &[Fr]) -> Vec<Vec<Fr>> {
    let n = points.len();
    let mut out = vec![vec![Fr::ZERO; n]; n];
    let others = |c: usize| -> Vec<Fr> { [&points[..c], &points[c + 1..]].concat() };
    let mut scales: Vec<Fr> = (0..n)
        .map(|c| others(c).iter().map(|o| points[c] - o).product())
        .collect();
    batch_invert(&mut scales);
    for (c, scale) in scales.into_iter().enumerate() {
        for (u, coefficient) in from_roots(&others(c)).into_iter().enumerate() {
            out[u][c] = coefficient * scale;
        }
    }
    out
}

/// Value of a polynomial.
pub fn horner(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients
        .iter()
        .rev()
        .fold(Fr::ZERO, |sum, c| sum * x + c)
}

/// `(f(X) - f(x)) / (X - x)`.
pub fn divide_by_linear(coefficients: &[Fr], x: Fr) -> Vec<Fr> {
    let mut out = vec![Fr::ZERO; coefficients.len().saturating_sub(1)];
    let mut carry = Fr::ZERO;
    for i in (0..out.len()).rev() {
        carry = carry * x + coefficients[i + 1];
        out[i] = carry;
    }
    out
}

/// `a += c b`, growing `a` where needed.
pub fn add_scaled(a: &mut Vec<Fr>, b: &[Fr], c: Fr) {
    if a.len() < b.len() {
        a.resize(b.len(), Fr::ZERO);
    }
    a.iter_mut().zip(b).for_each(|(a, b)| *a += c * b);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(n: usize) -> Vec<Fr> {
        (0..n)
            .map(|i| Fr::from((i * i + 7) as u64).inverse().unwrap())
            .collect()
    }

    #[test]
    fn a_polynomial_comes_back_from_its_cosets() {
        let domain = Domain::of(8);
        for count in 1..=15 {
            let cosets = Cosets::new(8, 15);
            let f = some(8 * count);
            let values = cosets.shifts[..count]
                .iter()
                .map(|s| domain.points.iter().map(|a| horner(&f, *s * a)).collect());
            assert_eq!(cosets.interpolate(&domain, values.collect()), f);
        }
    }

    #[test]
    fn a_vanishing_multiple_vanishes_on_the_cosets_only() {
        let domain = Domain::of(8);
        let cosets = Cosets::new(8, 3);
        let mut f = Vec::new();
        cosets.add_vanishing_multiple(8, 2, &some(3), &mut f);
        for (c, s) in cosets.shifts.iter().enumerate() {
            assert_eq!(horner(&f, *s * domain.points[5]) == Fr::ZERO, c < 2);
        }
    }

    #[test]
    fn lagrange_polynomials_interpolate() {
        let domain = Domain::of(16);
        let (f, x) = (some(16), Fr::from(123u64));
        let values = domain.evaluate(&f, Fr::ONE);
        let l = domain.lagrange(x).unwrap();
        let sum: Fr = values.iter().zip(&l).map(|(v, l)| *v * l).sum();
        assert_eq!(sum, horner(&f, x));
        assert!(domain.lagrange(domain.points[3]).is_none());
        assert_eq!(domain.interpolate(values), f);
    }

    #[test]
    fn vanishing_polynomials_are_products() {
        let domain = Domain::of(16);
        let product = |x: Fr| domain.points[..13].iter().map(|a| x - a).product::<Fr>();
        assert_eq!(
            domain.data_vanishing(Fr::from(9u64)),
            Some(product(Fr::from(9u64)))
        );
        for (i, v) in domain.data_vanishing_at_blinding().iter().enumerate() {
            assert_eq!(*v, product(domain.points[13 + i]));
        }
    }

    #[test]
    fn positions_nest() {
        assert_eq!(Domain::of(4).points[..], Domain::of(64).points[..4]);
    }

    #[test]
    fn division_by_a_linear_factor() {
        let (f, x) = (some(9), Fr::from(5u64));
        let q = divide_by_linear(&f, x);
        let y = Fr::from(77u64);
        assert_eq!(horner(&q, y) * (y - x), horner(&f, y) - horner(&f, x));
        assert!(divide_by_linear(&[], x).is_empty());
    }
}
