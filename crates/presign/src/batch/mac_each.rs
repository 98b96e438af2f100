//! HMACs of many messages with one key, for schemes that need no more than that.

use super::{
    frame::{Frame, Groups},
    midstate::HmacKey,
};
use crate::kernel::{Kernel, to_block};

/// Gives `take` the place of each middle among all, in any order, and the HMAC-SHA256 of its message.
///
/// The frame's opening has to begin with [`HmacKey::inner`].
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "what a scheme of a single MAC is built of")
)]
pub(crate) fn mac_each<Middle: AsRef<str>>(
    kernel: Kernel,
    key: &HmacKey,
    frame: &Frame,
    middles: &[Middle],
    mut take: impl FnMut(usize, &[u8; 32]),
) {
    let mut macs = vec![[0; 8]; middles.len()];
    let mut free = macs.as_mut_slice();
    let mut groups = Groups::new(frame);
    let order = groups.each(middles, |job| {
        let (group, behind) = std::mem::take(&mut free).split_at_mut(job.messages.len());
        kernel.run(job, Some(key.outer()), group);
        free = behind;
    });
    for (place, mac) in order.iter().zip(&macs) {
        if let Some(bytes) = to_block(mac, &[0; 8]).first_chunk() {
            take(*place, bytes);
        }
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
        for (count, opening, closing) in [
            (0, "", ""),
            (1, "a", ""),
            (100, "head\n", "\ntail"),
            (300, "", "z"),
        ] {
            let middles: Vec<String> = (0..count).map(|i: usize| "x".repeat(i * 7 % 130)).collect();
            let mut frame = Frame {
                opening: key.inner(),
                closing: closing.as_bytes().to_vec(),
            };
            frame.opening.absorb(opening.as_bytes());
            for kernel in Kernel::available() {
                let mut macs = vec![None; count];
                mac_each(kernel, &key, &frame, &middles, |place, mac| {
                    macs[place] = Some(*mac);
                });
                for (middle, mac) in middles.iter().zip(macs) {
                    let mut expected = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
                    expected.update([opening, middle, closing].concat().as_bytes());
                    assert_eq!(
                        mac,
                        Some(expected.finalize().into_bytes().into()),
                        "{middle}"
                    );
                }
            }
        }
    }
}
