//! Blocks of eight packs turned round, so that levels within packs become levels between packs.

use super::field::Lanes;
use super::table::BLOCK;
use super::{kernels, Simd};
use std::arch::x86_64::*;

/// Lane numbers of two-source shuffles, from 8 on those of the second source: squares of two
/// lanes and two packs, then of four and four. (Squares of one have an instruction.)
const TWOS: [[u64; 8]; 2] = [[0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]];
const FOURS: [[u64; 8]; 2] = [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]];

kernels! {
    /// Lane `l` of pack `r` changes places with lane `r` of pack `l`.
    pub fn turn(s: Simd, x: &mut [Lanes; BLOCK]) {
        for limb in 0..5 {
            let mut v = [s.set(0); BLOCK];
            for (v, x) in v.iter_mut().zip(x.iter()) {
                *v = s.load8(&x.0[limb]);
            }
            for (step, by) in [(4, Some(&FOURS)), (2, Some(&TWOS)), (1, None)] {
                for r in (0..BLOCK).filter(|r| r & step == 0) {
                    let (a, b) = (v[r], v[r + step]);
                    (v[r], v[r + step]) = match by {
                            Some([low, high]) => (
                                _mm512_permutex2var_epi64(a, s.load8(low), b),
                                _mm512_permutex2var_epi64(a, s.load8(high), b),
                            ),
                            None => (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)),
                        };
                }
            }
            for (v, x) in v.iter().zip(x.iter_mut()) {
                s.store8(&mut x.0[limb], *v);
            }
        }
    }
}
