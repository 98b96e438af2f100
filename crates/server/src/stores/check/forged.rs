//! URLs that a store must refuse, made of good ones.

use crate::stores::{LocalSigner, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use presign::{azure, gcs, s3};

/// A secret that is nobody's.
const OTHER_SECRET: &str = "not-the-secret-of-this-bucket-but-of-its-live-check";

/// The same URL with another value of a parameter.
pub(super) fn with_parameter(
    url: &str,
    name: &str,
    change: impl FnOnce(&str) -> String,
) -> Option<String> {
    let (path, query) = url.split_once('?')?;
    let mut change = Some(change);
    let mut found = false;
    let parameters: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((at, value)) if at == name => {
                found = true;
                let value = change.take().map_or_else(|| value.to_owned(), |f| f(value));
                format!("{at}={value}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    found.then(|| format!("{path}?{}", parameters.join("&")))
}

/// The value of a parameter.
pub(super) fn parameter<'u>(url: &'u str, name: &str) -> Option<&'u str> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(at, _)| *at == name)
        .map(|(_, value)| value)
}

/// The same URL for another object, that differs in the last component of its key.
pub(super) fn with_last_component(url: &str, component: &str) -> Option<String> {
    let (path, query) = url.split_once('?')?;
    let (folder, _) = path.rsplit_once('/')?;
    Some(format!("{folder}/{component}?{query}"))
}

/// The same URL without its query.
pub(super) fn without_query(url: &str) -> Option<String> {
    url.split_once('?').map(|(path, _)| path.to_owned())
}

/// What signs as this one does, but with another secret; `None` where there is no telling how.
pub(super) fn with_other_secret(signer: &Signer, url: &str) -> Option<Signer> {
    match signer {
        Signer::Local(LocalSigner::S3(signer)) => {
            let credential = s3::Credential::new(signer.access_key_id(), OTHER_SECRET).ok()?;
            let credential = match parameter(url, "X-Amz-Security-Token") {
                None => credential,
                Some(token) => {
                    let pair = format!("token={token}");
                    let (_, token) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
                    credential.with_session(token.as_ref(), None).ok()?
                }
            };
            let endpoint = signer.endpoint().clone();
            let signer = s3::Signer::new(endpoint, credential);
            Some(Signer::Local(LocalSigner::S3(signer)))
        }
        Signer::Local(LocalSigner::Gcs(signer)) => {
            // A service account's key cannot be made up at once
            let is_hmac = parameter(url, "X-Goog-Algorithm")?.contains("HMAC");
            let key = is_hmac
                .then(|| gcs::HmacKey::new(signer.authorizer(), OTHER_SECRET).ok())
                .flatten()?;
            let endpoint = signer.endpoint().clone();
            Some(Signer::Local(LocalSigner::Gcs(gcs::Signer::new(
                endpoint, key,
            ))))
        }
        Signer::Local(LocalSigner::Azure(signer)) => {
            let key = azure::AccountKey::new(STANDARD.encode(OTHER_SECRET)).ok()?;
            let signer = signer.with_account_key(key)?;
            Some(Signer::Local(LocalSigner::Azure(signer)))
        }
        // The key is Google's
        Signer::SignBlob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_of_a_url_is_changed_and_nothing_else() {
        let url = "https://store/vision/a/object?x-grant=g&X-Amz-Expires=600&X-Amz-Signature=00";
        assert_eq!(parameter(url, "X-Amz-Expires"), Some("600"));
        assert_eq!(
            with_parameter(url, "X-Amz-Expires", |_| "900".to_owned()).unwrap(),
            "https://store/vision/a/object?x-grant=g&X-Amz-Expires=900&X-Amz-Signature=00"
        );
        assert_eq!(with_parameter(url, "sig", str::to_owned), None);
        assert_eq!(
            with_last_component(url, "other").unwrap(),
            "https://store/vision/a/other?x-grant=g&X-Amz-Expires=600&X-Amz-Signature=00"
        );
        assert_eq!(without_query(url).unwrap(), "https://store/vision/a/object");
    }
}
