//! The bare compression function.

use std::hint::black_box;

use presign::Kernel;

use crate::measure::Candidate;

pub fn name(kernel: &str) -> String {
    format!("compression by {kernel}")
}

/// So many blocks that gathering them is most of the rest.
pub fn compression(kernel: Kernel) -> Candidate<'static> {
    const MESSAGES: usize = 64;
    const BLOCKS: usize = 16;
    let messages: Vec<_> = (0..MESSAGES)
        .map(|message| [[message as u8; 64]; BLOCKS])
        .collect();
    let mut ends = vec![[0; 8]; MESSAGES];
    Candidate::new(name(kernel.name()), move || {
        let messages: Vec<_> = messages.iter().map(|message| &message[..]).collect();
        kernel.compress(&[1; 8], black_box(&messages), &mut ends);
        black_box(&ends);
        MESSAGES * BLOCKS
    })
}
