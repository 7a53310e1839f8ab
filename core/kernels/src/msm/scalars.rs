//! Scalars as signed digits, one window at a time.

use crate::{Fr, Scalars};
use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

/// Scalars brought into the form that windows are read from: a magnitude of `WORDS` 64-bit words
/// and a sign. A scalar above r/2 is held as the negative of r minus it, so that small negative
/// values stay small.
pub(crate) struct Magnitudes {
    /// Little-endian words of `|s|`, `words` to a scalar; the sign is the top bit of the last one,
    /// which no magnitude reaches.
    data: Vec<u64>,
    words: usize,
    /// Bits of the largest magnitude.
    pub bits: u32,
    /// How many are not zero.
    pub present: usize,
}

/// Set in a digit code whose point is to be subtracted; the other bits are the bucket.
pub(crate) const NEGATIVE: u32 = 1 << 31;

const SIGN: u64 = 1 << 63;

impl Magnitudes {
    pub fn new(scalars: Scalars<'_>) -> Self {
        match scalars {
            Scalars::Field(s) => Self::collect(s, 4, |s, out| {
                let v = s.into_bigint();
                let negative = v > Fr::MODULUS_MINUS_ONE_DIV_TWO;
                let v = if negative {
                    let mut m = Fr::MODULUS;
                    m.sub_with_borrow(&v);
                    m
                } else {
                    v
                };
                // |s| <= (r-1)/2 < 2^253, so the top bit is free.
                out.copy_from_slice(&v.0);
                out[3] |= if negative { SIGN } else { 0 };
                v.num_bits()
            }),
            Scalars::U64(s) => Self::collect(s, 2, |s, out| {
                out[0] = *s;
                64 - s.leading_zeros()
            }),
            Scalars::I64(s) => Self::collect(s, 2, |s, out| {
                out[0] = s.unsigned_abs();
                out[1] = if *s < 0 { SIGN } else { 0 };
                64 - out[0].leading_zeros()
            }),
            Scalars::U16(s) => Self::collect(s, 1, |s, out| {
                out[0] = u64::from(*s);
                16 - s.leading_zeros()
            }),
            Scalars::Bool(s) => Self::collect(s, 1, |s, out| {
                out[0] = u64::from(*s != 0);
                u32::from(*s != 0)
            }),
        }
    }

    fn collect<T: Sync>(
        scalars: &[T],
        words: usize,
        convert: impl Fn(&T, &mut [u64]) -> u32 + Sync,
    ) -> Self {
        let mut data = vec![0; scalars.len() * words];
        let (bits, present) = data
            .par_chunks_mut(words * 4096)
            .zip(scalars.par_chunks(4096))
            .map(|(out, s)| {
                let pairs = s.iter().zip(out.chunks_exact_mut(words));
                let bits = pairs.map(|(s, out)| convert(s, out));
                bits.fold((0, 0), |(most, present), bits| {
                    (bits.max(most), present + usize::from(bits > 0))
                })
            })
            .reduce(|| (0, 0), |a, b| (a.0.max(b.0), a.1 + b.1));
        Magnitudes {
            data,
            words,
            bits,
            present,
        }
    }

    /// Number of scalars.
    pub fn len(&self) -> usize {
        self.data.len() / self.words
    }

    /// Leaves out the zeros; the places of those that stay.
    pub fn compact(&mut self) -> Vec<u32> {
        let rows = self.data.chunks_exact(self.words).enumerate();
        let present = rows.filter(|(_, row)| row.iter().any(|word| *word != 0));
        let places: Vec<u32> = present.map(|(i, _)| i as u32).collect();
        let row = |i: &u32| &self.data[*i as usize * self.words..][..self.words];
        self.data = places.iter().flat_map(row).copied().collect();
        places
    }

    /// Makes the digits of windows of `c` bits readable: `windows` of them, at least `bits / c`.
    ///
    /// Adds `sum_w 2^(c-1) 2^(cw)` over all windows but the last, so that a digit is a window of
    /// the sum less `2^(c-1)` and needs no carry from the windows below; the last one takes what
    /// is left, unsigned.
    pub fn recode(mut self, c: u32) -> Digits {
        let windows = self.bits.div_ceil(c).max(1);
        let mut offset = vec![0u64; self.words];
        for w in 0..windows - 1 {
            let bit = w * c + c - 1;
            offset[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        // Largest sum: |s| < 2^253 and offset < 2^253, so bit 255 stays the sign; for the narrow
        // forms the bits below the sign are more still.
        if windows > 1 {
            self.data
                .par_chunks_mut(self.words * 4096)
                .for_each(|chunk| {
                    for row in chunk.chunks_exact_mut(self.words) {
                        let mut carry = false;
                        for (x, o) in row.iter_mut().zip(&offset) {
                            let (y, c1) = x.overflowing_add(*o);
                            let (y, c2) = y.overflowing_add(u64::from(carry));
                            *x = y;
                            carry = c1 | c2;
                        }
                    }
                });
        }
        Digits {
            data: self.data,
            words: self.words,
            bits: self.bits,
            c,
            windows,
        }
    }
}

/// Signed digits of a list of scalars, see [`Magnitudes::recode`].
pub(crate) struct Digits {
    data: Vec<u64>,
    words: usize,
    bits: u32,
    /// Bits of a window.
    pub c: u32,
    /// Number of windows.
    pub windows: u32,
}

impl Digits {
    /// Number of scalars.
    pub fn len(&self) -> usize {
        self.data.len() / self.words
    }

    /// Largest bucket (largest `|d|`) that window `w` can have.
    pub fn buckets(&self, w: u32) -> usize {
        if w + 1 < self.windows {
            1 << (self.c - 1)
        } else {
            // What is left above the windows below, plus their carry.
            let top = self.bits.max(1) - w * self.c;
            (1 << top) - usize::from(w == 0)
        }
    }

    /// Writes digit codes at window `w` of the scalars from `from` on: the bucket `|d|`, with
    /// [`NEGATIVE`] where the point is to be subtracted.
    pub fn window(&self, w: u32, from: usize, out: &mut [u32]) {
        let (words, last) = (self.words, self.words - 1);
        let low = w * self.c;
        let (i, shift) = ((low / 64) as usize, low % 64);
        let top = w + 1 == self.windows;
        // What the last window holds, carry included, ends in the next word at most.
        let (mask, half) = if top {
            (!0, 0)
        } else {
            ((1 << self.c) - 1, 1i64 << (self.c - 1))
        };
        let rows = &self.data[from * words..(from + out.len()) * words];
        for (row, out) in rows.chunks_exact(words).zip(out) {
            let word = |j: usize| row[j] & if j == last { !SIGN } else { !0 };
            let above = if i < last { word(i + 1) } else { 0 };
            let pair = u128::from(word(i)) | u128::from(above) << 64;
            let d = ((pair >> shift) as u64 & mask) as i64 - half;
            let negative = (row[last] & SIGN != 0) ^ (d < 0);
            *out = d.unsigned_abs() as u32 | if negative { NEGATIVE } else { 0 };
        }
    }
}
