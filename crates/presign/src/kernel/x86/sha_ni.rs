//! Two messages in turns through the SHA extensions.
//!
//! Their instructions do two rounds at once on a state split into the words `a b e f`
//! and `c d g h`, and keep the last 16 words of the schedule in four registers. One
//! message leaves the unit idle for half of the time.

#![expect(
    clippy::indexing_slicing,
    reason = "by numbers below the length, which was asked for"
)]
#![expect(clippy::many_single_char_names, reason = "the letters of FIPS 180-4")]

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_and_si128, _mm_loadu_si128, _mm_set_epi64x,
    _mm_set1_epi8, _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32,
    _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32, _mm_srli_epi16, _mm_storeu_si128,
    _mm_unpackhi_epi8, _mm_unpackhi_epi64, _mm_unpacklo_epi8, _mm_unpacklo_epi64,
};

use crate::kernel::{
    Block, Job, Messages, OUTER_PADDING, Repeated, Seal, Signature, State,
    schedule::{ROUND_CONSTANTS, Schedule},
    seal::MAX_BLOCKS,
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

/// Compresses a block of each message.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress<const STREAMS: usize>(state: &mut [Halves; STREAMS], blocks: [&Block; STREAMS]) {
    let mut words = [[_mm_setzero_si128(); 4]; STREAMS];
    for (words, block) in words.iter_mut().zip(blocks) {
        *words = load(block);
    }
    compress_words(state, words);
}

/// Compresses a block of each message, which has been read.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress_words<const STREAMS: usize>(
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
fn compress_repeated<const STREAMS: usize>(state: &mut [Halves; STREAMS], schedule: &Schedule) {
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

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn split(&[a, b, c, d, e, f, g, h]: &State) -> Halves {
    Halves {
        abef: from_words(&[f, e, b, a]),
        cdgh: from_words(&[h, g, d, c]),
    }
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn join(state: Halves) -> State {
    let [f, e, b, a] = to_words(state.abef);
    let [h, g, d, c] = to_words(state.cdgh);
    [a, b, c, d, e, f, g, h]
}

/// The words in descending order, `a` and `e` uppermost.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn descending(Halves { abef, cdgh }: Halves) -> [__m128i; 2] {
    [
        _mm_unpackhi_epi64(cdgh, abef),
        _mm_unpacklo_epi64(cdgh, abef),
    ]
}

/// The state in hexadecimal.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn hex_digits(state: Halves) -> [u8; 64] {
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
fn load(block: &Block) -> [__m128i; 4] {
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
fn from_words(words: &[u32; 4]) -> __m128i {
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
