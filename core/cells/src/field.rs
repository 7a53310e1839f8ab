//! Field elements of 32 bytes, little-endian, from cells.

use crate::{Cells, PIECE, WIDE};
use ark_ff::PrimeField;
use rayon::prelude::*;
use zkp_kernels::{batch_invert, Fr};

fn element(cells: Cells<'_>, row: usize) -> Fr {
    match cells {
        Cells::Signed(v) => v[row].into(),
        Cells::Unsigned(v) => v[row].into(),
        Cells::Flags(v) => v[row].into(),
        Cells::Wide(v) => Fr::from_le_bytes_mod_order(&v[row]),
    }
}

/// Each cell times a factor: a number, little-endian, taken modulo r.
pub fn scaled(cells: Cells<'_>, factor: &[u8]) -> Vec<u8> {
    let factor = Fr::from_le_bytes_mod_order(factor);
    let mut found = vec![0; cells.rows() * WIDE];
    let pieces = found.par_chunks_mut(PIECE * WIDE).enumerate();
    pieces.for_each(|(piece, found)| {
        let rows = (piece * PIECE..).map(|row| element(cells, row) * factor);
        write(found, rows);
    });
    found
}

/// Inverses of `prod (x - root)` for each cell; 0 where the cell is a root.
///
/// Cells are words, read as signed integers or not; roots are signed.
pub fn inverses(cells: &[u64], signed: bool, roots: &[i128]) -> Vec<u8> {
    let mut found = vec![0; cells.len() * WIDE];
    let pieces = found
        .par_chunks_mut(PIECE * WIDE)
        .zip(cells.par_chunks(PIECE));
    pieces.for_each(|(found, cells)| {
        let number = |cell: u64| match signed {
            true => i128::from(cell as i64),
            false => i128::from(cell),
        };
        let product = |cell| {
            let differences = roots.iter().map(|root| Fr::from(number(cell) - root));
            differences.product()
        };
        let mut products: Vec<Fr> = cells.iter().map(|cell| product(*cell)).collect();
        batch_invert(&mut products);
        write(found, products);
    });
    found
}

fn write(out: &mut [u8], elements: impl IntoIterator<Item = Fr>) {
    for (out, element) in out.chunks_exact_mut(WIDE).zip(elements) {
        let words = out.chunks_exact_mut(8).zip(element.into_bigint().0);
        words.for_each(|(out, word)| out.copy_from_slice(&word.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_and_its_inverse_make_one() {
        let cells = [0, 5, u64::MAX, 1 << 40];
        for signed in [false, true] {
            let roots = [5, -1, 1 << 70];
            let found = inverses(&cells, signed, &roots);
            for (cell, inverse) in cells.iter().zip(found.chunks_exact(WIDE)) {
                let number = if signed {
                    i128::from(*cell as i64)
                } else {
                    i128::from(*cell)
                };
                let product: Fr = roots.iter().map(|root| Fr::from(number - root)).product();
                let one = product * Fr::from_le_bytes_mod_order(inverse);
                let root = roots.contains(&number);
                assert_eq!(one, Fr::from(u64::from(!root)), "{cell} {signed}");
            }
        }
    }

    #[test]
    fn cells_are_scaled_in_the_field() {
        let signed = scaled(Cells::Signed(&[-1, 2]), &[10]);
        assert_eq!(Fr::from_le_bytes_mod_order(&signed[..32]), Fr::from(-10));
        assert_eq!(signed[32], 20);
        let (wide, _) = signed.as_chunks::<WIDE>();
        let again = scaled(Cells::Wide(wide), &[3]);
        assert_eq!(Fr::from_le_bytes_mod_order(&again[..32]), Fr::from(-30));
        assert_eq!(
            scaled(Cells::Flags(&[true]), &[255; 8])[..9],
            [255, 255, 255, 255, 255, 255, 255, 255, 0]
        );
        assert_eq!(scaled(Cells::Unsigned(&[1 << 63]), &[2])[7..9], [0, 1]);
    }
}
