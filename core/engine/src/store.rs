//! Files of points: written whole or not at all, checked when read.

use crate::domain::LANES;
use ark_ff::BigInt;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::path::Path;
use zkp_kernels::{Fq, G1Affine};

const MAGIC: &[u8; 16] = b"zkp-grid-pts/1\0\0";
const HEADER: usize = 16 + 32 + 4 + 8 + 32;
const POINT: usize = 64;

/// Bytes of the header before the checksum: magic, srs_id, depth (0 for the monomials), count.
fn head(srs_id: &[u8; 32], depth: usize, count: usize) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(srs_id);
    out.extend_from_slice(&(depth as u32).to_le_bytes());
    out.extend_from_slice(&(count as u64).to_le_bytes());
    out
}

/// Writes a file under another name and then renames it, so that nobody sees half of it.
pub fn write_atomically(path: &Path, parts: &[&[u8]], secret: bool) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let result = (|| {
        let mut file = options.open(&temporary)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    })();
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

/// Writes points in the field's internal form, least significant limb first.
pub fn write_points(
    path: &Path,
    srs_id: &[u8; 32],
    depth: usize,
    points: &[G1Affine],
) -> io::Result<()> {
    let mut body = vec![0; points.len() * POINT];
    for (out, p) in body.chunks_exact_mut(POINT).zip(points) {
        let limbs = p.x.0 .0.iter().chain(&p.y.0 .0);
        if !p.infinity {
            out.chunks_exact_mut(8)
                .zip(limbs)
                .for_each(|(o, l)| o.copy_from_slice(&l.to_le_bytes()));
        }
    }
    let checksum = Sha256::digest(&body);
    write_atomically(
        path,
        &[&head(srs_id, depth, points.len()), &checksum, &body],
        false,
    )
}

/// Reads what [`write_points`] wrote; `None` where there is no such file, or it is of another
/// set-up, too short or damaged.
pub fn read_points(path: &Path, srs_id: &[u8; 32], depth: usize) -> Option<Vec<G1Affine>> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut header = [0; HEADER];
    file.read_exact(&mut header).ok()?;
    let count = u64::from_le_bytes(header[52..60].try_into().ok()?);
    let length = file.metadata().ok()?.len();
    if count > (1 << 16) * LANES as u64 || length != HEADER as u64 + count * POINT as u64 {
        return None;
    }
    let count = count as usize;
    if header[..60] != head(srs_id, depth, count) {
        return None;
    }
    let mut body = Vec::with_capacity(count * POINT);
    file.read_to_end(&mut body).ok()?;
    if body.len() != count * POINT || Sha256::digest(&body)[..] != header[60..] {
        return None;
    }
    let point = |bytes: &[u8]| {
        let mut limbs = [0; 8];
        for (l, b) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
            *l = u64::from_le_bytes(b.try_into().unwrap_or_default());
        }
        let [x0, x1, x2, x3, y0, y1, y2, y3] = limbs;
        if limbs == [0; 8] {
            return G1Affine::identity();
        }
        let field = |limbs| Fq::new_unchecked(BigInt(limbs));
        G1Affine::new_unchecked(field([x0, x1, x2, x3]), field([y0, y1, y2, y3]))
    };
    Some(body.chunks_exact(POINT).map(point).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::AffineRepr;

    #[test]
    fn points_come_back_and_damage_is_seen() {
        let folder = std::env::temp_dir().join(format!("zkp-engine-store-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("points");
        let points = [
            G1Affine::generator(),
            G1Affine::identity(),
            -G1Affine::generator(),
        ];
        write_points(&path, &[7; 32], 16, &points).unwrap();
        assert_eq!(read_points(&path, &[7; 32], 16).unwrap(), points);
        assert!(read_points(&path, &[8; 32], 16).is_none());
        assert!(read_points(&path, &[7; 32], 32).is_none());
        let bytes = std::fs::read(&path).unwrap();
        for i in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[i] ^= 1;
            std::fs::write(&path, &damaged).unwrap();
            assert!(read_points(&path, &[7; 32], 16).is_none(), "byte {i}");
        }
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(read_points(&path, &[7; 32], 16).is_none());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
