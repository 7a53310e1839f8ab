//! Arithmetic of four field elements in floating-point digits of 51 bits, Montgomery form with
//! R = 2^255.
//!
//! A register element [`E`] is five vectors of doubles, digit `i` of weight 2^(51 i), four lanes
//! each; digits are whole numbers and have a sign, and so have values. R is 2.645 p for both
//! fields. An element is
//!
//! - *normal* if digits 0 to 3 are at most 2^50 + 64 by absolute value (the highest has no bound
//!   of its own: it follows from the value);
//! - *settled* if it is normal and at most 1.05 p by absolute value. What is stored in memory
//!   always is; what [`Simd::mul`] returns is, if its operands are.
//!
//! **Products.** A product of two digits of at most 2^102 by absolute value is split into
//! `2^51 h + l` with `|l| <= 2^50` by two fused multiply-adds (Emmart, Zheng and Weems, "Faster
//! modular exponentiation using double precision floating point arithmetic on the GPU", 2018; with
//! 51 bits and rounding to nearest). Rounding to nearest is the processor's setting, which Rust
//! does not let be changed. With `K = 3 * 2^102` the sum `a b + K` lies between 2^103 and 2^104,
//! where doubles are multiples of 2^51: so its rounding is `K + 2^51 h`, and its bits as a whole
//! number are those of `K`, plus `h` (also at 2^104, as then the exponent is counted up). The
//! difference `(K + 3 * 2^51) - (K + 2^51 h) = 2^51 (3 - h)` is exact, as `|3 - h| < 2^53`, and
//! so is `a b + 2^51 (3 - h) = 3 * 2^51 + l`, which lies between 2^52 and 2^53, where doubles are
//! whole numbers: its bits are those of 3 * 2^51, plus `l`. So `h` and `l` are summed as
//! integers, and what the bits of the constants come to is subtracted once for each column: see
//! [`STARTS`].

use super::modulus::{digits, half, Modulus, BASE};
use super::Simd;
use std::arch::{asm, x86_64::*};

/// Four elements in memory: five digits of four lanes, settled. The default is zero.
#[derive(Clone, Copy, Default)]
#[repr(C, align(32))]
pub struct Lanes(pub(crate) [[f64; 4]; 5]);

/// Four elements in registers.
pub(crate) type E = [__m256d; 5];

/// The expression for each digit. (A closure would be a function of its own, which is compiled
/// without the instructions of its caller where it happens not to be inlined.)
macro_rules! each {
    (|$i:ident| $e:expr) => {
        [
            { const $i: usize = 0; $e },
            { const $i: usize = 1; $e },
            { const $i: usize = 2; $e },
            { const $i: usize = 3; $e },
            { const $i: usize = 4; $e },
        ]
    };
}
pub(crate) use each;

/// `K`, to which upper halves of products are added.
const UPPER: f64 = 3.0 * (1u128 << 102) as f64;
/// 3 * 2^51, to which lower halves are added.
const LOWER: f64 = (3 * BASE) as f64;
/// The bits of a double from 2^52 on, but for what it is above that.
const EXPONENT: u64 = ((1u64 << 52) as f64).to_bits();
const MASK: u64 = BASE as u64 - 1;

/// What makes a column positive, so that it can be shifted down to a carry: 2^62; and half of 2^51,
/// so that a digit is the nearest one.
const BIAS: u64 = (1 << 62) + HALF;
const HALF: u64 = 1 << 50;
/// What the bias comes to in the carry.
const CARRIED: u64 = 1 << 11;

/// Products in a column that are added up and reduced together, at most.
pub(crate) const TOGETHER: usize = 4;

/// For `n` products of two elements, summed by columns and reduced, what each column starts with:
/// less what the bits of the constants in its halves of products come to, and the bias. Columns 1
/// to 5 get the biased carry of the one below, and the highest is read as it is, as a number added
/// to 3 * 2^51.
const STARTS: [[u64; 10]; TOGETHER + 1] = starts();

const fn starts() -> [[u64; 10]; TOGETHER + 1] {
    let mut out = [[0u64; 10]; TOGETHER + 1];
    let (upper, lower) = (UPPER.to_bits(), LOWER.to_bits());
    let mut n = 0;
    while n <= TOGETHER {
        let start = &mut out[n];
        let mut i = 0;
        while i < 5 {
            let mut j = 0;
            while j < 5 {
                // n products, and in the reduction rounds 0 to 3 one column higher than the last.
                let product = i + j;
                start[product] = start[product].wrapping_sub(lower.wrapping_mul(n as u64));
                start[product + 1] = start[product + 1].wrapping_sub(upper.wrapping_mul(n as u64));
                let reduction = if i < 4 { i + 1 + j } else { 4 + j };
                start[reduction] = start[reduction].wrapping_sub(lower);
                start[reduction + 1] = start[reduction + 1].wrapping_sub(upper);
                j += 1;
            }
            i += 1;
        }
        let mut c = 0;
        while c < 10 {
            let bias = if c < 9 { BIAS } else { lower };
            let carried = if c > 0 && c < 6 { CARRIED } else { 0 };
            start[c] = start[c].wrapping_add(bias).wrapping_sub(carried);
            c += 1;
        }
        n += 1;
    }
    out
}

/// The same vector, of which the compiler does not know where it comes from. It would else regroup
/// the sums of columns: all products first, which then wait in memory, as there are only sixteen
/// registers.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn in_order(mut x: __m256i) -> __m256i {
    // SAFETY: there is no instruction in it.
    unsafe {
        asm!("/* {0} */", inout(ymm_reg) x, options(pure, nomem, nostack, preserves_flags));
    }
    x
}

// SAFETY of the blocks in this `impl`: a `Simd` exists only where the processor has the
// instructions behind these intrinsics; those that take no pointer have no other requirement.
// Loads and stores go through references to arrays of the size they access.
#[allow(clippy::inline_always)] // inlining into the kernels is what compiles these for AVX2
impl Simd {
    #[inline(always)]
    pub(crate) fn load(self, x: &Lanes) -> E {
        each!(|I| unsafe { _mm256_load_pd(x.0[I].as_ptr()) })
    }

    #[inline(always)]
    pub(crate) fn store(self, x: &mut Lanes, v: E) {
        for (digit, v) in x.0.iter_mut().zip(v) {
            unsafe { _mm256_store_pd(digit.as_mut_ptr(), v) }
        }
    }

    #[inline(always)]
    pub(crate) fn set(self, x: f64) -> __m256d {
        unsafe { _mm256_set1_pd(x) }
    }

    #[inline(always)]
    pub(crate) fn integer(self, x: u64) -> __m256i {
        unsafe { _mm256_set1_epi64x(x as i64) }
    }

    #[inline(always)]
    pub(crate) fn broadcast(self, digits: [f64; 5]) -> E {
        each!(|I| self.set(digits[I]))
    }

    #[inline(always)]
    pub(crate) fn zero(self) -> E {
        [self.set(0.0); 5]
    }

    #[inline(always)]
    fn minus(self, a: __m256d, b: __m256d) -> __m256d {
        unsafe { _mm256_sub_pd(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: __m256d, b: __m256d, c: __m256d) -> __m256d {
        unsafe { _mm256_fmadd_pd(a, b, c) }
    }

    #[inline(always)]
    fn plus_integer(self, a: __m256i, b: __m256i) -> __m256i {
        unsafe { _mm256_add_epi64(a, b) }
    }

    /// Digit by digit; not normal.
    #[inline(always)]
    pub(crate) fn add(self, a: &E, b: &E) -> E {
        each!(|I| unsafe { _mm256_add_pd(a[I], b[I]) })
    }

    /// Digit by digit; not normal.
    #[inline(always)]
    pub(crate) fn sub(self, a: &E, b: &E) -> E {
        each!(|I| self.minus(a[I], b[I]))
    }

    /// The same value, normal, from digits below 2^53: what rounds to a multiple of 2^51 goes to
    /// the next digit. A digit is then at most 2^50 and 4 by the one below.
    #[inline(always)]
    pub(crate) fn carry(self, a: E) -> E {
        // Doubles from 2^103 to 2^104 are multiples of 2^51.
        let (k, down) = (self.set(UPPER), self.set(1.0 / BASE as f64));
        let mut up = [self.set(0.0); 5];
        for i in 0..4 {
            up[i + 1] = unsafe { _mm256_sub_pd(_mm256_add_pd(a[i], k), k) };
        }
        let rest = [
            self.minus(a[0], up[1]),
            self.minus(a[1], up[2]),
            self.minus(a[2], up[3]),
            self.minus(a[3], up[4]),
            a[4],
        ];
        [
            rest[0],
            self.fma(up[1], down, rest[1]),
            self.fma(up[2], down, rest[2]),
            self.fma(up[3], down, rest[3]),
            self.fma(up[4], down, rest[4]),
        ]
    }

    /// A normal element congruent to `a`, at most 0.501 p by absolute value. The absolute value of
    /// `a` is at most 4.2 p and its digits are those of at most five normal elements added up: less
    /// `k p`, where k is at most 4, they are below (5.1 + 4 * 0.55) 2^50 and nothing is rounded.
    /// (The highest is what the result's value makes it.)
    ///
    /// The digits below the highest are below 2^53 and come to less than 2^207 = 2^-46 p, with the
    /// rounding of `PER_TOP` and of one product to less than 2^-40: so far from `a / p` is what `k`
    /// is rounded from.
    #[inline(always)]
    pub(crate) fn settle<M: Modulus>(self, a: E) -> E {
        let magic = self.set(LOWER);
        let k = self.minus(self.fma(a[4], self.set(M::PER_TOP), magic), magic);
        self.carry(each!(|I| unsafe {
            _mm256_fnmadd_pd(k, self.set(M::P[I]), a[I])
        }))
    }

    /// Adds the halves of `a_j b` to columns `FROM + j` and `FROM + j + 1`.
    #[inline(always)]
    fn accumulate<const FROM: usize>(self, t: &mut [__m256i; 10], a: &E, b: __m256d) {
        let (k, both) = (self.set(UPPER), self.set(UPPER + LOWER));
        each!(|J| {
            let high = self.fma(a[J], b, k);
            let low = self.fma(a[J], b, self.minus(both, high));
            unsafe {
                let (c, next) = (FROM + J, FROM + J + 1);
                t[next] = self.plus_integer(t[next], _mm256_castpd_si256(high));
                t[c] = in_order(self.plus_integer(t[c], _mm256_castpd_si256(low)));
            }
        });
    }

    /// The digit that a biased column ends with.
    #[inline(always)]
    fn digit(self, t: __m256i) -> __m256d {
        unsafe {
            let low = _mm256_and_si256(t, self.integer(MASK));
            let low = _mm256_or_si256(low, self.integer(EXPONENT));
            self.minus(
                _mm256_castsi256_pd(low),
                self.set((BASE * 2 + HALF as i64) as f64),
            )
        }
    }

    /// What a biased column carries to the next, biased.
    #[inline(always)]
    fn up(self, t: __m256i) -> __m256i {
        unsafe { _mm256_srli_epi64::<51>(t) }
    }

    /// Clears column `C`, of 0 to 3, by adding a multiple of `n p = 2^51 RAISED - 1`: the digit of
    /// the column times that. `NEXT` is `C + 1`.
    #[inline(always)]
    fn reduce_column<const C: usize, const NEXT: usize, M: Modulus>(self, t: &mut [__m256i; 10]) {
        let m = self.digit(t[C]);
        t[NEXT] = self.plus_integer(t[NEXT], self.up(t[C]));
        self.accumulate::<NEXT>(t, &self.broadcast(M::RAISED), m);
    }

    /// Clears column 4 by adding a multiple of p, and reads those above.
    #[inline(always)]
    fn reduce_last<M: Modulus>(self, mut t: [__m256i; 10]) -> E {
        let (k, magic) = (self.set(UPPER), self.set(LOWER));
        let (digit, n) = (self.digit(t[4]), self.set(M::NEG_INV));
        let high = self.fma(digit, n, k);
        let low = self.fma(digit, n, self.minus(self.set(UPPER + LOWER), high));
        let m = self.minus(low, magic);
        self.accumulate::<4>(&mut t, &self.broadcast(M::P), m);
        let t5 = self.plus_integer(t[5], self.up(t[4]));
        self.read([t5, t[6], t[7], t[8], t[9]])
    }

    /// The normal element of five columns, all but the highest biased.
    #[inline(always)]
    fn read(self, t: [__m256i; 5]) -> E {
        let mut out = [self.digit(t[0]); 5];
        for i in 1..5 {
            unsafe {
                let carry = self.up(t[i - 1]);
                out[i] = if i < 4 {
                    let low = _mm256_and_si256(t[i], self.integer(MASK));
                    let low = _mm256_or_si256(low, self.integer(EXPONENT));
                    let sum = _mm256_castsi256_pd(self.plus_integer(low, carry));
                    let offset = BASE * 2 + (HALF + CARRIED) as i64;
                    self.minus(sum, self.set(offset as f64))
                } else {
                    let sum = _mm256_castsi256_pd(self.plus_integer(t[i], carry));
                    self.minus(sum, self.set((3 * BASE + CARRIED as i64) as f64))
                };
            }
        }
        out
    }

    /// `a b / 2^255`, normal and at most `|a b| / 2.645 p + 0.63 p` by absolute value, which must
    /// be below 2.6 p. The products of their digits must be at most 2^102.
    ///
    /// Of the ten columns of the product the lowest four are cleared by multiples of `n p`, which
    /// is -1 modulo 2^51: the digit of the column itself is how many, and nothing need be
    /// multiplied to know it. That leaves room for `n` above p; so the fifth is cleared by a
    /// multiple of p. With digits of at most 2^50, what is added comes, over R, to at most
    /// `n p / 2 / 2^51 + p / 2 < 0.63 p`. A column takes at most 20 halves of products of less than
    /// 2^52, and a carry: it stays below 2^57.
    #[inline(always)]
    pub(crate) fn mul<M: Modulus>(self, a: &E, b: &E) -> E {
        let mut t = self.starts(1);
        self.accumulate::<0>(&mut t, a, b[0]);
        self.reduce_column::<0, 1, M>(&mut t);
        self.accumulate::<1>(&mut t, a, b[1]);
        self.reduce_column::<1, 2, M>(&mut t);
        self.accumulate::<2>(&mut t, a, b[2]);
        self.reduce_column::<2, 3, M>(&mut t);
        self.accumulate::<3>(&mut t, a, b[3]);
        self.reduce_column::<3, 4, M>(&mut t);
        self.accumulate::<4>(&mut t, a, b[4]);
        self.reduce_last::<M>(t)
    }

    /// Two products as [`Simd::mul`] gives them, row by row in turn: each of them waits for its own
    /// results much of the time.
    #[inline(always)]
    pub(crate) fn mul_both<M: Modulus>(self, a: [&E; 2], b: [&E; 2]) -> [E; 2] {
        let (mut t, mut u) = (self.starts(1), self.starts(1));
        self.accumulate::<0>(&mut t, a[0], b[0][0]);
        self.accumulate::<0>(&mut u, a[1], b[1][0]);
        self.reduce_column::<0, 1, M>(&mut t);
        self.reduce_column::<0, 1, M>(&mut u);
        self.accumulate::<1>(&mut t, a[0], b[0][1]);
        self.accumulate::<1>(&mut u, a[1], b[1][1]);
        self.reduce_column::<1, 2, M>(&mut t);
        self.reduce_column::<1, 2, M>(&mut u);
        self.accumulate::<2>(&mut t, a[0], b[0][2]);
        self.accumulate::<2>(&mut u, a[1], b[1][2]);
        self.reduce_column::<2, 3, M>(&mut t);
        self.reduce_column::<2, 3, M>(&mut u);
        self.accumulate::<3>(&mut t, a[0], b[0][3]);
        self.accumulate::<3>(&mut u, a[1], b[1][3]);
        self.reduce_column::<3, 4, M>(&mut t);
        self.reduce_column::<3, 4, M>(&mut u);
        self.accumulate::<4>(&mut t, a[0], b[0][4]);
        self.accumulate::<4>(&mut u, a[1], b[1][4]);
        [self.reduce_last::<M>(t), self.reduce_last::<M>(u)]
    }

    /// What the columns of a sum of `n` products begin with, at most [`TOGETHER`].
    #[inline(always)]
    pub(crate) fn starts(self, n: usize) -> [__m256i; 10] {
        let mut t = [self.integer(0); 10];
        for c in 0..10 {
            t[c] = self.integer(STARTS[n][c]);
        }
        t
    }

    /// `t + a b` by columns, for [`Simd::reduce_product`].
    #[inline(always)]
    pub(crate) fn mul_wide(self, mut t: [__m256i; 10], a: &E, b: &E) -> [__m256i; 10] {
        each!(|I| self.accumulate::<I>(&mut t, a, b[I]));
        t
    }

    /// The sum of `n` products over 2^255, normal, bounded as [`Simd::mul`]; the columns began with
    /// [`Simd::starts`] of `n`.
    #[inline(always)]
    pub(crate) fn reduce_product<M: Modulus>(self, mut t: [__m256i; 10]) -> E {
        self.reduce_column::<0, 1, M>(&mut t);
        self.reduce_column::<1, 2, M>(&mut t);
        self.reduce_column::<2, 3, M>(&mut t);
        self.reduce_column::<3, 4, M>(&mut t);
        self.reduce_last::<M>(t)
    }

    /// Four rows of four words to columns, or back.
    #[inline(always)]
    fn transpose(self, r: [__m256i; 4]) -> [__m256i; 4] {
        unsafe {
            let (e0, o0) = (
                _mm256_unpacklo_epi64(r[0], r[1]),
                _mm256_unpackhi_epi64(r[0], r[1]),
            );
            let (e1, o1) = (
                _mm256_unpacklo_epi64(r[2], r[3]),
                _mm256_unpackhi_epi64(r[2], r[3]),
            );
            [
                _mm256_permute2x128_si256::<0x20>(e0, e1),
                _mm256_permute2x128_si256::<0x20>(o0, o1),
                _mm256_permute2x128_si256::<0x31>(e0, e1),
                _mm256_permute2x128_si256::<0x31>(o0, o1),
            ]
        }
    }

    /// Digits from 0 to 2^51 - 1 from words of 64 bits.
    #[inline(always)]
    pub(crate) fn split(self, w: [__m256i; 4]) -> [__m256i; 5] {
        unsafe {
            let mask = self.integer(MASK);
            let join = |low, high| _mm256_and_si256(_mm256_or_si256(low, high), mask);
            [
                _mm256_and_si256(w[0], mask),
                join(_mm256_srli_epi64::<51>(w[0]), _mm256_slli_epi64::<13>(w[1])),
                join(_mm256_srli_epi64::<38>(w[1]), _mm256_slli_epi64::<26>(w[2])),
                join(_mm256_srli_epi64::<25>(w[2]), _mm256_slli_epi64::<39>(w[3])),
                _mm256_srli_epi64::<12>(w[3]),
            ]
        }
    }

    /// Words of 64 bits from digits from 0 to 2^51 - 1.
    #[inline(always)]
    pub(crate) fn join(self, a: [__m256i; 5]) -> [__m256i; 4] {
        unsafe {
            let or = |low, high| _mm256_or_si256(low, high);
            [
                or(a[0], _mm256_slli_epi64::<51>(a[1])),
                or(_mm256_srli_epi64::<13>(a[1]), _mm256_slli_epi64::<38>(a[2])),
                or(_mm256_srli_epi64::<26>(a[2]), _mm256_slli_epi64::<25>(a[3])),
                or(_mm256_srli_epi64::<39>(a[3]), _mm256_slli_epi64::<12>(a[4])),
            ]
        }
    }

    /// The normal element of whole digits from 0 to 2^52 - 1.
    #[inline(always)]
    pub(crate) fn floats(self, a: [__m256i; 5]) -> E {
        self.carry(each!(|I| unsafe {
            let float = _mm256_or_si256(a[I], self.integer(EXPONENT));
            self.minus(
                _mm256_castsi256_pd(float),
                self.set(f64::from_bits(EXPONENT)),
            )
        }))
    }

    /// Four words.
    #[inline(always)]
    pub(crate) fn integers(self, x: &[u64; 4]) -> __m256i {
        unsafe { _mm256_loadu_si256(x.as_ptr().cast()) }
    }

    /// The absolute values of words in two's complement, and their signs as those of doubles.
    #[inline(always)]
    pub(crate) fn magnitude(self, x: __m256i) -> (__m256i, __m256d) {
        unsafe {
            let zero = self.integer(0);
            let negative = _mm256_cmpgt_epi64(zero, x);
            let magnitude = _mm256_sub_epi64(_mm256_xor_si256(x, negative), negative);
            let sign = _mm256_and_si256(negative, self.integer(1 << 63));
            (magnitude, _mm256_castsi256_pd(sign))
        }
    }

    /// The normal element of each word.
    #[inline(always)]
    pub(crate) fn whole(self, x: __m256i) -> E {
        let zero = self.integer(0);
        self.floats(self.split([x, zero, zero, zero]))
    }

    /// The opposite where the sign is set.
    #[inline(always)]
    pub(crate) fn flip(self, a: &E, sign: __m256d) -> E {
        each!(|I| unsafe { _mm256_xor_pd(a[I], sign) })
    }

    /// From arkworks' Montgomery form (R = 2^256), in digits from 0 to 2^51 - 1 of a value below p,
    /// to this one: half of it modulo p, which lies between 0 and p.
    #[inline(always)]
    pub(crate) fn enter<M: Modulus>(self, a: [__m256i; 5]) -> E {
        unsafe {
            let one = self.integer(1);
            let odd = _mm256_sub_epi64(self.integer(0), _mm256_and_si256(a[0], one));
            let even = each!(|I| {
                let p = _mm256_and_si256(odd, self.integer(M::UNSIGNED[I]));
                self.plus_integer(a[I], p)
            });
            self.floats(each!(|I| {
                let half = _mm256_srli_epi64::<1>(even[I]);
                if I < 4 {
                    let above = _mm256_and_si256(even[(I + 1) % 5], one);
                    self.plus_integer(half, _mm256_slli_epi64::<50>(above))
                } else {
                    half
                }
            }))
        }
    }

    /// Digits from 0 to 2^51 - 1 of a non-negative value; those given are signed, below 2^62 by
    /// absolute value. The highest is negative if the value is.
    #[inline(always)]
    fn carry_whole(self, mut a: [__m256i; 5]) -> [__m256i; 5] {
        unsafe {
            for i in 0..4 {
                let biased = self.plus_integer(a[i], self.integer(1 << 62));
                let up = _mm256_sub_epi64(self.up(biased), self.integer(CARRIED));
                a[i + 1] = self.plus_integer(a[i + 1], up);
                a[i] = _mm256_and_si256(a[i], self.integer(MASK));
            }
        }
        a
    }

    /// The residue below p in digits from 0 to 2^51 - 1, of a normal element at most 0.501 p by
    /// absolute value.
    #[inline(always)]
    pub(crate) fn canonical<M: Modulus>(self, a: E) -> [__m256i; 5] {
        unsafe {
            // Between 0.49 p and 1.51 p.
            let more = self.carry_whole(each!(|I| {
                let bits = _mm256_castpd_si256(_mm256_add_pd(a[I], self.set(LOWER)));
                let p = M::UNSIGNED[I].wrapping_sub(LOWER.to_bits());
                self.plus_integer(bits, self.integer(p))
            }));
            let less = self.carry_whole(each!(|I| {
                _mm256_sub_epi64(more[I], self.integer(M::UNSIGNED[I]))
            }));
            let below = _mm256_castsi256_pd(less[4]);
            each!(|I| _mm256_castpd_si256(_mm256_blendv_pd(
                _mm256_castsi256_pd(less[I]),
                _mm256_castsi256_pd(more[I]),
                below
            )))
        }
    }

    /// From this form to arkworks' one: twice a settled element, below p.
    #[inline(always)]
    pub(crate) fn leave<M: Modulus>(self, a: &E) -> [__m256i; 5] {
        self.canonical::<M>(self.settle::<M>(self.add(a, a)))
    }

    /// Four elements of arkworks, settled.
    #[inline(always)]
    pub(crate) fn import<M: Modulus>(self, x: &[M::Field; 4]) -> E {
        self.gather::<M>(x.each_ref())
    }

    /// Four elements of arkworks from different places, settled: from 0 to p.
    #[inline(always)]
    pub(crate) fn gather<M: Modulus>(self, x: [&M::Field; 4]) -> E {
        let mut rows = [self.integer(0); 4];
        for (row, x) in rows.iter_mut().zip(x) {
            let words = M::raw(x);
            *row = unsafe { _mm256_loadu_si256(words.as_ptr().cast()) };
        }
        self.enter::<M>(self.split(self.transpose(rows)))
    }

    /// Four elements for arkworks, from a settled one.
    #[inline(always)]
    pub(crate) fn export<M: Modulus>(self, a: &E) -> [M::Field; 4] {
        let rows = self.transpose(self.join(self.leave::<M>(a)));
        let mut words = [[0u64; 4]; 4];
        for (words, row) in words.iter_mut().zip(rows) {
            unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), row) }
        }
        words.map(M::from_raw)
    }

    /// All bits set in the lanes where a settled element is zero modulo p. By its nearest residue
    /// to 0: where that is 0 its lowest digit is a multiple of 2^51 and so 0, and one by one all.
    #[inline(always)]
    pub(crate) fn is_zero<M: Modulus>(self, a: &E) -> __m256d {
        let a = self.settle::<M>(*a);
        unsafe {
            let any = _mm256_or_pd(_mm256_or_pd(a[0], a[1]), _mm256_or_pd(a[2], a[3]));
            _mm256_cmp_pd::<_CMP_EQ_OQ>(_mm256_or_pd(any, a[4]), self.set(0.0))
        }
    }

    /// `b` in the lanes of the mask, else `a`.
    #[inline(always)]
    pub(crate) fn select(self, mask: __m256d, a: &E, b: &E) -> E {
        each!(|I| unsafe { _mm256_blendv_pd(a[I], b[I], mask) })
    }

    /// One element in all lanes.
    pub(crate) fn splat<M: Modulus>(self, x: M::Field) -> [f64; 5] {
        digits(half::<M>(M::raw(&x))).map(|digit| digit as f64)
    }
}
