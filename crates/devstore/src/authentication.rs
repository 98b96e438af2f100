//! Whose signature a request carries, and what it covers.

use presign::s3::Resource;
use presign::{Received, Scheme, Timestamp, gcs, s3};

use crate::asked::Asked;
use crate::google;
use crate::operation::Operation;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::settings::{Holder, Settings};

/// A verifier for each of the schemes.
pub(crate) struct Verifiers {
    amazon: s3::Verifier,
    google: gcs::Verifier,
}

/// What the signature says of the body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Payload {
    Amazon(s3::Payload),
    Google(gcs::Payload),
}

/// What either scheme's verifier found.
struct Verified<'a> {
    holder: Option<&'a Holder>,
    resource: Resource,
    parameters: Vec<(Box<str>, Box<str>)>,
    payload: Payload,
}

impl Verifiers {
    /// For path-style requests: whatever host they name is the store.
    pub(crate) fn new(region: &str) -> Self {
        Self {
            amazon: s3::Verifier::new(region),
            google: gcs::Verifier::new(),
        }
    }

    /// Verifies the signature; from here on, `asked` is what was verified alone.
    pub(crate) fn verify<'a>(
        &self,
        asked: &mut Asked,
        settings: &'a Settings,
        now: Timestamp,
    ) -> Result<(&'a Holder, Payload), Refusal> {
        let headers: Vec<_> = asked
            .parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let received = Received {
            method: asked.parts.method.as_str(),
            raw_path: asked.parts.uri.path(),
            raw_query: asked.parts.uri.query().unwrap_or_default(),
            headers: &headers,
        };
        let verified = match asked.scheme {
            Some(Scheme::Aws4) => self.amazon(&received, settings, now)?,
            Some(Scheme::Goog4) => {
                google::words::check_payload_parameter(&asked.query)?;
                self.google(&received, settings, now)?
            }
            _ => {
                return Err(Refusal::denied(
                    "Access Denied: this store takes pre-signed URLs alone",
                ));
            }
        };
        let holder = verified
            .holder
            .ok_or_else(|| Refusal::denied("Access Denied"))?;
        asked.bucket = verified.resource.bucket().map(str::to_owned);
        asked.key = verified.resource.key().map(str::to_owned);
        asked.query = Query::verified(verified.parameters);
        asked.operation = Operation::of(&asked.parts.method, asked.key.is_some(), &asked.query);
        if let Payload::Google(_) = verified.payload {
            asked.operation = google::words::operation(asked.operation, &asked.query);
        }
        Ok((holder, verified.payload))
    }

    fn amazon<'a>(
        &self,
        received: &Received<'_>,
        settings: &'a Settings,
        now: Timestamp,
    ) -> Result<Verified<'a>, Refusal> {
        let find = |id: &str| settings.s3_keys.get(id);
        let verified = self
            .amazon
            .verify(received, now, |id| find(id).map(|(key, _)| key))
            .map_err(|refusal| Refusal::from(&refusal))?;
        Ok(Verified {
            holder: find(&verified.access_key_id).map(|(_, holder)| holder),
            resource: verified.resource,
            parameters: verified.parameters,
            payload: Payload::Amazon(verified.payload),
        })
    }

    fn google<'a>(
        &self,
        received: &Received<'_>,
        settings: &'a Settings,
        now: Timestamp,
    ) -> Result<Verified<'a>, Refusal> {
        let find = |authorizer: &str| {
            let known = settings.gcs_keys.get(authorizer);
            known.filter(|(key, _)| !has_ended(key, now))
        };
        let verified = self
            .google
            .verify(received, now, |authorizer| {
                find(authorizer).map(|(key, _)| key)
            })
            .map_err(|refusal| Refusal::from(&refusal))?;
        Ok(Verified {
            holder: find(&verified.authorizer).map(|(_, holder)| holder),
            resource: verified.resource,
            parameters: verified.parameters,
            payload: Payload::Google(verified.payload),
        })
    }
}

/// A deactivated key is nobody's.
fn has_ended(key: &gcs::VerifyingKey, now: Timestamp) -> bool {
    match key {
        gcs::VerifyingKey::Hmac(key) => key.expires_at().is_some_and(|end| end <= now),
        _ => false,
    }
}
