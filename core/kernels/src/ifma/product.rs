//! The inner loop of transforms in assembly.
//!
//! It is written out because the order of instructions decides: in the order that compilers
//! choose each product waits for itself, one multiply-add after the other into the same sum. Here
//! two products go in step, and about ten multiply-adds lie between one into a sum and the next.
//!
//! A product takes 59 multiply-adds, where one in Montgomery's way takes 105. Of the factor w there are
//! `w_i = w 2^(52 i) mod p` and `v_i = floor(w_i 2^52 / p)`. The sum `t` of the `a_i w_i` is `a w` modulo p
//! and below `5 p 2^52`, so that its quotient by p is but one limb and three bits. The sum `q` of the
//! `floor(a_i v_i / 2^52)` falls short of `t / p` by less than 10, by 1 for each floor here and 1 for each
//! in the `v_i`; the last three bits of q, which is below `5 2^52`, are left off as well. So
//! `t - 8 p floor(q / 8)` lies from 0 to 17 p, and as it is below 2^260, all is taken modulo that.

use super::field::E;
use super::prepared::{Folded, Uniform, EIGHTFOLD, LOWERED};
use super::{kernels, Simd};
use std::arch::{asm, x86_64::__m512i as M};

/// What products begin with, and 2^260 - 8 p.
static CONSTANTS: [[u64; 5]; 2] = [LOWERED, EIGHTFOLD];

/// Multiply-adds of `$op` (lower or upper halves) of `$a` and `$b` by limbs in registers `$w` and
/// `$x` to the sums from `$t` and `$u` on.
#[rustfmt::skip]
macro_rules! row {
    ($op:literal, $a:literal, $b:literal, $($t:literal $u:literal $w:literal $x:literal),*) => {
        concat!($(
            $op, " ", $t, ", ", $a, ", ", $w, "\n",
            $op, " ", $u, ", ", $b, ", ", $x, "\n",
        )*)
    };
}

/// Loads vector `$i` of the factor at `$c`, whose limbs lie `$size` bytes apart.
#[rustfmt::skip]
macro_rules! vector {
    ($i:literal, $c:literal, $size:literal, $load:literal, $($j:literal $w:literal),*) => {
        concat!($($load, " ", $w, ", [", $c, " + (5*", $i, "+", $j, ")*", $size, "]\n",)*)
    };
}

/// Multiply-adds of `$a` and `$b` by limb `$i` of the quotients.
#[rustfmt::skip]
macro_rules! quotients {
    ($i:literal, $a:literal, $b:literal, $d:literal, $size:literal, $all:literal) => {
        concat!(
            "vpmadd52huq zmm20, ", $a, ", [{c} + (25+", $i, ")*", $size, "]", $all, "\n",
            "vpmadd52huq zmm21, ", $b, ", [", $d, " + (25+", $i, ")*", $size, "]", $all, "\n",
        )
    };
}

/// One of five rounds: limb `$i` of either operand, in `$a` and `$b`, times vector `$i` of its factor,
/// and times limb `$i` of the quotients.
#[rustfmt::skip]
macro_rules! round {
    (one, $i:literal, $a:literal, $b:literal, $size:literal, $load:literal, $all:literal) => {
        concat!(
            vector!($i, "{c}", $size, $load, 0 "zmm22", 1 "zmm23", 2 "zmm24", 3 "zmm25", 4 "zmm26"),
            quotients!($i, $a, $b, "{c}", $size, $all),
            row!("vpmadd52luq", $a, $b,
                "zmm10" "zmm15" "zmm22" "zmm22", "zmm11" "zmm16" "zmm23" "zmm23",
                "zmm12" "zmm17" "zmm24" "zmm24", "zmm13" "zmm18" "zmm25" "zmm25",
                "zmm14" "zmm19" "zmm26" "zmm26"),
            row!("vpmadd52huq", $a, $b,
                "zmm11" "zmm16" "zmm22" "zmm22", "zmm12" "zmm17" "zmm23" "zmm23",
                "zmm13" "zmm18" "zmm24" "zmm24", "zmm14" "zmm19" "zmm25" "zmm25"),
        )
    };
    (two, $i:literal, $a:literal, $b:literal, $size:literal, $load:literal, $all:literal) => {
        concat!(
            vector!($i, "{c}", $size, $load, 0 "zmm22", 1 "zmm23", 2 "zmm24", 3 "zmm25", 4 "zmm26"),
            vector!($i, "{d}", $size, $load, 0 "zmm27", 1 "zmm28", 2 "zmm29", 3 "zmm30", 4 "zmm31"),
            quotients!($i, $a, $b, "{d}", $size, $all),
            row!("vpmadd52luq", $a, $b,
                "zmm10" "zmm15" "zmm22" "zmm27", "zmm11" "zmm16" "zmm23" "zmm28",
                "zmm12" "zmm17" "zmm24" "zmm29", "zmm13" "zmm18" "zmm25" "zmm30",
                "zmm14" "zmm19" "zmm26" "zmm31"),
            row!("vpmadd52huq", $a, $b,
                "zmm11" "zmm16" "zmm22" "zmm27", "zmm12" "zmm17" "zmm23" "zmm28",
                "zmm13" "zmm18" "zmm24" "zmm29", "zmm14" "zmm19" "zmm25" "zmm30"),
        )
    };
}

macro_rules! products {
    ($name:ident, $n:tt, $factor:ty, $size:literal, $load:literal, $all:literal) => {
        kernels! {
            /// Products as `prepared` describes them.
            #[inline]
            pub(super) fn $name(_s: Simd, a: &[E; 2], c: [&$factor; 2]) -> [E; 2] {
                let (t0, t1, t2, t3, t4): (M, M, M, M, M);
                let (u0, u1, u2, u3, u4): (M, M, M, M, M);
                // SAFETY: the processor has these instructions where this kernel may be called.
                // Memory is only read: 30 limbs of either factor, which are as many as their type
                // holds, and the ten constants. All registers that change are told.
                unsafe {
                    asm!(
                        "/* the second factor, if it is another one, is at {d} */",
                        "vpxord xmm20, xmm20, xmm20",
                        "vpxord xmm21, xmm21, xmm21",
                        "vpbroadcastq zmm10, [{k} + 0]",
                        "vpbroadcastq zmm11, [{k} + 8]",
                        "vpbroadcastq zmm12, [{k} + 16]",
                        "vpbroadcastq zmm13, [{k} + 24]",
                        "vpbroadcastq zmm14, [{k} + 32]",
                        "vmovdqa64 zmm15, zmm10",
                        "vmovdqa64 zmm16, zmm11",
                        "vmovdqa64 zmm17, zmm12",
                        "vmovdqa64 zmm18, zmm13",
                        "vmovdqa64 zmm19, zmm14",
                        round!($n, 0, "zmm0", "zmm5", $size, $load, $all),
                        round!($n, 1, "zmm1", "zmm6", $size, $load, $all),
                        round!($n, 2, "zmm2", "zmm7", $size, $load, $all),
                        round!($n, 3, "zmm3", "zmm8", $size, $load, $all),
                        round!($n, 4, "zmm4", "zmm9", $size, $load, $all),
                        "vpsrlq zmm20, zmm20, 3",
                        "vpsrlq zmm21, zmm21, 3",
                        "vpbroadcastq zmm22, [{k} + 40]",
                        "vpbroadcastq zmm23, [{k} + 48]",
                        "vpbroadcastq zmm24, [{k} + 56]",
                        "vpbroadcastq zmm25, [{k} + 64]",
                        "vpbroadcastq zmm26, [{k} + 72]",
                        row!("vpmadd52luq", "zmm20", "zmm21",
                            "zmm10" "zmm15" "zmm22" "zmm22", "zmm11" "zmm16" "zmm23" "zmm23",
                            "zmm12" "zmm17" "zmm24" "zmm24", "zmm13" "zmm18" "zmm25" "zmm25",
                            "zmm14" "zmm19" "zmm26" "zmm26"),
                        row!("vpmadd52huq", "zmm20", "zmm21",
                            "zmm11" "zmm16" "zmm22" "zmm22", "zmm12" "zmm17" "zmm23" "zmm23",
                            "zmm13" "zmm18" "zmm24" "zmm24", "zmm14" "zmm19" "zmm25" "zmm25"),
                        c = in(reg) std::ptr::from_ref(c[0]),
                        d = in(reg) std::ptr::from_ref(c[1]),
                        k = in(reg) std::ptr::from_ref(&CONSTANTS),
                        in("zmm0") a[0][0], in("zmm1") a[0][1], in("zmm2") a[0][2],
                        in("zmm3") a[0][3], in("zmm4") a[0][4],
                        in("zmm5") a[1][0], in("zmm6") a[1][1], in("zmm7") a[1][2],
                        in("zmm8") a[1][3], in("zmm9") a[1][4],
                        out("zmm10") t0, out("zmm11") t1, out("zmm12") t2,
                        out("zmm13") t3, out("zmm14") t4,
                        out("zmm15") u0, out("zmm16") u1, out("zmm17") u2,
                        out("zmm18") u3, out("zmm19") u4,
                        out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _,
                        out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _,
                        out("zmm28") _, out("zmm29") _, out("zmm30") _, out("zmm31") _,
                        options(pure, readonly, nostack, preserves_flags),
                    );
                }
                [[t0, t1, t2, t3, t4], [u0, u1, u2, u3, u4]]
            }
        }
    };
}

products!(uniform_one, one, Uniform, 8, "vpbroadcastq", "{{1to8}}");
products!(uniform_two, two, Uniform, 8, "vpbroadcastq", "{{1to8}}");
products!(folded_one, one, Folded, 64, "vmovdqa64", "");
products!(folded_two, two, Folded, 64, "vmovdqa64", "");
