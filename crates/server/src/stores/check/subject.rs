//! The bucket that is checked, and what every probe needs.

use super::Check;
use super::findings::Findings;
use super::fix::{self, Right};
use super::name::Name;
use super::wire::{self, Ask, NoAnswer, Seen};
use super::write::OBJECT;
use crate::clock::Clock;
use crate::policy::BucketFacts;
use crate::stores::http::Http;
use crate::stores::lender::Lender;
use crate::stores::setup::evaluate::NOWHERE;
use crate::stores::setup::{Region, S3Store};
use crate::stores::{Act, Control, Error, Opened, Purpose, Signer, Tenant, usable_seconds};
use aws_lc_rs::digest;
use bytes::Bytes;
use parking_lot::Mutex;
use presign::{Timestamp, Ttl, Window};
use protocol::bucket::{Audience, Isolation, Provider, StorePlace};
use protocol::id::GrantId;
use protocol::{ObjectKey, Sha256Digest};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Life of the URLs that the probes use, in seconds.
const LIFE_SECONDS: u32 = 600;
/// What the names of all checks begin with, beneath the bucket's prefix. No team's id begins with a dot.
const ROOT: &str = ".signet-check";

/// The bucket that is checked.
pub(super) struct Subject {
    http: Http,
    clock: Arc<dyn Clock>,
    provider: Provider,
    is_https: bool,
    in_policies: Option<InPolicies>,
    signer: Signer,
    browser: Signer,
    elsewhere: BTreeMap<Audience, Signer>,
    pinned: Result<Signer, Error>,
    lender: Arc<Lender>,
    control: Arc<dyn Control>,
    grant: GrantId,
    root: String,
    content: Bytes,
    written: Mutex<BTreeSet<ObjectKey>>,
    open_uploads: Mutex<BTreeMap<Box<str>, ObjectKey>>,
}

/// What is said of the bucket in policies of AWS's kind.
struct InPolicies {
    bucket_arn: String,
    /// Who signs, where that is known.
    signer_arn: Option<Box<str>>,
}

impl InPolicies {
    fn of(bucket: &BucketFacts) -> Option<Self> {
        let StorePlace::S3 {
            endpoint,
            region,
            container,
            ..
        } = &bucket.place
        else {
            return None;
        };
        let region: Region = region.parse().ok()?;
        let is_arn = bucket.identity.starts_with("arn:");
        Some(Self {
            bucket_arn: S3Store::at(endpoint, &region).bucket_arn(container),
            signer_arn: is_arn.then(|| bucket.identity.clone()),
        })
    }
}

impl Subject {
    /// # Errors
    /// When there is no credential to sign with.
    pub(super) async fn new(
        bucket: &BucketFacts,
        opened: &Opened,
        http: Http,
        clock: Arc<dyn Clock>,
        check: &Check,
    ) -> Result<Self, Error> {
        let root = format!("{}{ROOT}/{}/", bucket.prefix, check.id);
        // Where each team has a session of its own, the check has one as well
        let team = Some(Tenant {
            name: "check",
            root: &root,
        });
        let lend = async |audience, networks| {
            let purpose = Purpose {
                audience,
                team,
                networks,
            };
            opened.lender.lend(purpose).await
        };
        let nowhere = [IpAddr::from(NOWHERE).into()];
        let mut elsewhere = BTreeMap::new();
        for &audience in bucket.endpoints.keys() {
            elsewhere.insert(audience, lend(Some(audience), &[]).await?);
        }
        Ok(Self {
            http,
            clock,
            provider: bucket.place.provider(),
            is_https: bucket.place.endpoint().starts_with("https://"),
            in_policies: InPolicies::of(bucket),
            signer: lend(None, &[]).await?,
            browser: lend(Some(Audience::Browser), &[]).await?,
            elsewhere,
            pinned: lend(None, &nowhere).await,
            lender: Arc::clone(&opened.lender),
            control: Arc::clone(&opened.control),
            grant: check.id,
            root,
            content: Bytes::from(format!("the live check {} of Signet\n", check.id)),
            written: Mutex::default(),
            open_uploads: Mutex::default(),
        })
    }

    pub(super) fn provider(&self) -> Provider {
        self.provider
    }

    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    pub(super) fn isolation(&self) -> Isolation {
        self.lender.isolation()
    }

    pub(super) fn control(&self) -> &dyn Control {
        &*self.control
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn signer(&self) -> &Signer {
        &self.signer
    }

    /// What signs for browsers.
    pub(super) fn browser(&self) -> &Signer {
        &self.browser
    }

    /// What signs for the store's other addresses.
    pub(super) fn elsewhere(&self) -> &BTreeMap<Audience, Signer> {
        &self.elsewhere
    }

    /// What signs for a network that no request comes from.
    pub(super) fn pinned(&self) -> Result<&Signer, &Error> {
        self.pinned.as_ref()
    }

    /// From now on URLs carry no grant's id that not every store of the kind takes.
    pub(super) fn join_only(&mut self) {
        self.signer.join_only();
        self.browser.join_only();
        self.elsewhere.values_mut().for_each(Signer::join_only);
        if let Ok(pinned) = &mut self.pinned {
            pinned.join_only();
        }
    }

    /// What policies call an object of the check, and who signs for it, where that is known; `None` in a
    /// cloud that has no such policies.
    pub(super) fn in_policies(&self) -> Option<(String, Option<&str>)> {
        let names = self.in_policies.as_ref()?;
        let object = format!("{}/{}{OBJECT}", names.bucket_arn, self.root);
        Some((object, names.signer_arn.as_deref()))
    }

    /// What objects of the check hold.
    pub(super) fn content(&self) -> Bytes {
        self.content.clone()
    }

    /// Whether an answer to a GET is the check's object.
    pub(super) fn is_content(&self, seen: &Seen) -> bool {
        seen.body == self.content
    }

    /// A key beneath the check's root.
    pub(super) fn key(&self, name: &str) -> Result<ObjectKey, NoAnswer> {
        ObjectKey::under(&self.root, name).map_err(|_| NoAnswer::Unsendable)
    }

    /// A key outside of the check's root.
    pub(super) fn outside(&self) -> Result<ObjectKey, NoAnswer> {
        let root = self.root.trim_end_matches('/');
        ObjectKey::under(&format!("{root}-outside/"), "object").map_err(|_| NoAnswer::Unsendable)
    }

    /// The act that writes exactly these bytes.
    pub(super) fn write(body: &[u8], only_new: bool) -> Act<'static> {
        Act::Write {
            size_bytes: body.len() as u64,
            sha256: sha256(body),
            only_new,
        }
    }

    /// Whether the credential is known to end.
    pub(super) fn credential_ends(&self) -> bool {
        self.signer.credential_expires_at().is_some()
    }

    /// The longest life of an upload URL now, in seconds.
    pub(super) fn longest_seconds(&self) -> u32 {
        let longest = Ttl::MAX.seconds();
        match self.signer.credential_expires_at() {
            None => longest,
            Some(at) => {
                let left = at.unix_seconds() - self.clock.now().unix_seconds();
                let usable = usable_seconds(left).max(0);
                u32::try_from(usable).unwrap_or(longest).min(longest)
            }
        }
    }

    /// A window from now on.
    pub(super) fn window(&self) -> Result<Window, NoAnswer> {
        self.window_from(0, LIFE_SECONDS.min(self.longest_seconds().max(1)))
    }

    /// A window that begins so many seconds ago.
    pub(super) fn window_from(
        &self,
        seconds_ago: i64,
        ttl_seconds: u32,
    ) -> Result<Window, NoAnswer> {
        let from = self.clock.now().unix_seconds() - seconds_ago;
        Ok(Window {
            from: Timestamp::from_unix_seconds(from),
            ttl: Ttl::from_seconds(ttl_seconds).map_err(|_| NoAnswer::Unsendable)?,
        })
    }

    /// A request by a URL as clients get it.
    pub(super) async fn ask(&self, key: &ObjectKey, act: &Act<'_>) -> Result<Ask, NoAnswer> {
        self.ask_by(&self.signer, key, act, self.window()?).await
    }

    /// The same by another signer, for another time.
    pub(super) async fn ask_by(
        &self,
        signer: &Signer,
        key: &ObjectKey,
        act: &Act<'_>,
        window: Window,
    ) -> Result<Ask, NoAnswer> {
        let mut made = signer
            .sign(std::iter::once((key, act)), self.grant, window)
            .map_err(|_| NoAnswer::Unsendable)?
            .finish()
            .await
            .map_err(|_| NoAnswer::Unsendable)?;
        let url = made.urls.get(0).ok_or(NoAnswer::Unsendable)?;
        Ok(Ask {
            method: match act.method() {
                presign::Method::Get => http::Method::GET,
                presign::Method::Head => http::Method::HEAD,
                presign::Method::Put => http::Method::PUT,
                presign::Method::Post => http::Method::POST,
                presign::Method::Delete => http::Method::DELETE,
            },
            url: url.expose().to_owned(),
            headers: made.headers.pop().unwrap_or_default(),
            body: Bytes::new(),
        })
    }

    pub(super) async fn send(&self, ask: &Ask) -> Result<Seen, NoAnswer> {
        wire::send(&self.http, ask).await
    }

    /// Does something by a URL as clients get it.
    pub(super) async fn act(&self, key: &ObjectKey, act: &Act<'_>) -> Result<Seen, NoAnswer> {
        self.send(&self.ask(key, act).await?).await
    }

    /// Writes an object by a URL as clients get it.
    pub(super) async fn put(
        &self,
        key: &ObjectKey,
        act: &Act<'_>,
        body: Bytes,
    ) -> Result<Seen, NoAnswer> {
        let ask = Ask {
            body,
            ..self.ask(key, act).await?
        };
        self.note_written(key);
        self.send(&ask).await
    }

    /// Notes that there may be something at `key` from now on.
    pub(super) fn note_written(&self, key: &ObjectKey) {
        self.written.lock().insert(key.clone());
    }

    /// Notes that nothing was written: the store said so.
    pub(super) fn note_refused(&self, key: &ObjectKey) {
        self.written.lock().remove(key);
    }

    /// Notes that an upload is open from now on, or no longer.
    pub(super) fn note_upload(&self, key: &ObjectKey, store_upload_id: &str, open: bool) {
        let mut uploads = self.open_uploads.lock();
        if open {
            uploads.insert(store_upload_id.into(), key.clone());
        } else {
            uploads.remove(store_upload_id);
        }
    }

    /// Deletes what was written.
    pub(super) async fn tidy(&self, findings: &Findings) {
        let uploads = self.open_uploads.lock().clone();
        let keys = self.written.lock().clone();
        let aborted = uploads
            .iter()
            .map(|(id, key)| self.control.abort_multipart(key, id));
        let deleted = keys.iter().map(|key| self.control.delete(key));
        let (aborted, deleted) = futures::future::join(
            futures::future::join_all(aborted),
            futures::future::join_all(deleted),
        )
        .await;
        let count = keys.len() + uploads.len();
        match aborted.into_iter().chain(deleted).find_map(Result::err) {
            Some(error) => self.untidy(findings, &fix::evidence(&error)),
            None if count == 0 => findings.skipped(Name::Tidy, "nothing was written"),
            None => findings.ok(Name::Tidy, format!("{count} objects and uploads are gone")),
        }
    }

    /// Some of what was written may still be there.
    pub(super) fn untidy(&self, findings: &Findings, why: &str) {
        findings.warned(
            Name::Tidy,
            why,
            format!(
                "delete what is left beneath `{}` in the container, uploads in parts too; {}",
                self.root,
                Right::Delete.allow(self.provider)
            ),
        );
    }
}

pub(super) fn sha256(bytes: &[u8]) -> Sha256Digest {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut array = [0; 32];
    array.copy_from_slice(digest.as_ref());
    Sha256Digest::from_bytes(array)
}
