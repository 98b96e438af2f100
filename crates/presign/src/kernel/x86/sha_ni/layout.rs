//! From words and bytes to registers and back.

#![expect(clippy::indexing_slicing, reason = "pairs of an array of four")]
#![expect(clippy::many_single_char_names, reason = "the letters of FIPS 180-4")]

use std::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_loadu_si128, _mm_set_epi64x, _mm_set1_epi8, _mm_setzero_si128,
    _mm_shuffle_epi8, _mm_srli_epi16, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpackhi_epi64,
    _mm_unpacklo_epi8, _mm_unpacklo_epi64,
};

use super::Halves;
use crate::kernel::{Block, State};

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn split(&[a, b, c, d, e, f, g, h]: &State) -> Halves {
    Halves {
        abef: from_words(&[f, e, b, a]),
        cdgh: from_words(&[h, g, d, c]),
    }
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn join(state: Halves) -> State {
    let [f, e, b, a] = to_words(state.abef);
    let [h, g, d, c] = to_words(state.cdgh);
    [a, b, c, d, e, f, g, h]
}

/// The words in descending order, `a` and `e` uppermost.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn descending(Halves { abef, cdgh }: Halves) -> [__m128i; 2] {
    [
        _mm_unpackhi_epi64(cdgh, abef),
        _mm_unpacklo_epi64(cdgh, abef),
    ]
}

/// The state in hexadecimal.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn hex_digits(state: Halves) -> [u8; 64] {
    let all = from_bytes(b"0123456789abcdef");
    let backwards = _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f);
    let low_nibbles = _mm_set1_epi8(0x0f);
    let mut text = [0; 64];
    let (places, _) = text.as_chunks_mut();
    for (places, words) in places.chunks_mut(2).zip(descending(state)) {
        let bytes = _mm_shuffle_epi8(words, backwards);
        let high = _mm_and_si128(_mm_srli_epi16::<4>(bytes), low_nibbles);
        let high = _mm_shuffle_epi8(all, high);
        let low = _mm_shuffle_epi8(all, _mm_and_si128(bytes, low_nibbles));
        places[0] = to_bytes(_mm_unpacklo_epi8(high, low));
        places[1] = to_bytes(_mm_unpackhi_epi8(high, low));
    }
    text
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn load(block: &Block) -> [__m128i; 4] {
    let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut words = [_mm_setzero_si128(); 4];
    for (words, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *words = _mm_shuffle_epi8(from_bytes(bytes), big_endian);
    }
    words
}

#[inline]
#[target_feature(enable = "sse2")]
fn from_bytes(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the reference is to 16 bytes, as many as are read; they need not be aligned.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn from_words(words: &[u32; 4]) -> __m128i {
    // SAFETY: the reference is to 16 bytes, as many as are read; they need not be aligned.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn to_words(register: __m128i) -> [u32; 4] {
    let mut words = [0; 4];
    // SAFETY: the reference is to 16 bytes, as many as are written; they need not be aligned.
    unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), register) };
    words
}

#[inline]
#[target_feature(enable = "sse2")]
fn to_bytes(register: __m128i) -> [u8; 16] {
    let mut bytes = [0; 16];
    // SAFETY: the reference is to 16 bytes, as many as are written; they need not be aligned.
    unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), register) };
    bytes
}
