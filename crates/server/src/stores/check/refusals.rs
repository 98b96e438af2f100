//! What a store must refuse: every change of a URL, and every use that it is not for.

use super::findings::Findings;
use super::fix;
use super::forged;
use super::name::Name;
use super::subject::Subject;
use super::wire::{Ask, NoAnswer, Seen};
use super::write::OBJECT;
use crate::stores::{Act, Error, Signer};
use http::Method;
use protocol::ObjectKey;
use protocol::bucket::{Isolation, Provider};

/// Another object of the check.
const OTHER: &str = "other";
/// How long ago an expired URL was signed, in seconds.
const LONG_AGO_SECONDS: i64 = 7_200;
/// The same in Azure, where none is signed for a time before its delegated key begins.
const AGO_IN_AZURE_SECONDS: i64 = 240;
/// The life of that URL, in seconds.
const SHORT_LIFE_SECONDS: u32 = 60;

/// What a request that is to be refused came to.
type Tried = Result<Option<Ask>, NoAnswer>;

fn read() -> Act<'static> {
    Act::read()
}

/// All that change nothing in the store even if it does not refuse them.
pub(super) async fn harmless(subject: &Subject, findings: &Findings) {
    let (Ok(object), Ok(other)) = (subject.key(OBJECT), subject.key(OTHER)) else {
        return;
    };
    let content = subject.content();
    let act = Subject::write(&content, false);
    let other_is_there = subject
        .put(&other, &act, content)
        .await
        .is_ok_and(|seen| seen.is_success());
    let try_each = [
        (
            Name::RefusesChangedSignature,
            changed_signature(subject, &object, &other).await,
        ),
        (
            Name::RefusesChangedParameter,
            changed_parameter(subject, &object).await,
        ),
        (
            Name::RefusesAddedParameter,
            added_parameter(subject, &object).await,
        ),
        (Name::RefusesLongerLife, longer_life(subject, &object).await),
        (Name::RefusesExpired, expired(subject, &object).await),
        (
            Name::RefusesOtherKey,
            other_key(subject, &object, other_is_there).await,
        ),
        (
            Name::RefusesOtherSecret,
            other_secret(subject, &object).await,
        ),
        (
            Name::RefusesUnsigned,
            reforged(subject, &object, forged::without_query).await,
        ),
        (
            Name::RefusesGetByPutUrl,
            by_put_url(subject, &object, Method::GET).await,
        ),
    ];
    futures::future::join_all(
        try_each
            .into_iter()
            .map(|(name, tried)| refuse(subject, findings, name, tried)),
    )
    .await;
}

/// All that would damage the object; so one after the other, and last.
pub(super) async fn harmful(subject: &Subject, findings: &Findings) {
    let Ok(object) = subject.key(OBJECT) else {
        return;
    };
    let put_by_get = by_get_url(subject, &object, Method::PUT).await;
    let delete_by_get = by_get_url(subject, &object, Method::DELETE).await;
    let delete_by_put = by_put_url(subject, &object, Method::DELETE).await;
    for (name, tried) in [
        (Name::RefusesPutByGetUrl, put_by_get),
        (Name::RefusesDeleteByGetUrl, delete_by_get),
        (Name::RefusesDeleteByPutUrl, delete_by_put),
    ] {
        refuse(subject, findings, name, tried).await;
    }
}

/// Where the store keeps a team's credential in its root: tries to leave it.
pub(super) async fn isolation(subject: &Subject, findings: &Findings) {
    let name = Name::Isolation;
    if subject.isolation() == Isolation::BrokerOnly {
        return findings.skipped(
            name,
            "one credential signs for every team in the bucket: Signet alone keeps them apart",
        );
    }
    let content = subject.content();
    let tried = async {
        let outside = subject.outside()?;
        subject.note_written(&outside);
        let ask = subject
            .ask(&outside, &Subject::write(&content, false))
            .await?;
        Ok(Some(Ask {
            body: content.clone(),
            ..ask
        }))
    }
    .await;
    refuse(subject, findings, name, tried).await;
}

/// Where a URL can be held to a network: tries to use one that is for another.
pub(super) async fn network(subject: &Subject, findings: &Findings) {
    let name = Name::Network;
    let signer = match subject.pinned() {
        Ok(signer) => signer,
        Err(error @ Error::CannotPin(_)) => {
            return findings.skipped(
                name,
                format!(
                    "{error}; `signet bucket policy` prints what holds the whole bucket to networks"
                ),
            );
        }
        Err(error) => {
            return findings.failed(name, fix::evidence(error), fix::of_error(error));
        }
    };
    let seen = async {
        let (object, window) = (subject.key(OBJECT)?, subject.window()?);
        let ask = subject.ask_by(signer, &object, &read(), window).await?;
        subject.send(&ask).await
    }
    .await;
    match &seen {
        Ok(taken) if taken.is_success() => findings.warned(
            name,
            format!("{}: the store took a URL that is for another network", taken.evidence()),
            "URLs of this bucket cannot be held to a network, and are not signed for one; use a store that compares the addresses, or hold the whole bucket to networks by its own policy",
        ),
        _ => judge(findings, name, &seen),
    }
}

async fn refuse(subject: &Subject, findings: &Findings, name: Name, tried: Tried) {
    let seen = match tried {
        Ok(Some(ask)) => subject.send(&ask).await,
        Ok(None) => return findings.skipped(name, inapplicable(subject.provider(), name)),
        Err(why) => Err(why),
    };
    judge(findings, name, &seen);
}

fn judge(findings: &Findings, name: Name, seen: &Result<Seen, NoAnswer>) {
    const UNCLEAR: &str =
        "this is neither yes nor no; check what is between server and store, and verify again";
    match seen {
        Ok(seen) if seen.is_refusal() => findings.ok(name, seen.evidence()),
        Ok(seen) if seen.is_success() => {
            findings.failed(
                name,
                format!("{}: the store took {}", seen.evidence(), what(name)),
                danger(name),
            );
        }
        Ok(seen) => findings.warned(name, seen.evidence(), UNCLEAR),
        Err(why) => findings.warned(name, why.to_string(), UNCLEAR),
    }
}

/// What a store takes that does not refuse.
fn what(name: Name) -> &'static str {
    match name {
        Name::RefusesChangedSignature => "a signature that is another URL's",
        Name::RefusesChangedParameter => "a URL with a changed parameter",
        Name::RefusesAddedParameter => "a URL with a parameter that was not signed",
        Name::RefusesLongerLife => "a URL whose life was made longer",
        Name::RefusesExpired => "a URL that had expired",
        Name::RefusesOtherKey => "a URL for another object than the one it was signed for",
        Name::RefusesOtherSecret => "a URL that was signed with another secret",
        Name::RefusesUnsigned => "a request without a signature",
        Name::RefusesGetByPutUrl => "a GET by a URL that is for PUT",
        Name::RefusesPutByGetUrl => "a PUT by a URL that is for GET",
        Name::RefusesDeleteByGetUrl => "a DELETE by a URL that is for GET",
        Name::RefusesDeleteByPutUrl => "a DELETE by a URL that is for PUT",
        Name::Isolation => "a write outside of the root that the credential is for",
        _ => "what it must refuse",
    }
}

fn danger(name: Name) -> &'static str {
    match name {
        Name::RefusesUnsigned => {
            "everybody can read the bucket: take public access away, in its policy and its access lists"
        }
        Name::RefusesExpired => "URLs do not end here: do not use this store, and check its clock",
        Name::Isolation => {
            "the sessions of a team open other teams' roots: check that the role's policy does not stand beside a policy of the bucket that allows more"
        }
        _ => "the store does not verify its URLs, so whoever has one has them all: do not use it",
    }
}

fn inapplicable(provider: Provider, name: Name) -> &'static str {
    match (provider, name) {
        (_, Name::RefusesOtherKey) => "there is no other object",
        (Provider::Azure, Name::RefusesAddedParameter) => {
            "a shared access signature binds no parameters of others"
        }
        (_, Name::RefusesOtherSecret) => {
            "a key of this kind cannot be made up; see `refuses.changed-signature`"
        }
        _ => "the URL has no such parameter",
    }
}

/// A URL that reads the object, changed.
async fn reforged(
    subject: &Subject,
    key: &ObjectKey,
    change: impl FnOnce(&str) -> Option<String>,
) -> Tried {
    let ask = subject.ask(key, &read()).await?;
    Ok(change(&ask.url).map(|url| Ask { url, ..ask }))
}

/// The parameter that carries the signature.
fn signature_of(provider: Provider) -> &'static str {
    match provider {
        Provider::Gcs => "X-Goog-Signature",
        Provider::Azure => "sig",
        _ => "X-Amz-Signature",
    }
}

async fn changed_signature(subject: &Subject, key: &ObjectKey, other: &ObjectKey) -> Tried {
    let name = signature_of(subject.provider());
    let ask = subject.ask(other, &read()).await?;
    let signature = forged::parameter(&ask.url, name).map(str::to_owned);
    let Some(signature) = signature else {
        return Ok(None);
    };
    reforged(subject, key, |url| {
        forged::with_parameter(url, name, |_| signature)
    })
    .await
}

async fn changed_parameter(subject: &Subject, key: &ObjectKey) -> Tried {
    reforged(subject, key, |url| match subject.provider() {
        Provider::Azure => forged::with_parameter(url, "scid", forge_guid)
            .or_else(|| forged::with_parameter(url, "sp", |_| "rwd".to_owned())),
        Provider::Gcs => forged::with_parameter(url, "X-Goog-Custom-Audit-Grant", forge_id),
        _ => forged::with_parameter(url, "x-grant", forge_id),
    })
    .await
}

fn forge_id(id: &str) -> String {
    id.chars().rev().collect()
}

/// Another one, as well formed.
fn forge_guid(guid: &str) -> String {
    let forge = |digit| match digit {
        '0' => '1',
        '-' => '-',
        _ => '0',
    };
    guid.chars().map(forge).collect()
}

async fn added_parameter(subject: &Subject, key: &ObjectKey) -> Tried {
    reforged(subject, key, |url| {
        let binds = subject.provider() != Provider::Azure;
        binds.then(|| format!("{url}&response-content-type=text%2Fhtml"))
    })
    .await
}

async fn longer_life(subject: &Subject, key: &ObjectKey) -> Tried {
    reforged(subject, key, |url| match subject.provider() {
        Provider::Azure => forged::with_parameter(url, "se", next_year),
        Provider::Gcs => forged::with_parameter(url, "X-Goog-Expires", |_| "86400".to_owned()),
        _ => forged::with_parameter(url, "X-Amz-Expires", |_| "86400".to_owned()),
    })
    .await
}

/// The same date, a year later.
fn next_year(date: &str) -> String {
    let later = date
        .get(..4)
        .and_then(|year| year.parse::<u32>().ok())
        .zip(date.get(4..));
    later.map_or_else(String::new, |(year, rest)| format!("{}{rest}", year + 1))
}

async fn expired(subject: &Subject, key: &ObjectKey) -> Tried {
    let ago = match subject.provider() {
        Provider::Azure => AGO_IN_AZURE_SECONDS,
        _ => LONG_AGO_SECONDS,
    };
    let window = subject.window_from(ago, SHORT_LIFE_SECONDS)?;
    let ask = subject
        .ask_by(subject.signer(), key, &read(), window)
        .await?;
    Ok(Some(ask))
}

async fn other_key(subject: &Subject, key: &ObjectKey, other_is_there: bool) -> Tried {
    reforged(subject, key, |url| {
        forged::with_last_component(url, OTHER).filter(|_| other_is_there)
    })
    .await
}

async fn other_secret(subject: &Subject, key: &ObjectKey) -> Tried {
    let own = subject.ask(key, &read()).await?;
    let other: Option<Signer> = forged::with_other_secret(subject.signer(), &own.url);
    match other {
        None => Ok(None),
        Some(signer) => {
            let window = subject.window()?;
            Ok(Some(subject.ask_by(&signer, key, &read(), window).await?))
        }
    }
}

async fn by_get_url(subject: &Subject, key: &ObjectKey, method: Method) -> Tried {
    let ask = subject.ask(key, &read()).await?;
    // What any writer must send to Azure
    let headers = match (&method, subject.provider()) {
        (&Method::PUT, Provider::Azure) => {
            vec![("x-ms-blob-type".to_owned(), "BlockBlob".to_owned())]
        }
        _ => Vec::new(),
    };
    Ok(Some(Ask {
        method,
        headers,
        body: subject.content(),
        ..ask
    }))
}

async fn by_put_url(subject: &Subject, key: &ObjectKey, method: Method) -> Tried {
    let ask = subject
        .ask(key, &Subject::write(&subject.content(), false))
        .await?;
    Ok(Some(Ask { method, ..ask }))
}
