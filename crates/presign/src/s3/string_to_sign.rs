//! Step 2: the string to sign, which ties the canonical request to a time and a scope.

use crate::Timestamp;

/// The name of the algorithm, as parameter and as first line of the string to sign.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(super) const SERVICE: &str = "s3";
pub(super) const TERMINATOR: &str = "aws4_request";

/// `YYYYMMDD/region/s3/aws4_request`: where and on which day a derived key is good.
pub(super) fn scope(day: Timestamp, region: &str) -> String {
    format!("{}/{region}/{SERVICE}/{TERMINATOR}", day.date())
}

/// The lines of the string to sign.
pub(super) struct StringToSign<'a> {
    /// The time in basic ISO form.
    pub(super) time: &'a str,
    pub(super) scope: &'a str,
    /// The SHA-256 of the canonical request, in lower-case hexadecimal.
    pub(super) request_sha256: &'a str,
}

impl StringToSign<'_> {
    pub(super) fn pieces(&self) -> [&str; 7] {
        [
            ALGORITHM,
            "\n",
            self.time,
            "\n",
            self.scope,
            "\n",
            self.request_sha256,
        ]
    }

    /// Puts it together, for people.
    pub(super) fn text(&self) -> String {
        self.pieces().concat()
    }
}
