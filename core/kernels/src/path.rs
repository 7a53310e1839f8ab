//! Choice of a path at run time.

use crate::Portable;

/// A path that this processor can take.
#[derive(Clone, Copy, Debug)]
pub enum Path {
    /// The arithmetic of arkworks, for every processor.
    Portable(Portable),
    /// Four lanes with AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(crate::Avx2),
    /// Eight lanes with AVX-512 IFMA.
    #[cfg(target_arch = "x86_64")]
    Ifma(crate::Ifma),
}

impl Path {
    /// The path of this name, `portable`, `avx2` or `ifma`, if there is one and this processor can take it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "portable" => Some(Path::Portable(Portable)),
            #[cfg(target_arch = "x86_64")]
            "avx2" => crate::Avx2::detect().map(Path::Avx2),
            #[cfg(target_arch = "x86_64")]
            "ifma" => crate::Ifma::detect().map(Path::Ifma),
            _ => None,
        }
    }

    /// The name that [`Path::named`] takes.
    pub fn name(self) -> &'static str {
        match self {
            Path::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(_) => "ifma",
        }
    }

    /// All that this processor can take, the fastest first.
    pub fn available() -> Vec<Self> {
        ["ifma", "avx2", "portable"]
            .into_iter()
            .filter_map(Path::named)
            .collect()
    }
}

/// The path named by the environment variable `ZKP_NB_KERNELS`, else the fastest one. A name that
/// is unknown, or means a path that this processor cannot take, is passed over, which is said once
/// on the standard error stream.
pub fn detect() -> Path {
    let fastest = || Path::available().first().copied();
    match std::env::var("ZKP_NB_KERNELS") {
        Ok(name) if !name.is_empty() => Path::named(&name).or_else(|| {
            PASSED_OVER.call_once(|| {
                let names: Vec<_> = Path::available().iter().map(|p| p.name()).collect();
                eprintln!(
                    "ZKP_NB_KERNELS={name:?} is no path that this processor can take. It takes {}; {} is used.",
                    names.join(", "),
                    names[0]
                );
            });
            fastest()
        }),
        _ => fastest(),
    }
    .unwrap_or(Path::Portable(Portable))
}

static PASSED_OVER: std::sync::Once = std::sync::Once::new();
