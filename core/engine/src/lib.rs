//! The grid argument: set-up, commitments, programs, prover and verifier
//! (docs/specification/argument.md).

pub mod column;
pub mod commit;
mod dictionary;
pub mod domain;
pub mod encoding;
pub mod error;
mod eval;
mod fixed_base;
pub mod key;
mod lanes;
mod openings;
pub mod program;
pub mod prover;
pub mod public;
pub mod srs;
mod store;
pub mod task;
pub mod transcript;
pub mod verifier;

pub use column::{Cells, Column};
pub use commit::commit;
pub use error::{Error, Result};
pub use key::VerificationKey;
pub use program::Program;
pub use prover::{prove, Witness};
pub use srs::Srs;
pub use task::Task;
pub use transcript::Instance;
pub use verifier::{verify, verify_all, Claim};
