//! HMACs of many messages with one key, for schemes that need no more than that.

use std::mem;

use super::{
    frame::{Frame, Groups},
    midstate::HmacKey,
};
use crate::kernel::{Kernel, State, to_bytes};

/// The workspace in which the HMAC-SHA256s of a frame's messages are computed.
pub(crate) struct Macs<'a> {
    kernel: Kernel,
    key: &'a HmacKey,
    groups: Groups<'a>,
    in_groups: Vec<State>,
    in_order: Vec<[u8; 32]>,
}

impl<'a> Macs<'a> {
    /// The frame's opening has to begin with [`HmacKey::inner`].
    pub(crate) fn new(kernel: Kernel, key: &'a HmacKey, frame: &'a Frame) -> Self {
        Self {
            kernel,
            key,
            groups: Groups::new(frame),
            in_groups: Vec::new(),
            in_order: Vec::new(),
        }
    }

    /// Gives the HMAC of the message with each middle, in the middles' order.
    pub(crate) fn of<Middle: AsRef<str>>(&mut self, middles: &[Middle]) -> &[[u8; 32]] {
        self.in_groups.resize(middles.len(), [0; 8]);
        self.in_order.resize(middles.len(), [0; 32]);
        let mut free = self.in_groups.as_mut_slice();
        let order = self.groups.each(middles, |job| {
            let (group, behind) = mem::take(&mut free).split_at_mut(job.messages.len());
            self.kernel.run(job, Some(self.key.outer()), group);
            free = behind;
        });
        for (place, state) in order.iter().zip(&self.in_groups) {
            if let Some(mac) = self.in_order.get_mut(*place) {
                *mac = to_bytes(state);
            }
        }
        &self.in_order
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;

    #[test]
    fn macs_are_those_of_the_messages() {
        let key = HmacKey::new(b"key");
        for (opening, closing) in [("", ""), ("a", ""), ("head\n", "\ntail"), ("", "z")] {
            let mut frame = Frame {
                opening: key.inner(),
                closing: closing.as_bytes().to_vec(),
            };
            frame.opening.absorb(opening.as_bytes());
            for kernel in Kernel::available() {
                let mut macs = Macs::new(kernel, &key, &frame);
                // The workspace serves one window after the other, of whatever size.
                for count in [1, 300, 0, 100] {
                    let middles: Vec<String> =
                        (0..count).map(|i: usize| "x".repeat(i * 7 % 130)).collect();
                    let macs = macs.of(&middles);
                    assert_eq!(macs.len(), count);
                    for (middle, mac) in middles.iter().zip(macs) {
                        let mut expected = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
                        expected.update([opening, middle, closing].concat().as_bytes());
                        assert_eq!(mac[..], expected.finalize().into_bytes()[..], "{middle}");
                    }
                }
            }
        }
    }
}
