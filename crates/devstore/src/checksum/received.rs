//! Digests of a body while it arrives, compared at its end with what the client said.

use aws_lc_rs::digest as sha;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::{Algorithm, Checksum, Running};
use crate::length::LengthRange;

/// What the client says that the body's digests are.
#[derive(Debug, Default, Clone)]
pub(crate) struct Wanted {
    pub(crate) md5: Option<Vec<u8>>,
    /// Without a digest where it is only to be computed.
    pub(crate) checksum: Option<(Algorithm, Option<Vec<u8>>)>,
    /// `x-amz-content-sha256`, when it holds a digest.
    pub(crate) payload_sha256: Option<[u8; 32]>,
    pub(crate) length: Option<LengthRange>,
}

impl Wanted {
    /// Reads the request's digests; `declared` is `x-amz-sdk-checksum-algorithm`.
    pub(crate) fn parse(
        content_md5: Option<&str>,
        sums: [(Algorithm, Option<&str>); 5],
        declared: Option<&str>,
        payload_sha256: Option<[u8; 32]>,
    ) -> S3Result<Self> {
        let md5 = content_md5
            .map(|text| match BASE64.decode(text) {
                Ok(digest) if digest.len() == 16 => Ok(digest),
                _ => Err(s3_error!(
                    InvalidDigest,
                    "The Content-MD5 you specified is not valid."
                )),
            })
            .transpose()?;
        let mut checksum = None;
        for (algorithm, text) in sums {
            let Some(text) = text else { continue };
            if checksum.is_some() {
                return Err(s3_error!(
                    InvalidRequest,
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
                ));
            }
            let digest = BASE64
                .decode(text)
                .ok()
                .filter(|digest| digest.len() == algorithm.length_bytes())
                .ok_or_else(|| {
                    s3_error!(
                        InvalidRequest,
                        "Value for x-amz-checksum-{} header is invalid.",
                        algorithm.name().to_ascii_lowercase()
                    )
                })?;
            checksum = Some((algorithm, Some(digest)));
        }
        if declared.is_some_and(|name| Algorithm::parse(name) != checksum.as_ref().map(|sum| sum.0))
        {
            return Err(s3_error!(
                InvalidRequest,
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
            ));
        }
        Ok(Self {
            md5,
            checksum,
            payload_sha256,
            length: None,
        })
    }
}

/// Hashes a body as it arrives, in one pass.
pub(crate) struct Hasher {
    wanted: Wanted,
    md5: Md5,
    checksum: Option<(Algorithm, Running)>,
    payload: Option<sha::Context>,
    size_bytes: u64,
}

/// What a body turned out to be.
#[derive(Debug, Clone)]
pub(crate) struct Digests {
    pub(crate) size_bytes: u64,
    /// Lower-case hexadecimal MD5, S3's `ETag` of a body sent in one request.
    pub(crate) etag: String,
    pub(crate) checksum: Option<Checksum>,
}

impl Hasher {
    pub(crate) fn new(wanted: Wanted) -> Self {
        let checksum = wanted
            .checksum
            .as_ref()
            .map(|(algorithm, _)| (*algorithm, Running::new(*algorithm)));
        let payload = wanted
            .payload_sha256
            .as_ref()
            .map(|_| sha::Context::new(&sha::SHA256));
        Self {
            wanted,
            md5: Md5::new(),
            checksum,
            payload,
            size_bytes: 0,
        }
    }

    /// Refuses bytes beyond those that are wanted.
    pub(crate) fn update(&mut self, bytes: &[u8]) -> S3Result<()> {
        self.size_bytes += bytes.len() as u64;
        if let Some(range) = self.wanted.length {
            range.check_begun(self.size_bytes)?;
        }
        self.md5.update(bytes);
        if let Some((_, running)) = &mut self.checksum {
            running.update(bytes);
        }
        if let Some(payload) = &mut self.payload {
            payload.update(bytes);
        }
        Ok(())
    }

    /// Compares with what was wanted.
    pub(crate) fn finish(self) -> S3Result<Digests> {
        if let Some(range) = self.wanted.length {
            range.check(self.size_bytes)?;
        }
        let md5 = self.md5.finalize();
        if self
            .wanted
            .md5
            .is_some_and(|wanted| wanted != md5.as_slice())
        {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let mut checksum = None;
        if let Some((algorithm, running)) = self.checksum {
            let digest = running.finish();
            let wanted = self.wanted.checksum.and_then(|(_, wanted)| wanted);
            if wanted.is_some_and(|wanted| wanted != digest) {
                return Err(s3_error!(
                    BadDigest,
                    "The {} you specified did not match the calculated checksum.",
                    algorithm.name()
                ));
            }
            checksum = Some(Checksum::of_bytes(algorithm, &digest));
        }
        if let (Some(payload), Some(wanted)) = (self.payload, self.wanted.payload_sha256)
            && payload.finish().as_ref() != wanted
        {
            let mut error = S3Error::with_message(
                S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            );
            error.set_status_code(http::StatusCode::BAD_REQUEST);
            return Err(error);
        }
        Ok(Digests {
            size_bytes: self.size_bytes,
            etag: hex::encode(md5),
            checksum,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lengths_and_two_checksums_are_refused() {
        let none = |algorithm| (algorithm, None);
        let mut sums = Algorithm::ALL.map(none);
        assert!(Wanted::parse(Some("AAAA"), sums, None, None).is_err());
        assert!(Wanted::parse(None, sums, Some("SHA256"), None).is_err());
        sums[0].1 = Some("AAAA");
        assert!(Wanted::parse(None, sums, None, None).is_err());
        sums[0].1 = Some("AAAAAA==");
        assert!(Wanted::parse(None, sums, None, None).is_ok());
        sums[1].1 = Some("AAAAAA==");
        assert!(Wanted::parse(None, sums, None, None).is_err());
    }

    #[test]
    fn a_body_is_compared_with_the_signed_payload() {
        let code = |body: &[u8]| {
            let mut hasher = Hasher::new(Wanted {
                payload_sha256: sha::digest(&sha::SHA256, b"hello").as_ref().try_into().ok(),
                ..Wanted::default()
            });
            hasher.update(body).unwrap();
            let error = hasher.finish().err()?;
            assert_eq!(error.status_code(), Some(http::StatusCode::BAD_REQUEST));
            Some(error.code().as_str().to_owned())
        };
        assert_eq!(code(b"hello"), None);
        assert_eq!(code(b"hell"), Some("XAmzContentSHA256Mismatch".to_owned()));
    }
}
