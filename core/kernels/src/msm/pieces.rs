//! Sums of many short lists of points, by rounds of additions in pairs.
//!
//! Points are affine and are added by the chord rule, which needs an inversion; all additions of a
//! round share one. Where a pair has equal x the rule fails: its denominator is zero, which makes
//! the shared product zero. Such a round is done again by complete additions, and so is every
//! later one if an identity came out; callers leave identities out of what they add. So the fast
//! way tests nothing but its product.

use super::{Adder, NEGATIVE};
use crate::G1Projective;
use ark_ec::CurveGroup;

/// Lists of points, filled anew in each round; what a thread keeps between sums.
pub(super) struct Scratch<A: Adder> {
    adder: A,
    /// Codes of the first and second terms of a round's additions, and places of the sums; whole
    /// packs, filled up by repeating the last addition.
    a: Vec<u32>,
    b: Vec<u32>,
    dst: Vec<u32>,
    /// Codes of points without partner, and their places.
    single: Vec<(u32, u32)>,
    products: A::Products,
    /// Sums of the round before and of this one, with space to spare.
    from: Vec<A::Point>,
    to: Vec<A::Point>,
    /// Whether the identity may be among them.
    identities: bool,
}

impl<A: Adder> Scratch<A> {
    pub fn new(adder: A) -> Self {
        Scratch {
            adder,
            a: Vec::new(),
            b: Vec::new(),
            dst: Vec::new(),
            single: Vec::new(),
            products: Default::default(),
            from: Vec::new(),
            to: Vec::new(),
            identities: false,
        }
    }

    /// Sums each of `pieces`, given as lengths of consecutive runs of `codes`; none is empty.
    /// Codes beyond them are a hint which points will be asked for next.
    pub fn sum(
        &mut self,
        points: &[A::Point],
        codes: &[u32],
        mut pieces: Vec<u32>,
    ) -> Vec<A::Point> {
        self.round(Some((points, codes)), &mut pieces);
        while pieces.iter().any(|n| *n > 1) {
            std::mem::swap(&mut self.from, &mut self.to);
            self.round(None, &mut pieces);
        }
        self.to[..pieces.len()].to_vec()
    }

    /// One round, from the given points and codes or from the sums of the round before.
    fn round(&mut self, first: Option<(&[A::Point], &[u32])>, pieces: &mut [u32]) {
        let now: usize = pieces.iter().map(|n| *n as usize).sum();
        let count = self.plan(pieces, first.map(|(_, codes)| codes));
        if self.to.len() < count {
            self.to.resize(count, A::IDENTITY);
        }
        let (points, next) = match first {
            Some((points, codes)) => (points, Some(&codes[now..])),
            None => (&self.from[..], None),
        };
        let to = &mut self.to[..count];
        for (code, place) in &self.single {
            to[*place as usize] = signed::<A>(points, *code);
        }
        if first.is_some() {
            self.identities = false;
        }
        let plan = [&self.a[..], &self.b, &self.dst];
        let done = !self.identities
            && self
                .adder
                .add_pairs(points, plan, next, &mut self.products, to);
        if !done {
            add_pairs_complete::<A>(points, plan, to);
            self.identities = to.iter().any(A::is_identity);
        }
    }

    /// Pairs up neighbours in each piece and halves its length; the number of points that leaves.
    /// Without `codes` the terms are the places of the round before.
    fn plan(&mut self, pieces: &mut [u32], codes: Option<&[u32]>) -> usize {
        let Scratch {
            a, b, dst, single, ..
        } = self;
        a.clear();
        b.clear();
        dst.clear();
        single.clear();
        let code = |i: u32| codes.map_or(i, |codes| codes[i as usize]);
        let (mut start, mut place) = (0, 0);
        for len in pieces {
            for k in 0..*len / 2 {
                a.push(code(start + 2 * k));
                b.push(code(start + 2 * k + 1));
                dst.push(place + k);
            }
            if *len % 2 == 1 {
                single.push((code(start + *len - 1), place + *len / 2));
            }
            start += *len;
            *len = len.div_ceil(2);
            place += *len;
        }
        for list in [a, b, dst] {
            if let Some(last) = list.last() {
                list.resize(list.len().next_multiple_of(A::PACK), *last);
            }
        }
        place as usize
    }
}

fn signed<A: Adder>(points: &[A::Point], code: u32) -> A::Point {
    let p = &points[(code & !NEGATIVE) as usize];
    if code & NEGATIVE == 0 {
        *p
    } else {
        A::negative(p)
    }
}

/// As [`Adder::add_pairs`], for any points.
#[cold]
fn add_pairs_complete<A: Adder>(
    points: &[A::Point],
    [a, b, dst]: [&[u32]; 3],
    to: &mut [A::Point],
) {
    let term = |code: &u32| A::to_affine(&signed::<A>(points, *code));
    let sums: Vec<G1Projective> = a.iter().zip(b).map(|(a, b)| term(a) + term(b)).collect();
    for (place, sum) in dst.iter().zip(G1Projective::normalize_batch(&sums)) {
        to[*place as usize] = A::from_affine(&sum);
    }
}
