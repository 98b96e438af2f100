//! A SHA-256 stopped in the middle, from which many messages go on.

use sha2::block_api::compress256;
use zeroize::Zeroize;

use crate::kernel::{self, Block, INITIAL, OUTER_PADDING, Seal, Signature, State, to_block};

const BLOCK_BYTES: usize = size_of::<Block>();
/// What ends every message: at least one byte, then the length in bits in eight.
const MIN_PADDING_BYTES: usize = 1 + 8;
/// Messages whose rest is longer are put together on the heap.
const BLOCKS_ON_STACK: usize = 8;

/// The beginning of a message, absorbed as far as whole blocks go.
#[derive(Clone)]
pub(crate) struct Midstate {
    state: State,
    /// How many bytes `state` stands for.
    absorbed_bytes: usize,
    /// What does not fill a block yet, in front.
    rest: Block,
    rest_bytes: usize,
}

impl Midstate {
    /// The beginning of a plain SHA-256.
    pub(crate) const fn new() -> Self {
        Self::after(INITIAL, 0)
    }

    const fn after(state: State, absorbed_bytes: usize) -> Self {
        Self {
            state,
            absorbed_bytes,
            rest: [0; BLOCK_BYTES],
            rest_bytes: 0,
        }
    }

    /// Goes on with `text`.
    pub(crate) fn absorb(&mut self, mut text: &[u8]) {
        let (_, free) = self.rest.split_at_mut(self.rest_bytes);
        if let Some((fitting, behind)) = text.split_at_checked(free.len()) {
            free.copy_from_slice(fitting);
            let (blocks, behind) = behind.as_chunks();
            compress256(&mut self.state, &[self.rest]);
            compress256(&mut self.state, blocks);
            self.absorbed_bytes += BLOCK_BYTES + blocks.as_flattened().len();
            self.rest_bytes = 0;
            text = behind;
        }
        let (_, free) = self.rest.split_at_mut(self.rest_bytes);
        let (place, _) = free.split_at_mut(text.len());
        place.copy_from_slice(text);
        self.rest_bytes += text.len();
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// How many bytes of the beginning stand in front of the first block still to come.
    pub(super) const fn rest_bytes(&self) -> usize {
        self.rest_bytes
    }

    /// How many blocks are still to come in a message with `more_bytes` behind the beginning.
    pub(super) const fn blocks_to_come(&self, more_bytes: usize) -> usize {
        (self.rest_bytes + more_bytes + MIN_PADDING_BYTES).div_ceil(BLOCK_BYTES)
    }

    /// Writes the blocks still to come if the message goes on, and ends, with `pieces`.
    pub(super) fn lay_out(&self, pieces: &[&[u8]], blocks: &mut [Block]) {
        let mut free = blocks.as_flattened_mut();
        let (rest, _) = self.rest.split_at(self.rest_bytes);
        let mut length_bytes = self.absorbed_bytes;
        for piece in [rest].iter().chain(pieces) {
            let (place, behind) = free.split_at_mut(piece.len());
            place.copy_from_slice(piece);
            length_bytes += piece.len();
            free = behind;
        }
        free.fill(0);
        if let Some(first) = free.first_mut() {
            *first = 0x80;
        }
        if let Some(length_bits) = free.last_chunk_mut() {
            // A cast widens: no message in memory has 2^61 bytes.
            *length_bits = (length_bytes as u64 * 8).to_be_bytes();
        }
    }

    /// An HMAC whose message goes on, and ends, with a hash in hexadecimal. The beginning must be
    /// that of the key's inner hash.
    pub(crate) fn seal(&self, key: &HmacKey) -> Seal {
        let mut blocks = [[0; BLOCK_BYTES]; 3];
        let (blocks, _) = blocks.split_at_mut(self.blocks_to_come(64));
        self.lay_out(&[&[0; 64]], blocks);
        Seal::new(self.state, blocks, self.rest_bytes, key.outer)
    }

    /// The digest of the message that goes on, and ends, with `pieces`.
    pub(crate) fn digest(&self, pieces: &[&[u8]]) -> State {
        let mut state = self.state;
        self.with_blocks_to_come(pieces, |blocks| compress256(&mut state, blocks));
        state
    }

    /// Signs the digest of the message that goes on, and ends, with `pieces`.
    pub(crate) fn sign(&self, pieces: &[&[u8]], seal: &Seal) -> Signature {
        let mut signature = [0; 64];
        self.with_blocks_to_come(pieces, |blocks| {
            signature = kernel::sign_one(&self.state, blocks, seal);
        });
        signature
    }

    fn with_blocks_to_come(&self, pieces: &[&[u8]], work: impl FnOnce(&[Block])) {
        let more_bytes = pieces.iter().map(|piece| piece.len()).sum();
        let count = self.blocks_to_come(more_bytes);
        let mut on_stack = [[0; BLOCK_BYTES]; BLOCKS_ON_STACK];
        if let Some(blocks) = on_stack.get_mut(..count) {
            self.lay_out(pieces, blocks);
            work(blocks);
        } else {
            let mut blocks = vec![[0; BLOCK_BYTES]; count];
            self.lay_out(pieces, &mut blocks);
            work(&blocks);
        }
    }
}

/// An HMAC-SHA256 key as the two states that it makes of SHA-256's initial one (RFC 2104); wiped
/// when dropped, as its copies are.
#[derive(Clone)]
pub(crate) struct HmacKey {
    inner: State,
    outer: State,
}

impl HmacKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK_BYTES];
        if let Some(place) = block.get_mut(..key.len()) {
            place.copy_from_slice(key);
        } else {
            block = to_block(&Midstate::new().digest(&[key]), &[0; 8]);
        }
        let state_after = |mask| {
            let mut state = INITIAL;
            compress256(&mut state, &[block.map(|byte| byte ^ mask)]);
            state
        };
        Self {
            inner: state_after(0x36),
            outer: state_after(0x5c),
        }
    }

    /// The beginning of the inner hash, which takes the message.
    pub(crate) const fn inner(&self) -> Midstate {
        Midstate::after(self.inner, BLOCK_BYTES)
    }

    /// The state of the outer hash, which takes the inner one's digest.
    pub(crate) const fn outer(&self) -> &State {
        &self.outer
    }

    /// Ends the outer hash.
    pub(crate) fn finish(&self, inner: &State) -> State {
        let mut state = self.outer;
        compress256(&mut state, &[to_block(inner, &OUTER_PADDING)]);
        state
    }
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::{collection::vec, prelude::*};
    use sha2::{Digest, Sha256};

    use super::*;

    fn bytes(state: &State) -> Vec<u8> {
        state.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    proptest! {
        #[test]
        fn stopping_anywhere_changes_no_digest(
            text in vec(any::<u8>(), 0..1500),
            cuts in vec(any::<prop::sample::Index>(), 4),
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.sort_unstable();
            let mut midstate = Midstate::new();
            midstate.absorb(&text[..cuts[0]]);
            midstate.absorb(&text[cuts[0]..cuts[1]]);
            midstate.absorb(&text[cuts[1]..cuts[2]]);
            let digest = midstate.digest(&[&text[cuts[2]..cuts[3]], &text[cuts[3]..]]);
            prop_assert_eq!(bytes(&digest), Sha256::digest(&text).to_vec());
        }

        #[test]
        fn hmac_is_hmac(key in vec(any::<u8>(), 0..200), text in vec(any::<u8>(), 0..300)) {
            let ours = HmacKey::new(&key);
            let mac = ours.finish(&ours.inner().digest(&[&text]));
            let mut theirs = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            theirs.update(&text);
            prop_assert_eq!(bytes(&mac), theirs.finalize().into_bytes().to_vec());
        }
    }
}
