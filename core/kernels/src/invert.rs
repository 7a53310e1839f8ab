//! Batch inversion (Montgomery's trick: one inversion and three multiplications to an element).

use ark_ff::Field;
use rayon::prelude::*;

/// Elements to a batch: their running products stay in cache and the inversion costs little.
const BATCH: usize = 2048;

/// Replaces every element by its inverse, in parallel; zero stays zero.
pub fn batch_invert<F: Field>(x: &mut [F]) {
    x.par_chunks_mut(BATCH).for_each(batch_invert_serial);
}

/// As [`batch_invert`], on the calling thread.
pub(crate) fn batch_invert_serial<F: Field>(x: &mut [F]) {
    let mut products = Vec::with_capacity(x.len().min(BATCH));
    for chunk in x.chunks_mut(BATCH) {
        products.clear();
        let mut product = F::ONE;
        for v in chunk.iter().filter(|v| !v.is_zero()) {
            products.push(product);
            product *= v;
        }
        // A product of non-zero elements has an inverse.
        let mut inverse = product.inverse().unwrap_or(F::ONE);
        for v in chunk.iter_mut().rev().filter(|v| !v.is_zero()) {
            let before = products.pop().unwrap_or(F::ONE);
            let next = inverse * *v;
            *v = inverse * before;
            inverse = next;
        }
    }
}
