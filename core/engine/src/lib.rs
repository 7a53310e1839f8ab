//! The grid argument.
