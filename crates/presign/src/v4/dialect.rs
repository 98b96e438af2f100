//! The words in which the two schemes differ.

use crate::Timestamp;

/// The vocabulary of one scheme.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Stands before the secret in the derivation of the signing key.
    pub(crate) key_prefix: &'static str,
    /// The third field of the credential scope.
    pub(crate) service: &'static str,
    /// The fourth and last field of the credential scope.
    pub(crate) terminator: &'static str,
    /// The algorithms by name, as parameter and as first line of the string to sign.
    pub(crate) algorithms: &'static [&'static str],

    // The query parameters that every signed URL has.
    pub(crate) algorithm: &'static str,
    pub(crate) credential: &'static str,
    pub(crate) date: &'static str,
    pub(crate) expires: &'static str,
    pub(crate) signed_headers: &'static str,
    pub(crate) signature: &'static str,
    /// Further query parameters that belong to the authentication.
    pub(crate) further_parameters: &'static [&'static str],
    /// Query parameters by which a request authenticates itself in another way.
    pub(crate) other_mechanisms: &'static [&'static str],
    /// Whether a verifier reads the names of all these in any case.
    pub(crate) any_case: bool,

    /// The header whose value, where it is sent, is the payload line.
    pub(crate) content_sha256: &'static str,
    /// Headers that a caller of the signer cannot bind, as it decides about them.
    pub(crate) set_by_signer: &'static [&'static str],
    /// Headers that begin so change what a request does, and must be signed.
    pub(crate) signed_prefixes: &'static [&'static str],
    /// What names of bound headers may hold besides HTTP's own characters.
    pub(crate) further_name_bytes: &'static [u8],
}

pub(crate) const AWS4_HMAC_SHA256: &str = "AWS4-HMAC-SHA256";
pub(crate) const X_AMZ_CONTENT_SHA256: &str = "X-Amz-Content-Sha256";
pub(crate) const X_AMZ_SECURITY_TOKEN: &str = "X-Amz-Security-Token";

/// AWS Signature Version 4, as S3 takes it.
pub(crate) static AWS: Dialect = Dialect {
    key_prefix: "AWS4",
    service: "s3",
    terminator: "aws4_request",
    algorithms: &[AWS4_HMAC_SHA256],
    algorithm: "X-Amz-Algorithm",
    credential: "X-Amz-Credential",
    date: "X-Amz-Date",
    expires: "X-Amz-Expires",
    signed_headers: "X-Amz-SignedHeaders",
    signature: "X-Amz-Signature",
    further_parameters: &[X_AMZ_CONTENT_SHA256, X_AMZ_SECURITY_TOKEN],
    other_mechanisms: &["AWSAccessKeyId", "Signature"],
    any_case: false,
    content_sha256: "x-amz-content-sha256",
    set_by_signer: &["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"],
    signed_prefixes: &["x-amz-"],
    further_name_bytes: b"",
};

pub(crate) const GOOG4_RSA_SHA256: &str = "GOOG4-RSA-SHA256";
pub(crate) const GOOG4_HMAC_SHA256: &str = "GOOG4-HMAC-SHA256";

/// Google's V4 signing, as Cloud Storage takes it.
pub(crate) static GOOGLE: Dialect = Dialect {
    key_prefix: "GOOG4",
    service: "storage",
    terminator: "goog4_request",
    algorithms: &[GOOG4_RSA_SHA256, GOOG4_HMAC_SHA256],
    algorithm: "X-Goog-Algorithm",
    credential: "X-Goog-Credential",
    date: "X-Goog-Date",
    expires: "X-Goog-Expires",
    signed_headers: "X-Goog-SignedHeaders",
    signature: "X-Goog-Signature",
    further_parameters: &["X-Goog-Content-Sha256"],
    other_mechanisms: &[
        "AWSAccessKeyId",
        "GoogleAccessId",
        "Signature",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Signature",
    ],
    // Google's own gsutil writes them in lower case.
    any_case: true,
    content_sha256: "x-goog-content-sha256",
    set_by_signer: &[],
    signed_prefixes: &["x-goog-", "x-amz-"],
    // One of Google's conformance vectors binds such a name, though HTTP has none.
    further_name_bytes: b"/",
};

impl Dialect {
    /// `YYYYMMDD/region/service/terminator`: where and on which day a signature is good.
    pub(crate) fn scope(&self, day: Timestamp, region: &str) -> String {
        format!(
            "{}/{region}/{}/{}",
            day.date(),
            self.service,
            self.terminator
        )
    }

    /// Whether a received parameter's name is the known one.
    pub(crate) fn is(&self, known: &str, name: &str) -> bool {
        known == name || (self.any_case && known.eq_ignore_ascii_case(name))
    }

    /// Whether a parameter of this name, in any case, is part of an authentication.
    pub(crate) fn is_authentication(&self, name: &str) -> bool {
        [
            self.algorithm,
            self.credential,
            self.date,
            self.expires,
            self.signed_headers,
            self.signature,
        ]
        .iter()
        .chain(self.further_parameters)
        .chain(self.other_mechanisms)
        .any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Keeps the parameters that are no part of an authentication.
    pub(crate) fn without_authentication(
        &self,
        parameters: Vec<(String, String)>,
    ) -> Vec<(Box<str>, Box<str>)> {
        parameters
            .into_iter()
            .filter(|(name, _)| !self.is_authentication(name))
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authentication_parameters_are_known_in_any_case() {
        assert!(AWS.is_authentication("x-amz-signature"));
        assert!(AWS.is_authentication("X-Amz-SignedHeaders"));
        assert!(AWS.is_authentication("signature"));
        assert!(!AWS.is_authentication("x-amz-acl"));
        assert!(!AWS.is_authentication("x-grant"));
        assert!(GOOGLE.is_authentication("x-goog-signedheaders"));
        assert!(!GOOGLE.is_authentication("X-Goog-Custom-Audit-Grant"));
    }
}
