//! One message after the other, in safe code.

use sha2::block_api::compress256;

use super::{Block, Job, OUTER_PADDING, Seal, Signature, State, to_block};

pub(super) fn run(job: &Job<'_>, outer: Option<&State>, ends: &mut [State]) {
    each_digest(job, ends, |digest, end| {
        *end = digest;
        if let Some(outer) = outer {
            *end = *outer;
            compress256(end, &[to_block(&digest, &OUTER_PADDING)]);
        }
    });
}

pub(super) fn sign(job: &Job<'_>, seal: &Seal, signatures: &mut [Signature]) {
    each_digest(job, signatures, |digest, signature| {
        *signature = seal.sign(&digest);
    });
}

pub(super) fn sign_one(start: &State, blocks: &[Block], seal: &Seal) -> Signature {
    let mut digest = *start;
    compress256(&mut digest, blocks);
    seal.sign(&digest)
}

fn each_digest<Result>(job: &Job<'_>, results: &mut [Result], finish: impl Fn(State, &mut Result)) {
    let mut space = Vec::new();
    for (index, result) in results.iter_mut().enumerate() {
        let mut state = *job.start;
        compress256(&mut state, job.messages.blocks_of(index, &mut space));
        compress256(&mut state, job.repeated.blocks());
        finish(state, result);
    }
}
