//! numpy arrays to cells.

use crate::{pool, to_python, CoreError};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use rayon::prelude::*;
use zkp_cells::WIDE;
use zkp_engine::encoding::scalar_from_le_bytes;
use zkp_engine::Cells;

const ACCEPTED: &str =
    "cells are a numpy array: int64, uint64, uint16 or bool of one dimension, or uint8 of shape (n, 32)";

/// Copies an array's cells. Rows of 32 bytes are canonical field elements, little-endian.
pub fn from_numpy(array: &Bound<'_, PyAny>) -> PyResult<Cells> {
    if let Ok(a) = array.extract::<PyReadonlyArray1<'_, i64>>() {
        return Ok(Cells::I64(a.as_array().to_vec()));
    }
    if let Ok(a) = array.extract::<PyReadonlyArray1<'_, u64>>() {
        return Ok(Cells::U64(a.as_array().to_vec()));
    }
    if let Ok(a) = array.extract::<PyReadonlyArray1<'_, u16>>() {
        return Ok(Cells::U16(a.as_array().to_vec()));
    }
    if let Ok(a) = array.extract::<PyReadonlyArray1<'_, bool>>() {
        return Ok(Cells::Bool(
            a.as_array().iter().map(|x| u8::from(*x)).collect(),
        ));
    }
    let Ok(a) = array.extract::<PyReadonlyArray2<'_, u8>>() else {
        return Err(CoreError::new_err(ACCEPTED));
    };
    let rows = a.as_array();
    if rows.ncols() != WIDE {
        return Err(CoreError::new_err(ACCEPTED));
    }
    let contiguous = rows.as_standard_layout();
    let (rows, _) = contiguous
        .as_slice()
        .unwrap_or_default()
        .as_chunks::<WIDE>();
    let cells = rows
        .par_iter()
        .enumerate()
        .map(|(m, bytes)| scalar_from_le_bytes(bytes).ok_or(m));
    let cells = pool::run(|| Ok(cells.collect::<Result<_, usize>>())).map_err(to_python)?;
    Ok(Cells::Field(cells.map_err(|m| {
        CoreError::new_err(format!("row {m} is not a canonical field element"))
    })?))
}
