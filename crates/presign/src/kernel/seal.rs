//! The last step of signing: a MAC of a text that ends with the digits of a hash.

use sha2::block_api::compress256;

use super::{Block, OUTER_PADDING, State, to_block};
use crate::encode;

/// 64 digits between less than a block of text before and at least 9 bytes of padding behind.
pub(super) const MAX_BLOCKS: usize = 3;

/// A signature in hexadecimal.
pub(crate) type Signature = [u8; 64];

/// An HMAC whose message is the same but for a hash in hexadecimal at its end.
#[derive(Clone)]
pub(crate) struct Seal {
    /// The state of the inner hash, as far as whole blocks come before the digits.
    start: State,
    /// The blocks from there on, padded, with zeros for the digits.
    blocks: [Block; MAX_BLOCKS],
    block_count: usize,
    /// Where the digits stand in them.
    digits_at: usize,
    /// The state of the outer hash.
    outer: State,
}

impl Seal {
    /// Takes the inner hash's state, the 2 or 3 blocks still to come, padded, with zeros from
    /// `digits_at` on for 64 digits, and the outer hash's state.
    pub(crate) fn new(start: State, blocks: &[Block], digits_at: usize, outer: State) -> Self {
        let mut all = [[0; 64]; MAX_BLOCKS];
        let (place, _) = all.split_at_mut(blocks.len());
        place.copy_from_slice(blocks);
        Self {
            start,
            blocks: all,
            block_count: blocks.len(),
            digits_at,
            outer,
        }
    }

    pub(super) const fn start(&self) -> &State {
        &self.start
    }

    pub(super) const fn outer(&self) -> &State {
        &self.outer
    }

    pub(super) const fn digits_at(&self) -> usize {
        self.digits_at
    }

    /// The blocks, with zeros for the digits.
    pub(super) fn blocks(&self) -> &[Block] {
        let (blocks, _) = self.blocks.split_at(self.block_count);
        blocks
    }

    /// The blocks with these digits, of which [`Seal::blocks`] says how many matter.
    #[inline]
    pub(super) fn message(&self, digits: &[u8; 64]) -> [Block; MAX_BLOCKS] {
        let mut blocks = self.blocks;
        let (_, place) = blocks.as_flattened_mut().split_at_mut(self.digits_at);
        if let Some(place) = place.first_chunk_mut() {
            *place = *digits;
        }
        blocks
    }

    /// Signs one hash.
    pub(crate) fn sign(&self, digest: &State) -> Signature {
        let message = self.message(&encode::hex_digits(digest));
        let (blocks, _) = message.split_at(self.block_count);
        let mut inner = self.start;
        compress256(&mut inner, blocks);
        let mut mac = self.outer;
        compress256(&mut mac, &[to_block(&inner, &OUTER_PADDING)]);
        encode::hex_digits(&mac)
    }
}
