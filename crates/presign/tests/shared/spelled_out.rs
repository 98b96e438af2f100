//! Signature Version 4 in the query string, spelled out step by step from its specification.

use hmac::{Hmac, KeyInit, Mac};
use presign::{Method, Window};
use sha2::{Digest, Sha256};

/// What differs between AWS and Google.
pub(crate) struct Words {
    pub(crate) algorithm: &'static str,
    pub(crate) key_prefix: &'static str,
    pub(crate) parameter_prefix: &'static str,
    pub(crate) service: &'static str,
    pub(crate) terminator: &'static str,
}

/// Whose URLs these are, and for which bucket.
pub(crate) struct Signing<'a> {
    pub(crate) words: Words,
    pub(crate) access_key_id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) session_token: Option<&'a str>,
    pub(crate) region: &'a str,
    /// Scheme and host.
    pub(crate) base_url: &'a str,
    /// What stands before the key in the path.
    pub(crate) path: &'a str,
}

impl Signing<'_> {
    /// The URL for headers with lower-case names and canonical values.
    pub(crate) fn url(
        &self,
        method: Method,
        key: &str,
        headers: &[(&str, &str)],
        query: &[(&str, &str)],
        window: Window,
    ) -> String {
        let Words {
            algorithm,
            key_prefix,
            parameter_prefix,
            service,
            terminator,
        } = self.words;
        let (_, host) = self.base_url.split_once("://").unwrap();
        let mut headers = headers.to_vec();
        headers.push(("host", host));
        headers.sort_unstable();
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");

        let time = window.from.to_string();
        let (date, region) = (&time[..8], self.region);
        let scope = format!("{date}/{region}/{service}/{terminator}");
        let credential = format!("{}/{scope}", self.access_key_id);
        let expires = window.ttl.seconds().to_string();
        let of_signature = [
            ("Algorithm", Some(algorithm)),
            ("Credential", Some(&*credential)),
            ("Date", Some(&*time)),
            ("Expires", Some(&*expires)),
            ("Security-Token", self.session_token),
            ("SignedHeaders", Some(&*names)),
        ];
        let mut parameters = Vec::new();
        for (name, value) in of_signature {
            let name = format!("{parameter_prefix}{name}");
            parameters.extend(value.map(|value| (encoded(&name, ""), encoded(value, ""))));
        }
        for (name, value) in query {
            parameters.push((encoded(name, ""), encoded(value, "")));
        }
        parameters.sort();
        let parameters = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let query = parameters.collect::<Vec<_>>().join("&");

        let uri = format!("{}{}", self.path, encoded(key, "/"));
        let lines = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"));
        let lines: String = lines.collect();
        let method = method.as_str();
        let request = format!("{method}\n{uri}\n{query}\n{lines}\n{names}\nUNSIGNED-PAYLOAD");
        let request_sha256 = hexadecimal(&Sha256::digest(request));
        let string_to_sign = format!("{algorithm}\n{time}\n{scope}\n{request_sha256}");
        let secret = format!("{key_prefix}{}", self.secret);
        let scope = [date, region, service, terminator];
        let signature = signature(&secret, scope, &string_to_sign);
        format!(
            "{}{uri}?{query}&{parameter_prefix}Signature={signature}",
            self.base_url
        )
    }
}

/// The signature of a string to sign, by the key that a secret behind its prefix gives for a scope.
pub(crate) fn signature(secret: &str, scope: [&str; 4], string_to_sign: &str) -> String {
    let derived = scope
        .iter()
        .fold(secret.as_bytes().to_vec(), |key, text| hmac(&key, text));
    hexadecimal(&hmac(&derived, string_to_sign))
}

/// Percent-encodes all but what RFC 3986 calls unreserved, and what is to be left plain besides.
pub(crate) fn encoded(text: &str, also_plain: &str) -> String {
    let encode = |byte: u8| {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric()
            || "-._~".contains(character)
            || also_plain.contains(character)
        {
            character.to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hmac.update(text.as_bytes());
    hmac.finalize().into_bytes().to_vec()
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
