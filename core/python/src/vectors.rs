//! numpy vectors to `zkp_cells` and back. Inputs are read where they lie, with the GIL released.

use crate::{pool, to_python, CoreError};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use zkp_cells::rows::{self, Column};
use zkp_cells::text::{self, Offsets};
use zkp_cells::{field, multiset, order, sums, Cells, WIDE};

type Keys<'py> = PyReadonlyArray1<'py, u64>;
type Numbers<'py> = Bound<'py, PyArray1<i64>>;
type Wide<'py> = Bound<'py, PyArray2<u8>>;

/// Cells of any kind, held while they are read.
enum Held<'py> {
    Signed(PyReadonlyArray1<'py, i64>),
    Unsigned(Keys<'py>),
    Flags(PyReadonlyArray1<'py, bool>),
    Wide(PyReadonlyArray2<'py, u8>),
}

impl<'py> Held<'py> {
    fn of(cells: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(held) = cells.extract() {
            return Ok(Held::Signed(held));
        }
        if let Ok(held) = cells.extract() {
            return Ok(Held::Unsigned(held));
        }
        if let Ok(held) = cells.extract() {
            return Ok(Held::Flags(held));
        }
        match cells.extract::<PyReadonlyArray2<'_, u8>>() {
            Ok(held) if held.shape()[1] == WIDE => Ok(Held::Wide(held)),
            _ => Err(refused(
                "cells are int64, uint64 or bool, or uint8 of shape (n, 32)",
            )),
        }
    }

    fn cells(&self) -> PyResult<Cells<'_>> {
        Ok(match self {
            Held::Signed(held) => Cells::Signed(held.as_slice()?),
            Held::Unsigned(held) => Cells::Unsigned(held.as_slice()?),
            Held::Flags(held) => Cells::Flags(held.as_slice()?),
            Held::Wide(held) => Cells::Wide(held.as_slice()?.as_chunks().0),
        })
    }
}

fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| pool::run(|| Ok(work()))).map_err(to_python)
}

fn wide(py: Python<'_>, cells: Vec<u8>) -> PyResult<Wide<'_>> {
    let shape = [cells.len() / WIDE, WIDE];
    cells.into_pyarray(py).reshape(shape)
}

fn refused(what: &str) -> PyErr {
    CoreError::new_err(what.to_owned())
}

#[pyfunction]
#[pyo3(signature = (tag, data, offsets, null=None))]
fn hash_values<'py>(
    py: Python<'py>,
    tag: &[u8],
    data: PyReadonlyArray1<'py, u8>,
    offsets: &Bound<'py, PyAny>,
    null: Option<PyReadonlyArray1<'py, bool>>,
) -> PyResult<(Bound<'py, PyArray1<u64>>, Wide<'py>)> {
    let small = offsets.extract::<PyReadonlyArray1<'_, i32>>();
    let large = offsets.extract::<PyReadonlyArray1<'_, i64>>();
    let offsets = match (&small, &large) {
        (Ok(small), _) => Offsets::Small(small.as_slice()?),
        (_, Ok(large)) => Offsets::Large(large.as_slice()?),
        _ => return Err(refused("offsets are int32 or int64, of one dimension")),
    };
    let null = null.as_ref().map(|null| null.as_slice()).transpose()?;
    let data = data.as_slice()?;
    let found = run(py, || text::hash_values(tag, data, offsets, null))?;
    let found = found.ok_or_else(|| refused("the offsets do not lie in order within the data"))?;
    Ok((found.heads.into_pyarray(py), wide(py, found.tails)?))
}

#[pyfunction]
fn hash_rows<'py>(
    py: Python<'py>,
    key: u64,
    rows: usize,
    columns: Vec<(Option<Bound<'py, PyAny>>, u64)>,
) -> PyResult<Bound<'py, PyArray1<u64>>> {
    let held = columns
        .iter()
        .map(|(cells, word)| Ok((cells.as_ref().map(Held::of).transpose()?, *word)))
        .collect::<PyResult<Vec<_>>>()?;
    let columns = held.iter().map(|(held, word)| {
        Ok(match held {
            Some(held) => Column::Cells(held.cells()?, *word),
            None => Column::Same(*word),
        })
    });
    let columns = columns.collect::<PyResult<Vec<_>>>()?;
    let found = run(py, || rows::hash_rows(key, rows, &columns))?;
    let found = found.ok_or_else(|| refused("the columns of a table have equally many rows"))?;
    Ok(found.into_pyarray(py))
}

#[pyfunction]
fn argsort<'py>(py: Python<'py>, keys: Keys<'py>) -> PyResult<Numbers<'py>> {
    let keys = keys.as_slice()?;
    Ok(run(py, || order::argsort(keys))?.into_pyarray(py))
}

#[pyfunction]
fn surplus(py: Python<'_>, left: Keys<'_>, right: Keys<'_>) -> PyResult<(usize, usize)> {
    let (left, right) = (left.as_slice()?, right.as_slice()?);
    run(py, || multiset::surplus(left, right))
}

#[pyfunction]
fn chosen<'py>(
    py: Python<'py>,
    parent: Keys<'py>,
    child: Keys<'py>,
) -> PyResult<Option<Bound<'py, PyArray1<bool>>>> {
    let (parent, child) = (parent.as_slice()?, child.as_slice()?);
    let found = run(py, || multiset::chosen(parent, child))?;
    Ok(found.map(|keep| keep.into_pyarray(py)))
}

#[pyfunction]
fn occurrences<'py>(
    py: Python<'py>,
    keys: Keys<'py>,
    looked_up: Keys<'py>,
) -> PyResult<Numbers<'py>> {
    let (keys, looked_up) = (keys.as_slice()?, looked_up.as_slice()?);
    Ok(run(py, || multiset::occurrences(keys, looked_up))?.into_pyarray(py))
}

#[pyfunction]
fn known<'py>(
    py: Python<'py>,
    keys: Keys<'py>,
    looked_up: Keys<'py>,
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let (keys, looked_up) = (keys.as_slice()?, looked_up.as_slice()?);
    Ok(run(py, || multiset::known(keys, looked_up))?.into_pyarray(py))
}

#[pyfunction]
fn groups<'py>(
    py: Python<'py>,
    keys: Keys<'py>,
) -> PyResult<(Numbers<'py>, Numbers<'py>, Numbers<'py>)> {
    let keys = keys.as_slice()?;
    let found = run(py, || multiset::groups(keys))?;
    let vectors = [found.first, found.of, found.sizes];
    let [first, of, sizes] = vectors.map(|vector| vector.into_pyarray(py));
    Ok((first, of, sizes))
}

#[pyfunction]
fn group_sums(
    py: Python<'_>,
    of: PyReadonlyArray1<'_, i64>,
    groups: usize,
    cells: &Bound<'_, PyAny>,
) -> PyResult<Vec<i128>> {
    let held = Held::of(cells)?;
    let (of, cells) = (of.as_slice()?, held.cells()?);
    let found = run(py, || sums::group_sums(of, groups, cells))?;
    found.ok_or_else(|| refused("a number of a group is missing or too large, or cells are wide"))
}

#[pyfunction]
fn dot(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<(i128, i128)> {
    let (a, b) = (Held::of(a)?, Held::of(b)?);
    let (a, b) = (a.cells()?, b.cells()?);
    let found = run(py, || sums::dot(a, b))?;
    found.ok_or_else(|| refused("one column is longer, or cells are wide"))
}

#[pyfunction]
fn scaled<'py>(py: Python<'py>, cells: &Bound<'py, PyAny>, factor: &[u8]) -> PyResult<Wide<'py>> {
    let held = Held::of(cells)?;
    let cells = held.cells()?;
    wide(py, run(py, || field::scaled(cells, factor))?)
}

#[pyfunction]
fn inverses<'py>(
    py: Python<'py>,
    cells: Keys<'py>,
    signed: bool,
    roots: Vec<i128>,
) -> PyResult<Wide<'py>> {
    let cells = cells.as_slice()?;
    wide(py, run(py, || field::inverses(cells, signed, &roots))?)
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(hash_values, m)?)?;
    m.add_function(wrap_pyfunction!(hash_rows, m)?)?;
    m.add_function(wrap_pyfunction!(argsort, m)?)?;
    m.add_function(wrap_pyfunction!(surplus, m)?)?;
    m.add_function(wrap_pyfunction!(chosen, m)?)?;
    m.add_function(wrap_pyfunction!(occurrences, m)?)?;
    m.add_function(wrap_pyfunction!(known, m)?)?;
    m.add_function(wrap_pyfunction!(groups, m)?)?;
    m.add_function(wrap_pyfunction!(group_sums, m)?)?;
    m.add_function(wrap_pyfunction!(dot, m)?)?;
    m.add_function(wrap_pyfunction!(scaled, m)?)?;
    m.add_function(wrap_pyfunction!(inverses, m)?)
}
