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

/// Asks for the memory of a value to be brought near, where the processor is known to be able to.
#[inline(always)]
pub(crate) fn prefetch<T>(x: &T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        let start = std::ptr::from_ref(x).cast::<i8>();
        // SAFETY: prefetching has no effect but on caches, and every processor of this kind has it.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(start);
            if size_of::<T>() > 64 {
                _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(size_of::<T>() - 1));
            }
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = x;
}
