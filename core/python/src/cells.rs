//! numpy arrays to cells.

use crate::CoreError;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
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
    let a = a.as_array();
    if a.ncols() != 32 {
        return Err(CoreError::new_err(ACCEPTED));
    }
    let mut cells = Vec::with_capacity(a.nrows());
    for (m, row) in a.outer_iter().enumerate() {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(row).for_each(|(b, x)| *b = *x);
        let cell = scalar_from_le_bytes(&bytes);
        cells.push(cell.ok_or_else(|| {
            CoreError::new_err(format!("row {m} is not a canonical field element"))
        })?);
    }
    Ok(Cells::Field(cells))
}
