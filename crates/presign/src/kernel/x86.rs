//! The kernels for x86-64.
//!
//! Their types are evidence: a value exists only where `detect` found the
//! instructions, so that calling them is sound. Within, what is left of `unsafe` is
//! reading and writing registers from and to arrays of the same size.

mod avx512;
mod sha_ni;

pub(super) use avx512::Avx512;
pub(super) use sha_ni::ShaNi;
