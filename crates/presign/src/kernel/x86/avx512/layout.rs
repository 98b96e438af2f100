//! From bytes to lanes and back.

#![expect(
    clippy::indexing_slicing,
    reason = "arrays by constants, which the compiler checks and turns into registers"
)]

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_loadu_si512, _mm512_or_si512, _mm512_permutex2var_epi64,
    _mm512_set1_epi32, _mm512_set4_epi32, _mm512_setr_epi64, _mm512_setzero_si512,
    _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_slli_epi32, _mm512_sllv_epi32,
    _mm512_srli_epi32, _mm512_srlv_epi32, _mm512_storeu_si512, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{LANES, Lanes, Words};
use crate::kernel::{Block, State};

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn in_all_lanes(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

/// Turns 16 rows of 16 words, one a message, into 16 rows of one word of each message, and back.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn transposed(rows: &Words) -> Words {
    // First within squares of four by four, then the squares as wholes.
    let (fours, _) = rows.as_chunks::<4>();
    let q0 = transposed_squares(&fours[0]);
    let q1 = transposed_squares(&fours[1]);
    let q2 = transposed_squares(&fours[2]);
    let q3 = transposed_squares(&fours[3]);
    let mut transposed = [_mm512_setzero_si512(); 16];
    for i in 0..4 {
        let low01 = _mm512_shuffle_i32x4::<0x44>(q0[i], q1[i]);
        let low23 = _mm512_shuffle_i32x4::<0x44>(q2[i], q3[i]);
        let high01 = _mm512_shuffle_i32x4::<0xee>(q0[i], q1[i]);
        let high23 = _mm512_shuffle_i32x4::<0xee>(q2[i], q3[i]);
        transposed[i] = _mm512_shuffle_i32x4::<0x88>(low01, low23);
        transposed[4 + i] = _mm512_shuffle_i32x4::<0xdd>(low01, low23);
        transposed[8 + i] = _mm512_shuffle_i32x4::<0x88>(high01, high23);
        transposed[12 + i] = _mm512_shuffle_i32x4::<0xdd>(high01, high23);
    }
    transposed
}

/// In each quarter of the registers, transposes the square of four rows by four words.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed_squares(&[r0, r1, r2, r3]: &[__m512i; 4]) -> [__m512i; 4] {
    let low01 = _mm512_unpacklo_epi32(r0, r1);
    let high01 = _mm512_unpackhi_epi32(r0, r1);
    let low23 = _mm512_unpacklo_epi32(r2, r3);
    let high23 = _mm512_unpackhi_epi32(r2, r3);
    [
        _mm512_unpacklo_epi64(low01, low23),
        _mm512_unpackhi_epi64(low01, low23),
        _mm512_unpacklo_epi64(high01, high23),
        _mm512_unpackhi_epi64(high01, high23),
    ]
}

/// The state of each message.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn states(lanes: &Lanes) -> [State; LANES] {
    let (fours, _) = lanes.as_chunks::<4>();
    let first = transposed_squares(&fours[0]);
    let second = transposed_squares(&fours[1]);
    let lanes_0_and_4 = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    let lanes_8_and_12 = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    let mut states = [[0; 8]; LANES];
    for i in 0..4 {
        let near = _mm512_permutex2var_epi64(first[i], lanes_0_and_4, second[i]);
        let far = _mm512_permutex2var_epi64(first[i], lanes_8_and_12, second[i]);
        [states[i], states[4 + i]] = to_states(near);
        [states[8 + i], states[12 + i]] = to_states(far);
    }
    states
}

/// The digits of each message's hash in hexadecimal, as words.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn hex(lanes: &Lanes) -> Words {
    let low_half = _mm512_set1_epi32(0xffff);
    let mut words = [_mm512_setzero_si512(); 16];
    for (words, word) in words.as_chunks_mut().0.iter_mut().zip(lanes) {
        *words = [
            hex_of_half(_mm512_srli_epi32::<16>(*word)),
            hex_of_half(_mm512_and_si512(*word, low_half)),
        ];
    }
    words
}

/// The four digits of 16 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn hex_of_half(half: __m512i) -> __m512i {
    let bytes = _mm512_or_si512(half, _mm512_slli_epi32::<8>(half));
    let bytes = _mm512_and_si512(bytes, _mm512_set1_epi32(0x00ff_00ff));
    let nibbles = _mm512_or_si512(bytes, _mm512_slli_epi32::<4>(bytes));
    let nibbles = _mm512_and_si512(nibbles, _mm512_set1_epi32(0x0f0f_0f0f));
    let digits = _mm512_set4_epi32(
        i32::from_le_bytes(*b"cdef"),
        i32::from_le_bytes(*b"89ab"),
        i32::from_le_bytes(*b"4567"),
        i32::from_le_bytes(*b"0123"),
    );
    _mm512_shuffle_epi8(digits, nibbles)
}

/// Moves the text in the words back by up to three bytes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn moved(words: &Words, by_bytes: usize) -> [__m512i; 17] {
    let by_bits = [0, 8, 16, 24][by_bytes];
    let down = _mm512_set1_epi32(by_bits);
    let up = _mm512_set1_epi32(32 - by_bits);
    let zero = _mm512_setzero_si512();
    let mut moved = [zero; 17];
    let mut last = zero;
    for (moved, word) in moved.iter_mut().zip(words.iter().chain([&zero])) {
        // A shift by 32 leaves nothing.
        let from_last = _mm512_sllv_epi32(last, up);
        *moved = _mm512_or_si512(from_last, _mm512_srlv_epi32(*word, down));
        last = *word;
    }
    moved
}

/// Turns the bytes of each word around.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn big_endian(words: __m512i) -> __m512i {
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    _mm512_shuffle_epi8(words, order)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn from_bytes(block: &Block) -> __m512i {
    // SAFETY: the reference is to 64 bytes, as many as are read; they need not be aligned.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn to_bytes(register: __m512i) -> Block {
    let mut bytes = [0; 64];
    // SAFETY: the reference is to 64 bytes, as many as are written; they need not be aligned.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), register) };
    bytes
}

#[inline]
#[target_feature(enable = "avx512f")]
fn to_states(register: __m512i) -> [State; 2] {
    let mut states = [[0; 8]; 2];
    // SAFETY: the reference is to 64 bytes, as many as are written; they need not be aligned.
    unsafe { _mm512_storeu_si512(states.as_mut_ptr().cast(), register) };
    states
}
