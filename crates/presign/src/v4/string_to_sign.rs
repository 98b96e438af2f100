//! Step 2: the string to sign, which ties the canonical request to a time and a scope.

/// The lines of the string to sign.
pub(crate) struct StringToSign<'a> {
    pub(crate) algorithm: &'a str,
    /// The time in basic ISO form.
    pub(crate) time: &'a str,
    pub(crate) scope: &'a str,
    /// The SHA-256 of the canonical request, in lower-case hexadecimal.
    pub(crate) request_sha256: &'a str,
}

impl StringToSign<'_> {
    pub(crate) fn pieces(&self) -> [&str; 7] {
        [
            self.algorithm,
            "\n",
            self.time,
            "\n",
            self.scope,
            "\n",
            self.request_sha256,
        ]
    }

    /// Puts it together, for people.
    pub(crate) fn text(&self) -> String {
        self.pieces().concat()
    }
}
