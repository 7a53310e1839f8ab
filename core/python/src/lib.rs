//! The Python module `zkp_nb._core`: programs and cells in, bytes out.

mod cells;
mod pool;
mod vectors;
mod watch;

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::Arc;
use watch::watch;
use zeroize::Zeroizing;
use zkp_engine::{self as engine, Claim, Error, Instance, Program, VerificationKey, Witness};

create_exception!(
    zkp_nb._core,
    Rejected,
    PyException,
    "A proof does not verify; the text names the check that refused it."
);
create_exception!(
    zkp_nb._core,
    Interrupted,
    PyException,
    "The progress callback or Ctrl-C stopped the work."
);
create_exception!(
    zkp_nb._core,
    CoreError,
    PyException,
    "A bad argument, a damaged set-up file, or cells that do not satisfy the program."
);

fn to_python(error: Error) -> PyErr {
    match error {
        Error::Rejected(_) => Rejected::new_err(error.to_string()),
        Error::Interrupted => Interrupted::new_err("the work was stopped"),
        Error::Argument(_) | Error::Setup(_) | Error::StatementFalse(_) => {
            CoreError::new_err(error.to_string())
        }
    }
}

fn seed_of(bytes: &[u8]) -> PyResult<[u8; 32]> {
    let seed = bytes.try_into();
    seed.map_err(|_| CoreError::new_err("a seed has 32 bytes"))
}

/// The prover's part of a set-up.
#[pyclass(frozen, module = "zkp_nb._core")]
struct Srs {
    srs: Arc<engine::Srs>,
    #[pyo3(get)]
    depth: usize,
}

#[pymethods]
impl Srs {
    #[staticmethod]
    #[pyo3(signature = (folder, depth, progress=None))]
    fn dev(
        py: Python<'_>,
        folder: PathBuf,
        depth: usize,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let srs = watch(py, progress, |task| {
            let srs = engine::Srs::dev(&folder)?;
            srs.monomials(engine::srs::monomials_needed(depth), task)?;
            srs.grid(depth, task)?;
            Ok(Arc::new(srs))
        })?;
        Ok(Srs { srs, depth })
    }

    #[getter]
    fn srs_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.srs.id())
    }

    #[getter]
    fn verification_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.srs.key().bytes())
    }
}

/// Cells of one column, held natively.
#[pyclass(frozen, module = "zkp_nb._core")]
struct Column(engine::Column);

#[pymethods]
impl Column {
    #[new]
    fn new(cells: &Bound<'_, PyAny>) -> PyResult<Self> {
        let cells = cells::from_numpy(cells)?;
        Ok(Column(engine::Column::new(cells).map_err(to_python)?))
    }

    #[getter]
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn __repr__(&self) -> String {
        format!("<Column of {} rows>", self.0.rows())
    }
}

#[pyfunction]
#[pyo3(signature = (srs, depth, columns, labels, seed, progress=None))]
fn commit<'py>(
    py: Python<'py>,
    srs: &Srs,
    depth: usize,
    columns: Vec<Py<Column>>,
    labels: Vec<Vec<u8>>,
    seed: &[u8],
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let seed = Zeroizing::new(seed_of(seed)?);
    let columns: Vec<&engine::Column> = columns.iter().map(|c| &c.get().0).collect();
    let labels: Vec<&[u8]> = labels.iter().map(Vec::as_slice).collect();
    let points = watch(py, progress, |task| {
        engine::commit(&srs.srs, depth, &columns, &labels, &seed, task)
    })?;
    Ok(points.iter().map(|p| PyBytes::new(py, p)).collect())
}

#[pyfunction]
#[pyo3(signature = (srs, program, context, statement, part, columns, labels, seeds, aux, progress=None))]
#[allow(clippy::too_many_arguments)]
fn prove<'py>(
    py: Python<'py>,
    srs: &Srs,
    program: &[u8],
    context: &[u8],
    statement: &[u8],
    part: u32,
    columns: Vec<Py<Column>>,
    labels: Vec<Vec<u8>>,
    seeds: Vec<Vec<u8>>,
    aux: Vec<Py<Column>>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let program = Program::parse(program).map_err(to_python)?;
    let own = Zeroizing::new(seeds);
    let seeds = own.iter().map(|s| seed_of(s)).collect::<PyResult<Vec<_>>>();
    let seeds = Zeroizing::new(seeds?);
    let columns: Vec<&engine::Column> = columns.iter().map(|c| &c.get().0).collect();
    let aux: Vec<&engine::Column> = aux.iter().map(|c| &c.get().0).collect();
    let labels: Vec<&[u8]> = labels.iter().map(Vec::as_slice).collect();
    let witness = Witness {
        columns: &columns,
        labels: &labels,
        seeds: &seeds,
        aux: &aux,
    };
    let instance = Instance {
        context,
        statement,
        part,
    };
    let proof = watch(py, progress, |task| {
        engine::prove(&srs.srs, &program, &instance, &witness, task)
    })?;
    Ok(PyBytes::new(py, &proof))
}

/// Part, program, commitments, proof.
type PyClaim = (u32, PyBackedBytes, Vec<PyBackedBytes>, PyBackedBytes);

#[pyfunction]
fn verify(
    py: Python<'_>,
    verification_key: &[u8],
    context: &[u8],
    statement: &[u8],
    claims: Vec<PyClaim>,
) -> PyResult<()> {
    let read = |(_, program, commitments, _): &PyClaim| {
        let program = Program::parse(program)?;
        let points = commitments.iter().map(|c| c[..].try_into().ok());
        let points = points.collect::<Option<Vec<[u8; 32]>>>().ok_or_else(|| {
            Error::Rejected("a commitment is not the encoding of a point of the curve".into())
        })?;
        Ok((program, points))
    };
    let verdict = py.detach(|| {
        pool::run(|| {
            let key = VerificationKey::cached(verification_key)?;
            let read = claims.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            let claims: Vec<Claim> = (claims.iter().zip(&read))
                .map(|((part, _, _, proof), (program, commitments))| Claim {
                    program,
                    instance: Instance {
                        context,
                        statement,
                        part: *part,
                    },
                    commitments,
                    proof,
                })
                .collect();
            engine::verify_all(&key, &claims)
        })
    });
    verdict.map_err(to_python)
}

#[pyfunction]
fn kernels() -> &'static str {
    zkp_kernels::detect().name()
}

#[pymodule]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add("Rejected", py.get_type::<Rejected>())?;
    m.add("Interrupted", py.get_type::<Interrupted>())?;
    m.add("CoreError", py.get_type::<CoreError>())?;
    m.add_class::<Srs>()?;
    m.add_class::<Column>()?;
    m.add_function(wrap_pyfunction!(commit, m)?)?;
    m.add_function(wrap_pyfunction!(prove, m)?)?;
    m.add_function(wrap_pyfunction!(verify, m)?)?;
    m.add_function(wrap_pyfunction!(kernels, m)?)?;
    vectors::register(m)
}
