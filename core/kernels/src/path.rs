//! Choice of a path at run time.

use crate::Portable;

/// A path that this processor can take.
#[derive(Clone, Copy, Debug)]
pub enum Path {
    /// The arithmetic of arkworks, for every processor.
    Portable(Portable),
    /// Eight lanes with AVX-512 IFMA.
    #[cfg(target_arch = "x86_64")]
    Ifma(crate::Ifma),
}

impl Path {
    /// The path of this name, `portable` or `ifma`, if there is one and this processor can take it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "portable" => Some(Path::Portable(Portable)),
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
            Path::Ifma(_) => "ifma",
        }
    }

    /// All that this processor can take, the fastest first.
    pub fn available() -> Vec<Self> {
        ["ifma", "portable"]
            .into_iter()
            .filter_map(Path::named)
            .collect()
    }
}

/// The path named by the environment variable `ZKP_NB_KERNELS`, else the fastest one. A name that
/// is unknown, or means a path that this processor cannot take, is passed over.
pub fn detect() -> Path {
    let wanted = std::env::var("ZKP_NB_KERNELS").ok();
    let named = wanted.as_deref().and_then(Path::named);
    named
        .or_else(|| Path::available().first().copied())
        .unwrap_or(Path::Portable(Portable))
}
