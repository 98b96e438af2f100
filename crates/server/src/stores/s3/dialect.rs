//! Where Cloud Storage's XML API has other words than S3.

use protocol::Sha256Digest;

/// Whose words a store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// S3's.
    Amazon,
    /// Cloud Storage's.
    Google,
}

impl Dialect {
    /// Marks the server's own requests in the store's log; signed, so nobody else can claim it.
    pub(super) fn server_mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Amazon => ("x-signet", "server"),
            Self::Google => ("X-Goog-Custom-Audit-Signet", "server"),
        }
    }

    /// Tells by which upload an object was made.
    pub(super) fn upload_metadata(self) -> &'static str {
        match self {
            Self::Amazon => "x-amz-meta-signet-upload",
            Self::Google => "x-goog-meta-signet-upload",
        }
    }

    /// Headers that begin an upload, for which S3 computes checksums only when told to.
    pub(super) fn new_upload(self, upload: &str) -> Vec<(&'static str, &str)> {
        let mut headers = vec![(self.upload_metadata(), upload)];
        if self == Self::Amazon {
            headers.push(("x-amz-checksum-algorithm", "SHA256"));
        }
        headers
    }

    /// The header that binds a body to its digest.
    pub(super) fn binds(self, sha256: Sha256Digest) -> (&'static str, String) {
        match self {
            Self::Amazon => ("x-amz-checksum-sha256", sha256.to_base64()),
            Self::Google => ("x-goog-content-sha256", sha256.to_hex()),
        }
    }

    /// Headers that have an object's checksums told.
    pub(super) fn asks_for_checksums(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Amazon => &[("x-amz-checksum-mode", "ENABLED")],
            Self::Google => &[],
        }
    }

    /// Whether objects have SHA-256 checksums.
    pub(super) fn knows_sha256(self) -> bool {
        self == Self::Amazon
    }
}
