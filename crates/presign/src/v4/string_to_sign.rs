//! Step 2: the string to sign, which ties the canonical request to a time and a scope.

/// The string to sign up to the hash of the canonical request.
pub(crate) const fn head<'a>(algorithm: &'a str, time: &'a str, scope: &'a str) -> [&'a str; 6] {
    [algorithm, "\n", time, "\n", scope, "\n"]
}

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
        let [algorithm, end_1, time, end_2, scope, end_3] =
            head(self.algorithm, self.time, self.scope);
        [
            algorithm,
            end_1,
            time,
            end_2,
            scope,
            end_3,
            self.request_sha256,
        ]
    }

    /// Puts it together, for people.
    pub(crate) fn text(&self) -> String {
        self.pieces().concat()
    }
}
