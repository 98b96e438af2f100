//! SHA-256 of many independent messages at once.
//!
//! One SHA-256 is a chain: each of its 64 rounds needs the one before, and a
//! processor that could do several things at a time waits. Many independent
//! messages fill that time. A *kernel* is one way to do so:
//!
//! | kernel | how | where |
//! |---|---|---|
//! | `portable` | one message after the other, in safe code; `sha2` picks the instructions | everywhere |
//! | `sha-ni` | two messages in turns through the SHA extensions | x86-64 |
//! | `avx512` | 32 messages, word by word: each of a register's 16 *lanes* belongs to another message, and two registers' worth takes turns | x86-64 |
//!
//! The kernels of one processor family are beneath [`x86`], the only module of
//! the workspace that holds `unsafe`.

mod job;
mod portable;
mod schedule;
mod seal;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions that not every processor has")]
mod x86;

use std::fmt;

pub(crate) use job::{Alike, Job, Messages};
pub(crate) use schedule::Repeated;
pub(crate) use seal::{Seal, Signature};
#[cfg(target_arch = "x86_64")]
use x86::{Avx512, ShaNi};

/// The running state of a SHA-256: eight words, `a` to `h`.
pub(crate) type State = [u32; 8];

/// What one compression consumes.
pub(crate) type Block = [u8; 64];

/// How many messages are best given at once.
pub(crate) const GROUP: usize = 32;

/// The state before the first block (FIPS 180-4 section 5.3.3).
pub(crate) const INITIAL: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A way to hash many messages at once that this processor is able to go.
///
/// All kernels compute the same; a signer takes the fastest by itself. Choosing
/// one is for tests and measurements.
///
/// ```
/// use presign::Kernel;
///
/// assert!(Kernel::available().contains(&Kernel::PORTABLE));
/// assert!(Kernel::available().contains(&Kernel::fastest()));
/// assert_eq!(Kernel::PORTABLE.name(), "portable");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Kind);

/// The kernels of processors with special instructions can only be had by detecting these.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    ShaNi(ShaNi),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Kernel {
    /// The kernel that runs everywhere.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// The fastest that this processor has.
    pub fn fastest() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(kernel) = Avx512::detect() {
            return Self(Kind::Avx512(kernel));
        } else if let Some(kernel) = ShaNi::detect() {
            return Self(Kind::ShaNi(kernel));
        }
        Self::PORTABLE
    }

    /// All that this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        kernels.extend(Avx512::detect().map(|kernel| Self(Kind::Avx512(kernel))));
        #[cfg(target_arch = "x86_64")]
        kernels.extend(ShaNi::detect().map(|kernel| Self(Kind::ShaNi(kernel))));
        kernels.push(Self::PORTABLE);
        kernels
    }

    /// Its name, as the table of kernels in the documentation has it.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(_) => "sha-ni",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "avx512",
        }
    }

    /// Runs SHA-256's compression function over the blocks of each message,
    /// from the same `start`, and puts the resulting states into `ends`.
    ///
    /// This is the bare function: messages come padded, if they are to be.
    ///
    /// ```
    /// use presign::Kernel;
    ///
    /// // The empty message: SHA-256's initial state, one block of padding.
    /// let start = [
    ///     0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    ///     0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    /// ];
    /// let mut padding = [0; 64];
    /// padding[0] = 0x80;
    /// let mut ends = [[0; 8]];
    /// Kernel::fastest().compress(&start, &[&[padding]], &mut ends);
    /// assert_eq!(ends[0][0], 0xe3b0_c442);
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many `ends` as messages.
    pub fn compress(self, start: &[u32; 8], messages: &[&[[u8; 64]]], ends: &mut [[u32; 8]]) {
        let job = Job {
            start,
            messages: Messages::Own(messages),
            repeated: &Repeated::default(),
        };
        self.run(&job, None, ends);
    }

    /// Does the job and puts the resulting state of each message into `ends`: with `outer`, the
    /// state of HMAC's outer hash, that after it has taken the inner one's digest.
    ///
    /// # Panics
    ///
    /// If there are not as many `ends` as messages.
    pub(crate) fn run(self, job: &Job<'_>, outer: Option<&State>, ends: &mut [State]) {
        assert_eq!(job.messages.len(), ends.len(), "one end for each message");
        match self.0 {
            Kind::Portable => portable::run(job, outer, ends),
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(kernel) => kernel.run(job, outer, ends),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(kernel) => kernel.run(job, outer, ends),
        }
    }

    /// Does the job and signs each message's digest.
    ///
    /// # Panics
    ///
    /// If there are not as many `signatures` as messages.
    pub(crate) fn sign(self, job: &Job<'_>, seal: &Seal, signatures: &mut [Signature]) {
        assert_eq!(
            job.messages.len(),
            signatures.len(),
            "one signature for each message"
        );
        match self.0 {
            Kind::Portable => portable::sign(job, seal, signatures),
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(kernel) => kernel.sign(job, seal, signatures),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(kernel) => kernel.sign(job, seal, signatures),
        }
    }
}

/// Compresses the blocks of one message from `start`, and signs its digest. A message alone fills
/// no lanes, so the kernel for it is not the fastest for many.
pub(crate) fn sign_one(start: &State, blocks: &[Block], seal: &Seal) -> Signature {
    #[cfg(target_arch = "x86_64")]
    if let Some(kernel) = ShaNi::detect() {
        return kernel.sign_one(start, blocks, seal);
    }
    portable::sign_one(start, blocks, seal)
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kernel").field(&self.name()).finish()
    }
}

/// The last block of HMAC's outer hash: 32 bytes of digest after 64 of key.
pub(crate) const OUTER_PADDING: [u32; 8] = [0x8000_0000, 0, 0, 0, 0, 0, 0, (64 + 32) * 8];

/// A block of 16 words.
pub(crate) fn to_block(first: &[u32; 8], second: &[u32; 8]) -> Block {
    let mut block = [0; 64];
    let words = first.iter().chain(second);
    for (bytes, word) in block.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    block
}

/// A state as the digest that it is at the end.
#[inline]
pub(crate) fn to_bytes(state: &State) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    bytes
}
