//! The compression function on 16 or 32 messages at once.

#![expect(clippy::many_single_char_names, reason = "the letters of FIPS 180-4")]

use std::arch::x86_64::{
    __m512i, __mmask16, _mm512_add_epi32, _mm512_mask_add_epi32, _mm512_ror_epi32,
    _mm512_setzero_si512, _mm512_srli_epi32, _mm512_ternarylogic_epi32,
};
use std::hint::black_box;

use super::{Lanes, Words, layout::in_all_lanes};
use crate::kernel::schedule::{ROUND_CONSTANTS, Schedule};

/// Runs a macro for the numbers 0 to 15: registers can only be picked by constants.
macro_rules! sixteen_times {
    ($step:ident) => {
        $step!(0);
        $step!(1);
        $step!(2);
        $step!(3);
        $step!(4);
        $step!(5);
        $step!(6);
        $step!(7);
        $step!(8);
        $step!(9);
        $step!(10);
        $step!(11);
        $step!(12);
        $step!(13);
        $step!(14);
        $step!(15);
    };
}

/// Compresses a block of each message whose bit in `present` is set. Uses `words` up.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn compress<const HALVES: usize>(
    state: &mut [Lanes; HALVES],
    words: &mut [Words; HALVES],
    present: [__mmask16; HALVES],
) {
    // There are more values than registers. The compiler keeps the others on the stack, but
    // aligns that only if a variable has to be there; unaligned they would cost a tenth.
    black_box(&mut _mm512_setzero_si512());
    let mut next = *state;
    let (sixteens, _) = ROUND_CONSTANTS.as_chunks::<16>();
    for (pass, constants) in sixteens.iter().enumerate() {
        if pass == 0 {
            sixteen_rounds::<false, HALVES>(&mut next, words, constants);
        } else {
            sixteen_rounds::<true, HALVES>(&mut next, words, constants);
        }
    }
    for ((state, next), present) in state.iter_mut().zip(next).zip(present) {
        for (word, next) in state.iter_mut().zip(next) {
            *word = _mm512_mask_add_epi32(*word, present, *word, next);
        }
    }
}

/// Sixteen rounds, before each of which a word of the last 16 is replaced by the next of the
/// schedule: in all but the first sixteen, which take the block's own.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn sixteen_rounds<const EXTEND: bool, const HALVES: usize>(
    state: &mut [Lanes; HALVES],
    words: &mut [Words; HALVES],
    constants: &[u32; 16],
) {
    macro_rules! step {
        ($i:literal) => {
            let constant = in_all_lanes(constants[$i]);
            for (state, words) in state.iter_mut().zip(words.iter_mut()) {
                if EXTEND {
                    let sum = _mm512_add_epi32(words[$i], small_sigma0(words[($i + 1) % 16]));
                    let sum = _mm512_add_epi32(sum, words[($i + 9) % 16]);
                    words[$i] = _mm512_add_epi32(sum, small_sigma1(words[($i + 14) % 16]));
                }
                round::<$i>(state, _mm512_add_epi32(words[$i], constant));
            }
        };
    }
    sixteen_times!(step);
}

/// Compresses the same block in all messages.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn compress_repeated<const HALVES: usize>(
    state: &mut [Lanes; HALVES],
    schedule: &Schedule,
) {
    let mut next = *state;
    let (sixteens, _) = schedule.as_chunks::<16>();
    for schedule in sixteens {
        macro_rules! step {
            ($i:literal) => {
                let word = in_all_lanes(schedule[$i]);
                for state in &mut next {
                    round::<$i>(state, word);
                }
            };
        }
        sixteen_times!(step);
    }
    for (state, next) in state.iter_mut().zip(next) {
        for (word, next) in state.iter_mut().zip(next) {
            *word = _mm512_add_epi32(*word, next);
        }
    }
}

/// A round on 16 messages; `word` is the schedule's word plus the round's constant.
///
/// A round's words are the last one's, all but two, under the next letter. Rather than
/// moving them, round number `ROUND` takes `a` to stand that many places further back.
#[inline]
#[target_feature(enable = "avx512f")]
fn round<const ROUND: usize>(state: &mut Lanes, word: __m512i) {
    let a = state[const { at::<ROUND>(0) }];
    let b = state[const { at::<ROUND>(1) }];
    let c = state[const { at::<ROUND>(2) }];
    let d = state[const { at::<ROUND>(3) }];
    let e = state[const { at::<ROUND>(4) }];
    let f = state[const { at::<ROUND>(5) }];
    let g = state[const { at::<ROUND>(6) }];
    let h = state[const { at::<ROUND>(7) }];
    let sum = _mm512_add_epi32(_mm512_add_epi32(h, word), choose(e, f, g));
    let sum = _mm512_add_epi32(sum, big_sigma1(e));
    state[const { at::<ROUND>(3) }] = _mm512_add_epi32(d, sum);
    let other_sum = _mm512_add_epi32(big_sigma0(a), majority(a, b, c));
    state[const { at::<ROUND>(7) }] = _mm512_add_epi32(sum, other_sum);
}

/// Where a letter stands in round number `ROUND`.
const fn at<const ROUND: usize>(letter: usize) -> usize {
    (16 - ROUND + letter) % 8
}

// The functions of FIPS 180-4 section 4.1.2. A ternary operation's constant is its truth
// table: `0x96` is the parity of three bits, `0xca` chooses, `0xe8` is the majority.

#[inline]
#[target_feature(enable = "avx512f")]
fn choose(e: __m512i, f: __m512i, g: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(e, f, g)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn majority(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe8>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn parity(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn big_sigma0(a: __m512i) -> __m512i {
    parity(
        _mm512_ror_epi32::<2>(a),
        _mm512_ror_epi32::<13>(a),
        _mm512_ror_epi32::<22>(a),
    )
}

#[inline]
#[target_feature(enable = "avx512f")]
fn big_sigma1(e: __m512i) -> __m512i {
    parity(
        _mm512_ror_epi32::<6>(e),
        _mm512_ror_epi32::<11>(e),
        _mm512_ror_epi32::<25>(e),
    )
}

#[inline]
#[target_feature(enable = "avx512f")]
fn small_sigma0(word: __m512i) -> __m512i {
    parity(
        _mm512_ror_epi32::<7>(word),
        _mm512_ror_epi32::<18>(word),
        _mm512_srli_epi32::<3>(word),
    )
}

#[inline]
#[target_feature(enable = "avx512f")]
fn small_sigma1(word: __m512i) -> __m512i {
    parity(
        _mm512_ror_epi32::<17>(word),
        _mm512_ror_epi32::<19>(word),
        _mm512_srli_epi32::<10>(word),
    )
}
