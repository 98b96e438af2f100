//! The compression function on one message, or on two in turns.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_setzero_si128, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi32,
};

use super::{
    Halves,
    layout::{from_words, load},
};
use crate::kernel::{
    Block,
    schedule::{ROUND_CONSTANTS, Schedule},
};

/// Compresses a block of each message.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn compress<const STREAMS: usize>(
    state: &mut [Halves; STREAMS],
    blocks: [&Block; STREAMS],
) {
    let mut words = [[_mm_setzero_si128(); 4]; STREAMS];
    for (words, block) in words.iter_mut().zip(blocks) {
        *words = load(block);
    }
    compress_words(state, words);
}

/// Compresses a block of each message, which has been read.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn compress_words<const STREAMS: usize>(
    state: &mut [Halves; STREAMS],
    mut words: [[__m128i; 4]; STREAMS],
) {
    let mut next = *state;
    let (fours, _) = ROUND_CONSTANTS.as_chunks::<4>();
    for (step, constants) in fours.iter().enumerate() {
        let constants = from_words(constants);
        for (next, words) in next.iter_mut().zip(&mut words) {
            let [w0, w1, w2, w3] = *words;
            four_rounds(next, _mm_add_epi32(w0, constants));
            // The four words that come 16 after those just used take their place; the last 16 need no more.
            let w16 = if step < 12 {
                extend(w0, w1, w2, w3)
            } else {
                w0
            };
            *words = [w1, w2, w3, w16];
        }
    }
    add(state, next);
}

/// Compresses the same block in all messages.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn compress_repeated<const STREAMS: usize>(
    state: &mut [Halves; STREAMS],
    schedule: &Schedule,
) {
    let mut next = *state;
    let (fours, _) = schedule.as_chunks::<4>();
    for words in fours {
        let words = from_words(words);
        for next in &mut next {
            four_rounds(next, words);
        }
    }
    add(state, next);
}

/// Four rounds; the words are the schedule's plus the rounds' constants.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn four_rounds(state: &mut Halves, words: __m128i) {
    // Two rounds make of `a b e f` the next `c d g h`.
    state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, words);
    let upper_words = _mm_shuffle_epi32::<0x0e>(words);
    state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, upper_words);
}

/// The next four words of the schedule from the last 16.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn extend(w0: __m128i, w1: __m128i, w2: __m128i, w3: __m128i) -> __m128i {
    let seven_before = _mm_alignr_epi8::<4>(w3, w2);
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), seven_before);
    _mm_sha256msg2_epu32(sum, w3)
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn add<const STREAMS: usize>(state: &mut [Halves; STREAMS], next: [Halves; STREAMS]) {
    for (state, next) in state.iter_mut().zip(next) {
        state.abef = _mm_add_epi32(state.abef, next.abef);
        state.cdgh = _mm_add_epi32(state.cdgh, next.cdgh);
    }
}
