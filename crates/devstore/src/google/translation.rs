//! A request in Google's words, translated for the operations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{CONTENT_TYPE, IF_NONE_MATCH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use presign::gcs::Payload;

use super::body::mismatch;
use super::words::{
    AMAZONS_CRC32C, AMAZONS_METADATA, CHECKSUM_PLAN, CONDITIONS, CONTENT_MD5, DEFAULT_TYPE,
    METADATA, Meaning, check_parameters, invalid, meaning,
};
use crate::dialect::Dialect;
use crate::headers::{self, not_implemented};
use crate::length::LengthRange;
use crate::operation::Operation;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::s3::Extra;

/// Makes the headers for the operations, and what they take besides.
pub(crate) fn forward(
    received: &HeaderMap,
    query: &Query,
    operation: Operation,
    payload: Payload,
) -> Result<(HeaderMap, Extra), Refusal> {
    check_parameters(query)?;
    let mut request = Translated {
        operation,
        headers: received.clone(),
        extra: Extra {
            dialect: Dialect::Google,
            ..Extra::default()
        },
    };
    headers::settle(&mut request.headers);
    request.check_conditions()?;
    for name in received.keys() {
        request.translate(name)?;
    }
    if operation.takes_bytes() {
        request.bind_body(payload)?;
    }
    if matches!(operation, Operation::PutObject | Operation::CreateUpload) {
        request.headers.entry(CONTENT_TYPE).or_insert(DEFAULT_TYPE);
    }
    if operation == Operation::CreateUpload {
        for (name, value) in CHECKSUM_PLAN {
            request
                .headers
                .insert(name, HeaderValue::from_static(value));
        }
    }
    Ok((request.headers, request.extra))
}

struct Translated {
    operation: Operation,
    headers: HeaderMap,
    extra: Extra,
}

impl Translated {
    fn check_conditions(&self) -> Result<(), Refusal> {
        if matches!(self.operation, Operation::GetObject | Operation::HeadObject) {
            return Ok(());
        }
        match CONDITIONS
            .iter()
            .find(|name| self.headers.contains_key(*name))
        {
            Some(name) => Err(not_implemented(name.as_str())),
            None => Ok(()),
        }
    }

    /// Takes the header out, and puts in what stands for it.
    fn translate(&mut self, header: &HeaderName) -> Result<(), Refusal> {
        let name = header.as_str();
        if name.starts_with("x-amz-") {
            return Err(
                invalid("Headers of Amazon and Google cannot be mixed").with("Header", name)
            );
        }
        if !name.starts_with("x-goog-") {
            return Ok(());
        }
        let meaning = meaning(name).ok_or_else(|| not_implemented(name))?;
        let values: Vec<HeaderValue> = self.headers.get_all(header).iter().cloned().collect();
        self.headers.remove(header);
        let [value, further @ ..] = values.as_slice() else {
            return Ok(());
        };
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().trim().to_owned();
        if let Meaning::Digests = meaning {
            return values
                .iter()
                .try_for_each(|value| self.digests(&text(value)));
        }
        if !further.is_empty() {
            return Err(invalid("A header may be given only once").with("Header", name));
        }
        match meaning {
            Meaning::Nothing | Meaning::Digests => Ok(()),
            Meaning::Given(values) if values.contains(&&*text(value)) => Ok(()),
            Meaning::Given(_) => Err(not_implemented(name)),
            Meaning::LengthRange => self.length_range(name, &text(value)),
            Meaning::GenerationMatch => self.generation_match(name, &text(value)),
            Meaning::Metadata => self.metadata(name, value.clone()),
        }
    }

    fn digests(&mut self, text: &str) -> Result<(), Refusal> {
        if !self.operation.takes_bytes() {
            return Err(not_implemented("x-goog-hash"));
        }
        let wrong = || {
            Refusal::new(
                400,
                "InvalidDigest",
                "The x-goog-hash you specified is not valid, or contradicts another digest.",
            )
        };
        for entry in text.split(',') {
            let (algorithm, digest) = entry.trim().split_once('=').ok_or_else(wrong)?;
            let (name, length_bytes) = match algorithm {
                "crc32c" => (AMAZONS_CRC32C, 4),
                "md5" => (CONTENT_MD5, 16),
                _ => return Err(wrong()),
            };
            let value = BASE64
                .decode(digest)
                .ok()
                .filter(|bytes| bytes.len() == length_bytes)
                .and_then(|_| HeaderValue::from_str(digest).ok())
                .ok_or_else(wrong)?;
            if let Some(other) = self.headers.insert(name, value.clone())
                && other != value
            {
                return Err(wrong());
            }
        }
        Ok(())
    }

    fn length_range(&mut self, name: &str, text: &str) -> Result<(), Refusal> {
        if !self.operation.takes_bytes() {
            return Err(not_implemented(name));
        }
        let range = LengthRange::parse(text)
            .ok_or_else(|| invalid("The length range must be `MIN,MAX` in bytes"))?;
        self.extra.length = Some(range);
        Ok(())
    }

    fn generation_match(&mut self, name: &str, text: &str) -> Result<(), Refusal> {
        match self.operation {
            Operation::PutObject if text == "0" => {
                self.headers
                    .insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
                Ok(())
            }
            // Google: https://cloud.google.com/storage/docs/multipart-uploads, "Considerations".
            // What it answers is not documented; a store that took no notice would hide the mistake
            Operation::CreateUpload
            | Operation::UploadPart
            | Operation::CompleteUpload
            | Operation::AbortUpload
            | Operation::ListParts => Err(invalid(
                "Preconditions are not supported in multipart uploads",
            )
            .with("Header", name)),
            _ => Err(not_implemented(name)),
        }
    }

    fn metadata(&mut self, name: &str, value: HeaderValue) -> Result<(), Refusal> {
        let name = name.replacen(METADATA, AMAZONS_METADATA, 1);
        let name = HeaderName::try_from(name).map_err(|_| invalid("No name for metadata"))?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// Prepares that the body is compared with what was signed of it.
    fn bind_body(&mut self, payload: Payload) -> Result<(), Refusal> {
        match payload {
            Payload::Unsigned => {}
            Payload::Sha256(digest) => self.extra.payload_sha256 = Some(digest),
            Payload::Unmatchable => return Err(mismatch()),
        }
        let length_bytes = headers::declared_length(&self.headers)?;
        if length_bytes.is_none() && !self.headers.contains_key(TRANSFER_ENCODING) {
            return Err(headers::missing_length());
        }
        if let (Some(range), Some(length_bytes)) = (self.extra.length, length_bytes) {
            range.check(length_bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(
        operation: Operation,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(HeaderMap, Extra), String> {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        forward(&headers, &Query::default(), operation, Payload::Unsigned)
            .map_err(|refusal| refusal.code.into_owned())
    }

    #[test]
    fn no_word_of_google_reaches_the_operations() {
        let (headers, extra) = forwarded(
            Operation::PutObject,
            &[
                ("authorization", "x"),
                ("content-length", "5"),
                ("host", "store"),
                ("x-goog-acl", "private"),
                ("x-goog-content-length-range", "1, 5"),
                ("x-goog-content-sha256", "UNSIGNED-PAYLOAD"),
                ("x-goog-custom-audit-grant", "g1"),
                ("x-goog-date", "20270115T080000Z"),
                ("x-goog-hash", "crc32c=AAAAAA=="),
                ("x-goog-hash", "md5=1B2M2Y8AsgTpgAmY7PhCfg=="),
                ("x-goog-if-generation-match", "0"),
                ("x-goog-meta-run", "7"),
            ],
        )
        .unwrap();
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "content-length",
                "content-md5",
                "content-type",
                "if-none-match",
                "x-amz-checksum-crc32c",
                "x-amz-meta-run"
            ]
        );
        assert_eq!(extra.length, LengthRange::parse("1,5"));
    }

    #[test]
    fn what_cannot_be_done_is_refused_and_not_dropped() {
        let code = |operation, header| {
            let headers = [("content-length", "5"), header];
            forwarded(operation, &headers).err()
        };
        let put = |name, value| code(Operation::PutObject, (name, value)).unwrap_or_default();
        for (name, value, expected) in [
            ("x-goog-acl", "public-read", "NotImplemented"),
            ("x-goog-copy-source", "/b/k", "NotImplemented"),
            ("x-goog-if-generation-match", "7", "NotImplemented"),
            ("x-goog-if-metageneration-match", "7", "NotImplemented"),
            ("x-goog-resumable", "start", "NotImplemented"),
            ("x-goog-storage-class", "NEARLINE", "NotImplemented"),
            ("if-none-match", "*", "NotImplemented"),
            ("x-amz-meta-run", "7", "InvalidArgument"),
            ("x-goog-content-length-range", "5", "InvalidArgument"),
            ("x-goog-content-length-range", "6,5", "InvalidArgument"),
            ("x-goog-content-length-range", "0,4", "EntityTooLarge"),
            ("x-goog-content-length-range", "6,9", "EntityTooSmall"),
            ("x-goog-hash", "crc32c=AAAA", "InvalidDigest"),
            ("x-goog-hash", "sha256=AAAAAA==", "InvalidDigest"),
            (
                "x-goog-hash",
                "crc32c=AAAAAA==,crc32c=AAAAAQ==",
                "InvalidDigest",
            ),
        ] {
            assert_eq!(put(name, value), expected, "{name}: {value}");
        }
        let absent = ("x-goog-if-generation-match", "0");
        for (operation, expected) in [
            (Operation::CreateUpload, "InvalidArgument"),
            (Operation::UploadPart, "InvalidArgument"),
            (Operation::CompleteUpload, "InvalidArgument"),
            (Operation::GetObject, "NotImplemented"),
            (Operation::DeleteObject, "NotImplemented"),
        ] {
            assert_eq!(code(operation, absent).as_deref(), Some(expected));
        }
        assert_eq!(code(Operation::PutObject, absent), None);
    }
}
