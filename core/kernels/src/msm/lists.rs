//! Points sorted into lists by bucket, laid out so that a pack of lists is summed side by side.

use super::NEGATIVE;

/// The code of no point.
pub(crate) const ABSENT: u32 = u32::MAX;

/// A digit code for each of consecutive points: one more than the bucket, zero for none, with
/// [`NEGATIVE`] where the point is subtracted.
pub(super) struct Digits<'a> {
    pub codes: &'a [u32],
    /// Where the buckets of these codes begin.
    pub bucket: usize,
    /// The first point.
    pub point: usize,
}

/// Lists of codes (point and sign), the longest first, in bundles of a pack's width: row `k` of a
/// bundle holds code `k` of each of its lists, [`ABSENT`] where one is shorter than the first.
pub(super) struct Lists {
    /// Bundle by bundle, row by row.
    pub codes: Vec<u32>,
    /// Where each bundle begins, and where the last one ends.
    pub starts: Vec<usize>,
    /// The bucket of each list.
    pub buckets: Vec<u32>,
    /// Lists of each bucket, if any has more than one.
    pub split: Option<Vec<u32>>,
}

/// Lists to aim for at least where buckets are few and long: so many that their additions share
/// inversions well.
const MANY: usize = 1 << 12;

impl Lists {
    /// The lists of `count` buckets for packs of `pack` points.
    pub fn new(digits: &[Digits<'_>], count: usize, pack: usize) -> Self {
        let mut sizes = vec![0u32; count];
        for list in digits {
            let sizes = &mut sizes[list.bucket..];
            for code in list.codes {
                let bucket = (code & !NEGATIVE) as usize;
                if bucket > 0 {
                    sizes[bucket - 1] += 1;
                }
            }
        }
        let total: usize = sizes.iter().map(|n| *n as usize).sum();
        let longest = (total / MANY).clamp(32, 256) as u32;
        let (buckets, lengths, split) = cut(&sizes, longest);

        // A list's place: by length, the longest first.
        let mut begins = vec![0usize; longest as usize + 2];
        for n in &lengths {
            begins[*n as usize] += 1;
        }
        let mut before = 0;
        for begin in begins.iter_mut().rev() {
            before += std::mem::replace(begin, before);
        }
        let mut places = vec![0usize; lengths.len()];
        let bundles = lengths.len().div_ceil(pack);
        let mut by_place = vec![0u32; lengths.len()];
        let mut starts = vec![0usize; bundles + 1];
        for (i, n) in lengths.iter().enumerate() {
            let place = begins[*n as usize];
            begins[*n as usize] += 1;
            places[i] = place;
            by_place[place] = buckets[i];
            if place.is_multiple_of(pack) {
                starts[place / pack + 1] = pack * *n as usize;
            }
        }
        for i in 0..bundles {
            starts[i + 1] += starts[i];
        }
        for place in &mut places {
            *place = starts[*place / pack] + *place % pack;
        }

        let mut codes = vec![ABSENT; starts[bundles]];
        if split.is_some() {
            place_pieces(digits, &sizes, &places, &lengths, pack, &mut codes);
        } else {
            // The one list of each bucket.
            let mut next = vec![0usize; count];
            for (bucket, place) in buckets.iter().zip(&places) {
                next[*bucket as usize] = *place;
            }
            for list in digits {
                let next = &mut next[list.bucket..];
                for (k, code) in list.codes.iter().enumerate() {
                    let bucket = (code & !NEGATIVE) as usize;
                    if bucket > 0 {
                        let next = &mut next[bucket - 1];
                        codes[*next] = (list.point + k) as u32 | (code & NEGATIVE);
                        *next += pack;
                    }
                }
            }
        }
        Lists {
            codes,
            starts,
            buckets: by_place,
            split,
        }
    }
}

/// Buckets cut into lists of at most `longest`: the bucket and the length of each list, and how
/// many each bucket has if not all have one at most.
fn cut(sizes: &[u32], longest: u32) -> (Vec<u32>, Vec<u32>, Option<Vec<u32>>) {
    let (mut buckets, mut lengths) = (
        Vec::with_capacity(sizes.len()),
        Vec::with_capacity(sizes.len()),
    );
    let mut split = false;
    for (bucket, size) in sizes.iter().enumerate() {
        let pieces = size.div_ceil(longest);
        split |= pieces > 1;
        for piece in 0..pieces {
            buckets.push(bucket as u32);
            // As equal as can be.
            lengths.push((size + piece) / pieces);
        }
    }
    let pieces = || sizes.iter().map(|size| size.div_ceil(longest)).collect();
    (buckets, lengths, split.then(pieces))
}

/// Codes of buckets with several lists, which are filled one after the other.
fn place_pieces(
    digits: &[Digits<'_>],
    sizes: &[u32],
    places: &[usize],
    lengths: &[u32],
    pack: usize,
    codes: &mut [u32],
) {
    // For each bucket its list, the place in it and what is left of it.
    let mut list_of = Vec::with_capacity(sizes.len());
    let mut first = 0;
    for size in sizes {
        let mut covered = 0;
        list_of.push(match lengths.get(first) {
            Some(n) if *size > 0 => (first, places[first], *n),
            _ => (first, 0, 0),
        });
        while covered < *size {
            covered += lengths[first];
            first += 1;
        }
    }
    for list in digits {
        let list_of = &mut list_of[list.bucket..];
        for (k, code) in list.codes.iter().enumerate() {
            let bucket = (code & !NEGATIVE) as usize;
            if bucket > 0 {
                let (i, place, left) = &mut list_of[bucket - 1];
                if *left == 0 {
                    *i += 1;
                    (*place, *left) = (places[*i], lengths[*i]);
                }
                codes[*place] = (list.point + k) as u32 | (code & NEGATIVE);
                *place += pack;
                *left -= 1;
            }
        }
    }
}
