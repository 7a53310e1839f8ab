//! Large arrays on large pages.

/// Length in bytes from which large pages are asked for.
const LARGE: usize = 1 << 22;

/// `n` copies of `x`. Where the array is large and the system has transparent huge pages, it is
/// asked to use them: random access to hundreds of megabytes otherwise misses the processor's
/// table of pages every time.
pub(crate) fn vec<T: Clone>(n: usize, x: T) -> Vec<T> {
    let mut out = Vec::with_capacity(n);
    advise(out.spare_capacity_mut());
    out.resize(n, x);
    out
}

#[cfg(target_os = "linux")]
fn advise<T>(memory: &mut [T]) {
    const PAGE: usize = 4096;
    let bytes = std::mem::size_of_val(memory);
    if bytes < LARGE {
        return;
    }
    let start = memory.as_mut_ptr() as usize;
    let (first, last) = (start.next_multiple_of(PAGE), (start + bytes) / PAGE * PAGE);
    // SAFETY: the pages lie wholly within memory that is borrowed here exclusively, and the advice
    // changes how they are backed, not what they hold. A refusal leaves all as it was.
    unsafe {
        libc::madvise(first as *mut _, last - first, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_: &mut [T]) {}
