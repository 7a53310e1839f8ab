//! The one error type of the engine.

/// What can go wrong, as sentences for people. No variant carries a cell, a seed or a blinding.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument that cannot be used: wrong number of columns, malformed program, ...
    #[error("{0}")]
    Argument(String),
    /// A file of the set-up that is damaged or cannot be read or written.
    #[error("{0}")]
    Setup(String),
    /// The cells do not satisfy the program: a proof would not verify.
    #[error("the statement is false for these cells: {0}")]
    StatementFalse(String),
    /// The proof does not verify; names the check that refused it.
    #[error("{0}")]
    Rejected(String),
    /// The work was stopped from outside.
    #[error("stopped")]
    Interrupted,
}

pub type Result<T> = std::result::Result<T, Error>;

/// An [`Error::Argument`].
pub(crate) fn argument<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::Argument(what.into()))
}

/// An [`Error::Rejected`].
pub(crate) fn rejected<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::Rejected(what.into()))
}
