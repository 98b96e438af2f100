//! The one way on which URLs leave: signed, recorded, then released.

use super::expiry::{self, Bounds, Fault};
use super::item::{Item, keys, objects};
use super::rate::Exceeded;
use super::{Broker, Error, Mandate};
use crate::stores::{Headers, Purpose, Tenant};
use crate::telemetry;
use presign::UrlBuffer;
use protocol::Timestamp;
use protocol::audit::{Action, Grant};
use protocol::id::{GrantId, UploadId, VersionId};
use protocol::transfer::{BearerUrl, BoundBy, MAX_BATCH, Reach, UrlMethod};
use std::time::Instant;

/// URLs to be released together, on one grant.
#[derive(Debug)]
pub struct Release<'a> {
    /// What the URLs are for.
    pub method: UrlMethod,
    /// One URL each; 1 to 5,000.
    pub items: Vec<Item<'a>>,
    /// Life asked for, in seconds.
    pub ttl_seconds: Option<u32>,
    /// From where the URLs are used.
    pub reach: Reach,
    /// When what the URLs are for ends.
    pub ends_at: Option<Timestamp>,
    /// The upload that they are parts of.
    pub upload_id: Option<UploadId>,
    /// The version that they are for.
    pub version_id: Option<VersionId>,
}

impl<'a> Release<'a> {
    /// A release within the window of the method.
    pub fn new(method: UrlMethod, items: Vec<Item<'a>>) -> Self {
        Self {
            method,
            items,
            ttl_seconds: None,
            reach: Reach::default(),
            ends_at: None,
            upload_id: None,
            version_id: None,
        }
    }
}

/// Released URLs.
#[derive(Debug)]
pub struct Released {
    /// The recorded decision.
    pub grant_id: GrantId,
    /// When the store stops to accept them.
    pub expires_at: Timestamp,
    /// What bounded that.
    pub bound_by: BoundBy,
    /// One an item, in the order of the items.
    pub urls: UrlBuffer,
    /// The headers that the request to each URL must carry, as name and value, in the same order.
    pub headers: Vec<Headers>,
}

impl Released {
    /// Each URL on its own.
    pub fn into_each(self) -> Vec<ReleasedUrl> {
        self.urls
            .iter()
            .zip(self.headers)
            .map(|(url, headers)| ReleasedUrl {
                url: BearerUrl::new(url.expose()),
                headers,
            })
            .collect()
    }
}

/// A released URL.
#[derive(Debug)]
pub struct ReleasedUrl {
    /// The URL, for the answer's body.
    pub url: BearerUrl,
    /// Headers that the request must carry, as name and value.
    pub headers: Headers,
}

impl Broker {
    /// Signs, records the grant, and only then returns the URLs.
    ///
    /// # Errors
    /// When a limit or bound leaves nothing, the bucket cannot be signed for, or the grant is not
    /// recorded; then no URL has left.
    pub async fn release(
        &self,
        mandate: &Mandate,
        release: Release<'_>,
    ) -> Result<Released, Error> {
        let (team, bucket) = (mandate.team(), mandate.bucket());
        let count = release.items.len();
        if !(1..=MAX_BATCH).contains(&count) {
            return Err(Error::invalid(
                "objects",
                format!("must be 1 to {MAX_BATCH}"),
            ));
        }
        // Keys are made from this root; one that is not was made for somebody else
        let root = mandate.root();
        let inside = |key: &str| key.strip_prefix(&root).is_some_and(|rest| !rest.is_empty());
        if !release.items.iter().all(|item| inside(item.key.as_str())) {
            tracing::error!(team.name = %team.name, "a key outside of its team's root was to be signed");
            return Err(Error::NotFound);
        }
        let of_parts = release.items.iter().any(|item| item.act.part().is_some());
        let now = self.clock.now();
        let bucket_error = Error::of_bucket(bucket);
        let purpose = Purpose {
            team: Some(Tenant {
                name: team.name.as_str(),
                root: &root,
            }),
            ..Purpose::from(&release.reach)
        };
        let signer = self.stores.signer(bucket, purpose).await;
        let signer = signer.map_err(&bucket_error)?;
        let bounds = Bounds {
            decided_at: mandate.decided_at(),
            asked_seconds: release.ttl_seconds.map(i64::from),
            cap_seconds: self.windows.cap_seconds(release.method, of_parts),
            ends_at: release.ends_at,
            limit_seconds: mandate.terms().max_ttl_seconds,
            policy_age_seconds: bucket
                .capabilities
                .as_ref()
                .and_then(|proven| proven.max_signature_age_seconds),
            credential_expires_at: signer.credential_expires_at(),
        };
        let expiry = expiry::expiry(now, &bounds).map_err(no_life)?;
        let principal = mandate.caller().principal_id();
        self.rates
            .take(mandate.terms(), principal, team.id, count, now)
            .map_err(too_many)?;
        let grant_id: GrantId = self.ids.make();
        let signing = Instant::now();
        let acts = release.items.iter().map(|item| (item.key, &item.act));
        let made = signer
            .sign(acts, grant_id, expiry.window)
            .map_err(&bucket_error)?
            .finish()
            .await
            .map_err(&bucket_error)?;
        telemetry::signing_time(signer.store(), signing.elapsed());
        let mut event = mandate.event(&self.ids, Action::UrlIssue);
        event.upload_id = release.upload_id;
        event.version_id = release.version_id;
        event.grant = Some(Grant {
            id: grant_id,
            bucket_id: bucket.id,
            method: method_of(release.method).to_owned(),
            access_key_id: signer.access_key_id(),
            signed_at: expiry.signed_at(),
            expires_at: expiry.expires_at,
            bound_by: expiry.bound_by,
            keys: keys(&release.items),
            parts: release
                .items
                .iter()
                .filter_map(|item| item.act.part())
                .collect(),
            objects: objects(&release.items),
            pinned_to: release.reach.network,
        });
        self.ledger.record(event, Some(mandate.recheck())).await?;
        // It is on the record: from here on, and only from here, the URLs may be shown
        telemetry::count_urls(team.name.as_str(), action_of(release.method), count);
        Ok(Released {
            grant_id,
            expires_at: expiry.expires_at,
            bound_by: expiry.bound_by,
            urls: made.urls,
            headers: made.headers,
        })
    }
}

/// The method as HTTP names it.
fn method_of(method: UrlMethod) -> &'static str {
    match method {
        UrlMethod::Get => "GET",
        UrlMethod::Head => "HEAD",
        UrlMethod::Put => "PUT",
        UrlMethod::Delete => "DELETE",
    }
}

/// The method as metrics name it.
fn action_of(method: UrlMethod) -> &'static str {
    match method {
        UrlMethod::Get => "get",
        UrlMethod::Head => "head",
        UrlMethod::Put => "put",
        UrlMethod::Delete => "delete",
    }
}

fn no_life(fault: Fault) -> Error {
    match fault {
        Fault::NotPositive => Error::invalid("ttl_seconds", fault.to_string()),
        Fault::NothingLeft(BoundBy::Request | BoundBy::Operation) => {
            Error::Conflict("this has ended; begin anew".to_owned())
        }
        Fault::NothingLeft(BoundBy::Limit) => {
            Error::Conflict("a limit leaves URLs no life; ask an administrator".to_owned())
        }
        Fault::NothingLeft(BoundBy::BucketPolicy) => {
            Error::Conflict("the bucket's policy leaves URLs no life".to_owned())
        }
        Fault::NothingLeft(BoundBy::Credential) => Error::Conflict(
            "the bucket's credential is about to expire; ask an administrator to renew it"
                .to_owned(),
        ),
        Fault::ClockMoved => Error::Outdated,
    }
}

fn too_many(exceeded: Exceeded) -> Error {
    match exceeded {
        Exceeded::Later {
            retry_after_seconds,
        } => Error::RateLimited {
            retry_after_seconds,
        },
        Exceeded::Never { per_minute } => Error::invalid(
            "objects",
            format!(
                "a limit allows at most {per_minute} URLs in a minute; ask for fewer at a time"
            ),
        ),
    }
}
