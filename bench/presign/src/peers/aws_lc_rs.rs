//! The crate `aws-lc-rs`: the bare RSA signature, without a URL.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};

use crate::case::gcs::rsa_key;

pub fn signer() -> impl FnMut(&str) -> Vec<u8> {
    let pair = key_pair();
    move |message| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .expect("signable");
        signature
    }
}

/// Panics unless the signature is that of the message.
pub fn check(message: &str, signature: &[u8]) {
    let public_key = key_pair().public_key().as_ref().to_vec();
    ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key)
        .expect("a public key")
        .verify_sig(message.as_bytes(), signature)
        .expect("a signature");
}

fn key_pair() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(rsa_key()).expect("a key pair")
}
