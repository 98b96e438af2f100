//! Up to 32 messages at once: a register holds the same word of 16 messages.
//!
//! Two registers' worth, *halves*, take turns, so that the rounds of one fill the
//! time in which the other waits for its last result.

mod layout;
mod rounds;

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m512i, __mmask16, __mmask64, _mm512_mask_loadu_epi8, _mm512_or_si512, _mm512_setzero_si512,
};

use self::{
    layout::{big_endian, from_bytes, hex, in_all_lanes, moved, states, to_bytes, transposed},
    rounds::{compress, compress_repeated},
};
use super::ShaNi;
use crate::kernel::{GROUP, Job, Messages, OUTER_PADDING, Seal, Signature, State};

const LANES: usize = 16;
/// Up to so many messages are done faster one by one, as 16 lanes take their time however few are used.
const FEW: usize = 8;

/// The state of 16 messages: the words `a`, `b`, … of all of them.
type Lanes = [__m512i; 8];
/// The 16 words of a block of each of 16 messages.
type Words = [__m512i; 16];

/// Evidence that the processor has AVX-512 F and BW.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) struct Avx512 {
    for_few: Option<ShaNi>,
}

impl Avx512 {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        detected.then(|| Self {
            for_few: ShaNi::detect(),
        })
    }

    /// The kernel that takes its own way even where there is a faster one for few messages.
    #[cfg(test)]
    #[expect(clippy::unused_self, reason = "it is the evidence")]
    pub(in crate::kernel) fn alone(self) -> Self {
        Self { for_few: None }
    }

    pub(in crate::kernel) fn run(self, job: &Job<'_>, outer: Option<&State>, ends: &mut [State]) {
        for (job, ends) in groups(*job, ends) {
            match self.for_few {
                Some(kernel) if ends.len() <= FEW => kernel.run(&job, outer, ends),
                // SAFETY: `self` exists, so the processor has AVX-512 F and BW.
                _ if ends.len() <= LANES => unsafe { run::<1>(&job, outer, ends) },
                // SAFETY: as above.
                _ => unsafe { run::<2>(&job, outer, ends) },
            }
        }
    }

    pub(in crate::kernel) fn sign(self, job: &Job<'_>, seal: &Seal, signatures: &mut [Signature]) {
        for (job, signatures) in groups(*job, signatures) {
            match self.for_few {
                Some(kernel) if signatures.len() <= FEW => kernel.sign(&job, seal, signatures),
                // SAFETY: `self` exists, so the processor has AVX-512 F and BW.
                _ if signatures.len() <= LANES => unsafe { sign::<1>(&job, seal, signatures) },
                // SAFETY: as above.
                _ => unsafe { sign::<2>(&job, seal, signatures) },
            }
        }
    }
}

/// Splits a job into jobs for as many messages as there are lanes.
fn groups<'a, 'r, Result>(
    mut job: Job<'a>,
    results: &'r mut [Result],
) -> impl Iterator<Item = (Job<'a>, &'r mut [Result])> {
    results.chunks_mut(GROUP).map(move |results| {
        let (messages, behind) = job.messages.split_at(results.len());
        job.messages = behind;
        (Job { messages, ..job }, results)
    })
}

/// Does the job for up to `16 * HALVES` messages.
#[target_feature(enable = "avx512f,avx512bw")]
fn run<const HALVES: usize>(job: &Job<'_>, outer: Option<&State>, ends: &mut [State]) {
    let mut state = digest::<HALVES>(job);
    if let Some(outer) = outer {
        finish(&mut state, outer);
    }
    for (lanes, ends) in state.iter().zip(ends.chunks_mut(LANES)) {
        for (end, state) in ends.iter_mut().zip(states(lanes)) {
            *end = state;
        }
    }
}

/// Does the job for up to `16 * HALVES` messages, and signs the digests. Between the hashes
/// everything stays in lanes.
#[target_feature(enable = "avx512f,avx512bw")]
fn sign<const HALVES: usize>(job: &Job<'_>, seal: &Seal, signatures: &mut [Signature]) {
    let mut digits = [[_mm512_setzero_si512(); 17]; HALVES];
    for (digits, digest) in digits.iter_mut().zip(&digest::<HALVES>(job)) {
        *digits = moved(&hex(digest), seal.digits_at() % 4);
    }
    let mut state = [each_in_all_lanes(seal.start()); HALVES];
    // Which word of the digits is a block's first; before the digits, a number that is none's.
    let mut number = 0_usize.wrapping_sub(seal.digits_at() / 4);
    for block in seal.blocks() {
        let mut words = [[_mm512_setzero_si512(); 16]; HALVES];
        for (words, digits) in words.iter_mut().zip(&digits) {
            for (place, (word, bytes)) in words.iter_mut().zip(block.as_chunks().0).enumerate() {
                let text = in_all_lanes(u32::from_be_bytes(*bytes));
                *word = match digits.get(number.wrapping_add(place)) {
                    Some(digits) => _mm512_or_si512(text, *digits),
                    None => text,
                };
            }
        }
        number = number.wrapping_add(16);
        compress(&mut state, &mut words, [!0; HALVES]);
    }
    finish(&mut state, seal.outer());
    for (mac, signatures) in state.iter().zip(signatures.chunks_mut(LANES)) {
        for (signature, row) in signatures.iter_mut().zip(transposed(&hex(mac))) {
            *signature = to_bytes(big_endian(row));
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn digest<const HALVES: usize>(job: &Job<'_>) -> [Lanes; HALVES] {
    let mut state = [each_in_all_lanes(job.start); HALVES];
    for index in 0..job.messages.most_blocks() {
        let mut words = [[_mm512_setzero_si512(); 16]; HALVES];
        let mut present = [0; HALVES];
        let mut messages = job.messages;
        for (words, present) in words.iter_mut().zip(&mut present) {
            let (half, behind) = messages.split_at(LANES);
            (*words, *present) = load(&half, index);
            messages = behind;
        }
        compress(&mut state, &mut words, present);
    }
    for schedule in job.repeated.schedules() {
        compress_repeated(&mut state, schedule);
    }
    state
}

/// HMAC's outer hash: from the inner one's state to its own.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn finish<const HALVES: usize>(state: &mut [Lanes; HALVES], outer: &State) {
    let padding = each_in_all_lanes(&OUTER_PADDING);
    let mut words = [[_mm512_setzero_si512(); 16]; HALVES];
    for (words, inner) in words.iter_mut().zip(&*state) {
        for (word, value) in words.iter_mut().zip(inner.iter().chain(&padding)) {
            *word = *value;
        }
    }
    *state = [each_in_all_lanes(outer); HALVES];
    compress(state, &mut words, [!0; HALVES]);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn each_in_all_lanes(state: &State) -> Lanes {
    let mut lanes = [_mm512_setzero_si512(); 8];
    for (lanes, word) in lanes.iter_mut().zip(state) {
        *lanes = in_all_lanes(*word);
    }
    lanes
}

/// Gathers the words of block number `index` of each message that has so many, and says which have.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(messages: &Messages<'_>, index: usize) -> (Words, __mmask16) {
    let mut rows = [_mm512_setzero_si512(); LANES];
    let mut present = 0;
    match messages {
        Messages::Own(messages) => {
            for (lane, (row, message)) in rows.iter_mut().zip(*messages).enumerate() {
                if let Some(block) = message.get(index) {
                    *row = big_endian(from_bytes(block));
                    present |= 1 << lane;
                }
            }
        }
        Messages::Alike(alike) => {
            let Some(block) = alike.blocks().get(index) else {
                return (rows, 0);
            };
            present = !0;
            let block = from_bytes(block);
            // Where the middle begins and ends, seen from the beginning of the block.
            let begin = alike.at().cast_signed() - (64 * index).cast_signed();
            let end = begin + alike.length().cast_signed();
            let touched = bytes_before(end) & !bytes_before(begin);
            for (row, middle) in rows.iter_mut().zip(alike.middles()) {
                let from = middle.as_ptr().wrapping_offset(-begin).cast();
                // SAFETY: of the 64 bytes only those from `begin` to `end` are read. That is where
                // the middle lies, as every middle has `length` bytes.
                let bytes = unsafe { _mm512_mask_loadu_epi8(block, touched, from) };
                *row = big_endian(bytes);
            }
        }
    }
    (transposed(&rows), present)
}

/// A mask of the bytes before number `count`, of 64.
const fn bytes_before(count: isize) -> __mmask64 {
    match count {
        ..=0 => 0,
        1..=63 => (1 << count) - 1,
        64.. => !0,
    }
}
