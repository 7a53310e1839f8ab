//! Sums of products, which take one reduction for all of them where a path can.

use crate::{FieldPath, Fr};

/// Most products and scaled vectors of a [`Sum`] together.
pub const MAX_PRODUCTS: usize = 8;
/// The absolute values of the small coefficients of a [`Sum`] add up to at most this.
pub const MAX_SMALL: u64 = 1 << 50;

/// `sum a b - sum a' b' + sum c v + sum k w + constant`, element by element; vectors are of equal length.
#[derive(Clone, Copy)]
pub struct Sum<'a, T> {
    /// The `(a, b)`.
    pub products: &'a [(&'a [T], &'a [T])],
    /// The `(a', b')`.
    pub minus: &'a [(&'a [T], &'a [T])],
    /// The `(v, c)`.
    pub scaled: &'a [(&'a [T], Fr)],
    /// The `(w, k)`, k small.
    pub small: &'a [(&'a [T], i64)],
    pub constant: Fr,
}

impl<T> Sum<'_, T> {
    /// Panics unless all vectors have this length and the limits are kept.
    pub(crate) fn check(&self, length: usize) {
        let products = self.products.iter().chain(self.minus);
        let lengths = products.flat_map(|(a, b)| [a.len(), b.len()]);
        let lengths = lengths.chain(self.scaled.iter().map(|s| s.0.len()));
        let mut lengths = lengths.chain(self.small.iter().map(|s| s.0.len()));
        assert!(
            lengths.all(|l| l == length),
            "operands of different lengths"
        );
        assert!(self.products.len() + self.minus.len() + self.scaled.len() <= MAX_PRODUCTS);
        let small = self.small.iter().map(|(_, k)| k.unsigned_abs());
        let small = small.fold(0, u64::saturating_add);
        assert!(small <= MAX_SMALL);
    }

    /// By the other operations of a path.
    pub(crate) fn plain<P: FieldPath<Pack = T>>(&self, path: P, dst: &mut [T])
    where
        T: Copy + Default,
    {
        self.check(dst.len());
        let mut products = self.products;
        match self.products {
            [(a, b), others @ ..] if self.constant == Fr::default() => {
                path.mul(dst, a, b);
                products = others;
            }
            _ => path.fill(dst, self.constant),
        }
        for (a, b) in products {
            path.add_mul(dst, a, b);
        }
        if !self.minus.is_empty() {
            let mut product = vec![T::default(); dst.len()];
            for (a, b) in self.minus {
                path.mul(&mut product, a, b);
                path.sub_assign(dst, &product);
            }
        }
        for (a, c) in self.scaled {
            path.add_scaled(dst, a, *c);
        }
        for (a, k) in self.small {
            match k {
                1 => path.add_assign(dst, a),
                -1 => path.sub_assign(dst, a),
                k => path.add_scaled(dst, a, Fr::from(*k)),
            }
        }
    }
}
