//! Arithmetic of eight field elements, limbs of 52 bits, Montgomery form with R = 2^260.
//!
//! A register element [`E`] is five vectors, limb `i` of weight 2^(52 i), eight lanes each. With
//! p < 2^253.6 there is room above the modulus: R > 84.6 p. Two states of an element matter:
//!
//! - *limbs normal*: each in `[0, 2^52)`. Operands of a product must be (the multiplier reads 52
//!   bits only). Sums and differences are not, until [`Simd::carry`].
//! - *settled*: normal and of value below 1.1 p. What is stored in memory always is; what
//!   [`Simd::mul`] returns is, provided that the product of its operands is below 8 p^2.

use super::modulus::{split, Modulus, MASK};
use super::Simd;
use std::arch::x86_64::*;

/// Eight elements in memory: five limbs of eight lanes, settled. The default is zero.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub struct Lanes(pub(crate) [[u64; 8]; 5]);

/// Eight elements in registers.
pub(crate) type E = [__m512i; 5];

/// The expression for each limb. (A closure would be a function of its own, which is compiled
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

// SAFETY of the blocks in this `impl`: a `Simd` exists only where the processor has the
// instructions behind these intrinsics; those that take no pointer have no other requirement.
// Loads and stores go through references to arrays of the size they access.
#[allow(clippy::inline_always)] // inlining into the kernels is what compiles these for AVX-512
impl Simd {
    #[inline(always)]
    pub(crate) fn load(self, x: &Lanes) -> E {
        each!(|I| unsafe { _mm512_load_si512(x.0[I].as_ptr().cast()) })
    }

    #[inline(always)]
    pub(crate) fn store(self, x: &mut Lanes, v: E) {
        for (limb, v) in x.0.iter_mut().zip(v) {
            unsafe { _mm512_store_si512(limb.as_mut_ptr().cast(), v) }
        }
    }

    #[inline(always)]
    pub(crate) fn load8(self, x: &[u64; 8]) -> __m512i {
        unsafe { _mm512_loadu_si512(x.as_ptr().cast()) }
    }

    #[inline(always)]
    pub(crate) fn store8(self, x: &mut [u64; 8], v: __m512i) {
        unsafe { _mm512_storeu_si512(x.as_mut_ptr().cast(), v) }
    }

    #[inline(always)]
    pub(crate) fn set(self, x: u64) -> __m512i {
        unsafe { _mm512_set1_epi64(x as i64) }
    }

    #[inline(always)]
    pub(crate) fn broadcast(self, limbs: [u64; 5]) -> E {
        each!(|I| self.set(limbs[I]))
    }

    #[inline(always)]
    pub(crate) fn zero(self) -> E {
        [self.set(0); 5]
    }

    #[inline(always)]
    pub(crate) fn lo(self, acc: __m512i, a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_madd52lo_epu64(acc, a, b) }
    }

    #[inline(always)]
    pub(crate) fn hi(self, acc: __m512i, a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_madd52hi_epu64(acc, a, b) }
    }

    #[inline(always)]
    pub(crate) fn plus(self, a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_add_epi64(a, b) }
    }

    #[inline(always)]
    pub(crate) fn minus(self, a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_sub_epi64(a, b) }
    }

    /// Limb by limb; not normal.
    #[inline(always)]
    pub(crate) fn add(self, a: &E, b: &E) -> E {
        each!(|I| self.plus(a[I], b[I]))
    }

    /// Limb by limb, signed; not normal.
    #[inline(always)]
    pub(crate) fn sub(self, a: &E, b: &E) -> E {
        each!(|I| self.minus(a[I], b[I]))
    }

    /// `a - b + k p` limb by limb; not normal.
    #[inline(always)]
    pub(crate) fn sub_from<M: Modulus>(self, a: &E, b: &E, k: u64) -> E {
        each!(|I| {
            let a = self.plus(a[I], self.set(M::P[I] * k));
            self.minus(a, b[I])
        })
    }

    /// Normal limbs of the same value, which must be in `[0, 2^260)`; limbs are signed.
    #[inline(always)]
    pub(crate) fn carry(self, mut a: E) -> E {
        for i in 0..4 {
            unsafe {
                a[i + 1] = _mm512_add_epi64(a[i + 1], _mm512_srai_epi64::<52>(a[i]));
                a[i] = _mm512_and_si512(a[i], _mm512_set1_epi64(MASK as i64));
            }
        }
        a
    }

    /// A settled element congruent to `a`, whose value is in `(-3.9 p, 3.9 p)` and whose limbs
    /// are below 2^57 in absolute value.
    ///
    /// With `x = a_4 + 4 p_4 - 64` (limb 4), `x 2^208 <= a + 4p`, as the limbs below make up for
    /// less than 64 units; and 84 p <= 2^260. So `k = floor(84 x / 2^52)` is at most
    /// `(a + 4p) / p`, and `a + (4 - k) p >= 0`. The other way, 84 > 0.9915 2^260 / p loses at most
    /// 0.0085 * 7.9 and the rounding of x next to nothing: `a + (4 - k) p < 1.07 p + 2^216`.
    #[inline(always)]
    pub(crate) fn settle<M: Modulus>(self, a: E) -> E {
        let x = self.plus(a[4], self.set(4 * M::P[4] - 64));
        let k = self.hi(self.set(0), x, self.set(M::QUOTIENT));
        let steps: E = each!(|I| unsafe {
            let row = _mm512_loadu_si512(M::STEPS[I].as_ptr().cast());
            _mm512_permutexvar_epi64(k, row)
        });
        self.carry(self.add(&a, &steps))
    }

    /// A settled element congruent to `a`, whose limbs are normal and value is below 80 p.
    ///
    /// The quotient is taken with 20 more bits, so the remainder is below p + 2^213.
    #[inline(always)]
    pub(crate) fn settle_wide<M: Modulus>(self, a: E) -> E {
        // At most 2^280 / p, by the limb that leads; below 2^27.
        let quotient = ((1u128 << 72) / (M::P[4] as u128 + 1)) as u64;
        let q = self.hi(self.set(0), a[4], self.set(quotient));
        let q = unsafe { _mm512_srli_epi64::<20>(q) };
        let n = self.broadcast(M::COMPLEMENT);
        // a + q (2^260 - p), without the q at 2^260.
        let mut t = a;
        for i in 0..5 {
            t[i] = self.lo(t[i], q, n[i]);
        }
        for i in 0..4 {
            t[i + 1] = self.hi(t[i + 1], q, n[i]);
        }
        let mut t = self.carry(t);
        t[4] = unsafe { _mm512_and_si512(t[4], _mm512_set1_epi64(MASK as i64)) };
        t
    }

    /// The canonical element, below p, of a settled one.
    #[inline(always)]
    pub(crate) fn canonical<M: Modulus>(self, a: E) -> E {
        let less = self.carry(self.sub(&a, &self.broadcast(M::P)));
        unsafe {
            let below = _mm512_movepi64_mask(less[4]);
            each!(|I| _mm512_mask_blend_epi64(below, less[I], a[I]))
        }
    }

    /// `a b / 2^260`, of value below `p (1 + (a b / p^2) / 84.6)`; operands must be normal.
    #[inline(always)]
    pub(crate) fn mul<M: Modulus>(self, a: &E, b: &E) -> E {
        self.carry(self.mul_loose::<M>(a, b))
    }

    /// As [`Simd::mul`] with limbs that are not normal, but below 2^57.
    ///
    /// Word by word: after `t += a b_i` the multiple `m p` that clears the lowest limb is added.
    /// The lowest limb of that sum is not computed: it is the next multiple of 2^52 from `t_0`
    /// on. An accumulator takes four products of less than 2^52 in each of five rounds, and a
    /// carry: it stays below 2^57.
    #[inline(always)]
    pub(crate) fn mul_loose<M: Modulus>(self, a: &E, b: &E) -> E {
        self.mul_words_loose::<M, 5>(a, b)
    }

    /// `a b / 2^(52 N)` for normal limbs `b`, of value below `a + p`.
    #[inline(always)]
    pub(crate) fn mul_words<M: Modulus, const N: usize>(self, a: &E, b: &[__m512i; N]) -> E {
        self.carry(self.mul_words_loose::<M, N>(a, b))
    }

    #[inline(always)]
    fn mul_words_loose<M: Modulus, const N: usize>(self, a: &E, b: &[__m512i; N]) -> E {
        let mut t = [self.set(0); 6];
        for b in b {
            for j in 0..5 {
                t[j] = self.lo(t[j], a[j], *b);
                t[j + 1] = self.hi(t[j + 1], a[j], *b);
            }
            t = self.reduce_word::<M>(t);
        }
        [t[0], t[1], t[2], t[3], t[4]]
    }

    /// Two products as [`Simd::mul`] gives them.
    #[inline(always)]
    pub(crate) fn mul_both<M: Modulus>(self, a: &[E; 2], b: &[E; 2]) -> [E; 2] {
        let [t, u] = self.mul_both_loose::<M>(a, b);
        [self.carry(t), self.carry(u)]
    }

    /// Two products as [`Simd::mul_loose`] gives them. They are computed in step, as each of them
    /// waits for its own results most of the time.
    #[inline(always)]
    pub(crate) fn mul_both_loose<M: Modulus>(self, a: &[E; 2], b: &[E; 2]) -> [E; 2] {
        let mut t = [[self.set(0); 6]; 2];
        for (b0, b1) in b[0].iter().zip(&b[1]) {
            let b = [*b0, *b1];
            for j in 0..5 {
                for l in 0..2 {
                    t[l][j] = self.lo(t[l][j], a[l][j], b[l]);
                }
                for l in 0..2 {
                    t[l][j + 1] = self.hi(t[l][j + 1], a[l][j], b[l]);
                }
            }
            t = [self.reduce_word::<M>(t[0]), self.reduce_word::<M>(t[1])];
        }
        let [t, u] = t;
        [
            [t[0], t[1], t[2], t[3], t[4]],
            [u[0], u[1], u[2], u[3], u[4]],
        ]
    }

    #[inline(always)]
    fn reduce_word<M: Modulus>(self, mut t: [__m512i; 6]) -> [__m512i; 6] {
        let m = self.lo(self.set(0), t[0], self.set(M::NEG_INV));
        let up = unsafe { _mm512_srli_epi64::<52>(self.plus(t[0], self.set(MASK))) };
        t[1] = self.plus(t[1], up);
        for j in 0..5 {
            if j > 0 {
                t[j] = self.lo(t[j], m, self.set(M::P[j]));
            }
            t[j + 1] = self.hi(t[j + 1], m, self.set(M::P[j]));
        }
        [t[1], t[2], t[3], t[4], t[5], self.set(0)]
    }

    /// `a^2 / 2^260`, as [`Simd::mul`].
    #[inline(always)]
    pub(crate) fn square<M: Modulus>(self, a: &E) -> E {
        self.carry(self.square_loose::<M>(a))
    }

    /// `a^2 / 2^260`, as [`Simd::mul_loose`].
    #[inline(always)]
    pub(crate) fn square_loose<M: Modulus>(self, a: &E) -> E {
        let mut w = [self.set(0); 10];
        for i in 0..5 {
            for j in i + 1..5 {
                w[i + j] = self.lo(w[i + j], a[i], a[j]);
                w[i + j + 1] = self.hi(w[i + j + 1], a[i], a[j]);
            }
        }
        for i in 0..5 {
            for k in [2 * i, 2 * i + 1] {
                w[k] = self.plus(w[k], w[k]);
            }
            w[2 * i] = self.lo(w[2 * i], a[i], a[i]);
            w[2 * i + 1] = self.hi(w[2 * i + 1], a[i], a[i]);
        }
        self.reduce_product_loose::<M>(w)
    }

    /// `w + a b` over ten limbs; each grows by less than 10 * 2^52.
    #[inline(always)]
    pub(crate) fn mul_wide(self, mut w: [__m512i; 10], a: &E, b: &E) -> [__m512i; 10] {
        for i in 0..5 {
            for j in 0..5 {
                w[i + j] = self.lo(w[i + j], a[j], b[i]);
                w[i + j + 1] = self.hi(w[i + j + 1], a[j], b[i]);
            }
        }
        w
    }

    /// `w / 2^260`, of value below `w / 2^260 + p`; limbs below 2^62.
    #[inline(always)]
    pub(crate) fn reduce_product<M: Modulus>(self, w: [__m512i; 10]) -> E {
        self.carry(self.reduce_product_loose::<M>(w))
    }

    #[inline(always)]
    fn reduce_product_loose<M: Modulus>(self, w: [__m512i; 10]) -> E {
        let mut t = [w[0], w[1], w[2], w[3], w[4], w[5]];
        for i in 0..5 {
            t = self.reduce_word::<M>(t);
            if i < 4 {
                t[5] = w[6 + i];
            }
        }
        [t[0], t[1], t[2], t[3], t[4]]
    }

    /// Limbs of 52 bits from words of 64.
    #[inline(always)]
    pub(crate) fn split(self, w: [__m512i; 4]) -> E {
        unsafe {
            let mask = self.set(MASK);
            [
                _mm512_and_si512(w[0], mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<52>(w[0], w[1]), mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<40>(w[1], w[2]), mask),
                _mm512_and_si512(_mm512_shrdi_epi64::<28>(w[2], w[3]), mask),
                _mm512_srli_epi64::<16>(w[3]),
            ]
        }
    }

    /// Words of 64 bits from normal limbs of a value below 2^256.
    #[inline(always)]
    pub(crate) fn join(self, a: E) -> [__m512i; 4] {
        unsafe {
            [
                _mm512_or_si512(a[0], _mm512_slli_epi64::<52>(a[1])),
                _mm512_or_si512(_mm512_srli_epi64::<12>(a[1]), _mm512_slli_epi64::<40>(a[2])),
                _mm512_or_si512(_mm512_srli_epi64::<24>(a[2]), _mm512_slli_epi64::<28>(a[3])),
                _mm512_or_si512(_mm512_srli_epi64::<36>(a[3]), _mm512_slli_epi64::<16>(a[4])),
            ]
        }
    }

    /// From arkworks' Montgomery form (R = 2^256) in limbs to this one: times 16. Settled.
    #[inline(always)]
    pub(crate) fn enter<M: Modulus>(self, a: E) -> E {
        // 16 a < 16 p: shifted limbs have at most 56 bits.
        let shifted = each!(|I| unsafe { _mm512_slli_epi64::<4>(a[I]) });
        self.settle_wide::<M>(self.carry(shifted))
    }

    /// From this form to arkworks' one: a settled element over 16, canonical.
    #[inline(always)]
    pub(crate) fn leave<M: Modulus>(self, a: E) -> E {
        unsafe {
            // k p = -a mod 16, so a + k p is a multiple of 16, below 17 p; a sixteenth is below
            // 1.1 p.
            let k = _mm512_mullo_epi64(a[0], self.set(M::NEG_INV));
            let k = _mm512_and_si512(k, self.set(15));
            let mut t = a;
            for i in 0..5 {
                t[i] = self.lo(t[i], k, self.set(M::P[i]));
                if i < 4 {
                    t[i + 1] = self.hi(t[i + 1], k, self.set(M::P[i]));
                }
            }
            let t = self.carry(t);
            let sixteenth = each!(|I| {
                let low = _mm512_srli_epi64::<4>(t[I]);
                // The highest limb has nothing above it to take bits from.
                let above = if I < 4 { t[(I + 1) % 5] } else { self.set(0) };
                let high = _mm512_and_si512(_mm512_slli_epi64::<48>(above), self.set(MASK));
                _mm512_or_si512(low, high)
            });
            self.canonical::<M>(sixteenth)
        }
    }

    /// Eight elements of arkworks, settled.
    #[inline(always)]
    pub(crate) fn import<M: Modulus>(self, x: &[M::Field; 8]) -> E {
        let mut words = [[0u64; 8]; 4];
        for (l, x) in x.iter().enumerate() {
            let x = M::raw(x);
            for i in 0..4 {
                words[i][l] = x[i];
            }
        }
        let w = [
            self.load8(&words[0]),
            self.load8(&words[1]),
            self.load8(&words[2]),
            self.load8(&words[3]),
        ];
        self.enter::<M>(self.split(w))
    }

    /// Eight elements for arkworks, from a settled one.
    #[inline(always)]
    pub(crate) fn export<M: Modulus>(self, a: E) -> [M::Field; 8] {
        let mut words = [[0u64; 8]; 4];
        for (row, v) in words.iter_mut().zip(self.join(self.leave::<M>(a))) {
            unsafe { _mm512_storeu_si512(row.as_mut_ptr().cast(), v) }
        }
        std::array::from_fn(|l| M::from_raw(std::array::from_fn(|i| words[i][l])))
    }

    /// The lanes in which a settled element is zero modulo p.
    #[inline(always)]
    pub(crate) fn is_zero<M: Modulus>(self, a: &E) -> __mmask8 {
        self.all_zero(&self.canonical::<M>(*a))
    }

    /// The lanes in which every limb is zero.
    #[inline(always)]
    pub(crate) fn all_zero(self, a: &E) -> __mmask8 {
        unsafe {
            let low = _mm512_or_si512(_mm512_or_si512(a[0], a[1]), _mm512_or_si512(a[2], a[3]));
            _mm512_testn_epi64_mask(_mm512_or_si512(low, a[4]), self.set(u64::MAX))
        }
    }

    /// `b` in the lanes of the mask, else `a`.
    #[inline(always)]
    pub(crate) fn select(self, mask: __mmask8, a: &E, b: &E) -> E {
        each!(|I| unsafe { _mm512_mask_blend_epi64(mask, a[I], b[I]) })
    }

    /// One element in all lanes.
    pub(crate) fn splat<M: Modulus>(self, x: M::Field) -> [u64; 5] {
        // 16 x by arkworks is the Montgomery form for 2^260.
        split(M::raw(&(x * M::Field::from(16u64))))
    }
}
