//! Two messages in turns through the SHA extensions.
//!
//! Their instructions do two rounds at once on a state split into the words `a b e f`
//! and `c d g h`, and keep the last 16 words of the schedule in four registers. One
//! message leaves the unit idle for half of the time.

#![expect(
    clippy::indexing_slicing,
    reason = "by numbers below the length, which was asked for"
)]

mod layout;
mod rounds;

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{__m128i, _mm_setzero_si128, _mm_shuffle_epi32};

use self::{
    layout::{descending, from_words, hex_digits, join, split},
    rounds::{compress, compress_repeated, compress_words},
};
use crate::kernel::{
    Block, Job, Messages, OUTER_PADDING, Repeated, Seal, Signature, State, seal::MAX_BLOCKS,
};

const STREAMS: usize = 2;

/// A message's state as the instructions want it.
#[derive(Clone, Copy)]
struct Halves {
    abef: __m128i,
    cdgh: __m128i,
}

/// Evidence that the processor has the SHA extensions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) struct ShaNi(());

impl ShaNi {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("sse4.1")
            && is_x86_feature_detected!("ssse3");
        detected.then_some(Self(()))
    }

    #[expect(clippy::unused_self, reason = "it is the evidence")]
    pub(in crate::kernel) fn run(self, job: &Job<'_>, outer: Option<&State>, ends: &mut [State]) {
        let spaces = &mut [Vec::new(), Vec::new()];
        for (index, ends) in ends.chunks_mut(STREAMS).enumerate() {
            let [first, second] = messages(job, index, spaces);
            // SAFETY: `self` exists, so the processor has the instructions.
            match ends {
                [first_end, second_end] => unsafe {
                    [*first_end, *second_end] = run(job, outer, [first, second]);
                },
                [end] => unsafe { [*end] = run(job, outer, [first]) },
                _ => {}
            }
        }
    }

    #[expect(clippy::unused_self, reason = "it is the evidence")]
    pub(in crate::kernel) fn sign(self, job: &Job<'_>, seal: &Seal, signatures: &mut [Signature]) {
        let spaces = &mut [Vec::new(), Vec::new()];
        for (index, signatures) in signatures.chunks_mut(STREAMS).enumerate() {
            let [first, second] = messages(job, index, spaces);
            // SAFETY: `self` exists, so the processor has the instructions.
            match signatures {
                [first_signature, second_signature] => unsafe {
                    [*first_signature, *second_signature] = sign(job, seal, [first, second]);
                },
                [signature] => unsafe { [*signature] = sign(job, seal, [first]) },
                _ => {}
            }
        }
    }

    #[expect(clippy::unused_self, reason = "it is the evidence")]
    pub(in crate::kernel) fn sign_one(
        self,
        start: &State,
        blocks: &[Block],
        seal: &Seal,
    ) -> Signature {
        let job = Job {
            start,
            messages: Messages::Own(&[blocks]),
            repeated: &Repeated::default(),
        };
        // SAFETY: `self` exists, so the processor has the instructions.
        let [signature] = unsafe { sign(&job, seal, [blocks]) };
        signature
    }
}

/// The pair of messages at `index`; the second is empty if there is none.
fn messages<'s>(
    job: &'s Job<'_>,
    index: usize,
    [first, second]: &'s mut [Vec<Block>; STREAMS],
) -> [&'s [Block]; STREAMS] {
    [
        job.messages.blocks_of(2 * index, first),
        job.messages.blocks_of(2 * index + 1, second),
    ]
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn run<const STREAMS: usize>(
    job: &Job<'_>,
    outer: Option<&State>,
    messages: [&[Block]; STREAMS],
) -> [State; STREAMS] {
    let mut state = digest(job, messages);
    if let Some(outer) = outer {
        state = finish(outer, state);
    }
    let mut ends = [[0; 8]; STREAMS];
    for (end, state) in ends.iter_mut().zip(state) {
        *end = join(state);
    }
    ends
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn sign<const STREAMS: usize>(
    job: &Job<'_>,
    seal: &Seal,
    messages: [&[Block]; STREAMS],
) -> [Signature; STREAMS] {
    let mut texts = [[[0; 64]; MAX_BLOCKS]; STREAMS];
    for (text, digest) in texts.iter_mut().zip(digest(job, messages)) {
        *text = seal.message(&hex_digits(digest));
    }
    let mut state = [split(seal.start()); STREAMS];
    for index in 0..seal.blocks().len() {
        compress(&mut state, texts.each_ref().map(|text| &text[index]));
    }
    let mut signatures = [[0; 64]; STREAMS];
    for (signature, mac) in signatures.iter_mut().zip(finish(seal.outer(), state)) {
        *signature = hex_digits(mac);
    }
    signatures
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn digest<const STREAMS: usize>(job: &Job<'_>, messages: [&[Block]; STREAMS]) -> [Halves; STREAMS] {
    let mut state = [split(job.start); STREAMS];
    let common = messages
        .iter()
        .map(|message| message.len())
        .min()
        .unwrap_or(0);
    for index in 0..common {
        compress(&mut state, messages.map(|message| &message[index]));
    }
    for (state, message) in state.iter_mut().zip(messages) {
        let mut alone = [*state];
        for block in &message[common..] {
            compress(&mut alone, [block]);
        }
        [*state] = alone;
    }
    for schedule in job.repeated.schedules() {
        compress_repeated(&mut state, schedule);
    }
    state
}

/// HMAC's outer hash.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn finish<const STREAMS: usize>(outer: &State, inner: [Halves; STREAMS]) -> [Halves; STREAMS] {
    let (padding, _) = OUTER_PADDING.as_chunks();
    let mut words = [[_mm_setzero_si128(); 4]; STREAMS];
    for (words, inner) in words.iter_mut().zip(inner) {
        let [dcba, hgfe] = descending(inner);
        *words = [
            _mm_shuffle_epi32::<0x1b>(dcba),
            _mm_shuffle_epi32::<0x1b>(hgfe),
            from_words(&padding[0]),
            from_words(&padding[1]),
        ];
    }
    let mut state = [split(outer); STREAMS];
    compress_words(&mut state, words);
    state
}
