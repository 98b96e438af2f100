//! User delegation SAS, signed by the book and not by what is tested.

use super::{PRINCIPAL, TENANT};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A key that Azurite delegated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DelegatedKey {
    /// When it begins and ends: with the principal, all that tells it from others.
    pub(super) starts: String,
    pub(super) ends: String,
    pub(super) version: String,
    pub(super) value: Vec<u8>,
}

impl DelegatedKey {
    /// The signature of a [user delegation SAS][1] of version 2020-12-06, for a path that begins with the
    /// account.
    ///
    /// [1]: https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
    pub(super) fn sign(
        &self,
        path: &str,
        query: &[(String, String)],
        scid: Option<&str>,
    ) -> String {
        let field = |name: &str| match name {
            "scid" => scid.unwrap_or_default().to_owned(),
            "resource" => format!("/blob{path}"),
            _ => {
                let found = query.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            }
        };
        let fields = [
            "sp", "st", "se", "resource", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid",
            "suoid", "scid", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce",
            "rscl", "rsct",
        ];
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.value);
        let text = fields.map(field).join("\n");
        STANDARD.encode(hmac::sign(&key, text.as_bytes()))
    }

    /// What the query of a URL says that reads a blob until then, whenever the key ends.
    pub(super) fn reading(&self, path: &str, until: jiff::Timestamp) -> Vec<(String, String)> {
        let mut query: Vec<(String, String)> = [
            ("sp", "r"),
            ("se", &time(until)),
            ("skoid", PRINCIPAL),
            ("sktid", TENANT),
            ("skt", &self.starts),
            ("ske", &self.ends),
            ("sks", "b"),
            ("skv", &self.version),
            ("sv", "2020-12-06"),
            ("sr", "b"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let signature = self.sign(path, &query, None);
        query.push(("sig".to_owned(), signature));
        query
    }
}

pub(super) fn encoded(query: &[(String, String)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query).finish().replace('+', "%20")
}

pub(super) fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
