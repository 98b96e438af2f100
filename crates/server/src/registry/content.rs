//! The digest of a version's content: pure.

use aws_lc_rs::digest::{Context, SHA256};
use protocol::{Digest, EntryPath, Sha256Digest};

/// SHA-256 over the lines `path NUL digest LF`, which must come in the order of the paths' bytes:
/// equal content has an equal digest, whoever uploaded it and in whatever order.
pub fn content_sha256<'a>(
    entries: impl IntoIterator<Item = (&'a EntryPath, &'a Digest)>,
) -> Sha256Digest {
    let mut context = Context::new(&SHA256);
    for (path, digest) in entries {
        context.update(path.as_str().as_bytes());
        context.update(&[0]);
        context.update(digest.to_string().as_bytes());
        context.update(b"\n");
    }
    finish(context)
}

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> Sha256Digest {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    finish(context)
}

fn finish(context: Context) -> Sha256Digest {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Sha256Digest::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_over_paths_and_digests() {
        // printf 'a\0sha256:%s\n' "$(printf %064d 0)" | sha256sum
        let path: EntryPath = "a".parse().unwrap();
        let digest = Digest::Sha256(Sha256Digest::from_bytes([0; 32]));
        assert_eq!(
            content_sha256([(&path, &digest)]),
            sha256(format!("a\0sha256:{}\n", "0".repeat(64)).as_bytes())
        );
        assert_eq!(
            content_sha256([]).to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let other = Digest::Sha256(Sha256Digest::from_bytes([1; 32]));
        assert_ne!(
            content_sha256([(&path, &digest)]),
            content_sha256([(&path, &other)])
        );
    }
}
