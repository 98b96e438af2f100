//! What to do about what was found.

use super::wire::{NoAnswer, Seen};
use crate::stores::Error;
use protocol::bucket::Provider;

/// What a credential must be allowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Read,
    Write,
    Delete,
    List,
    Parts,
    ListParts,
    Abort,
}

impl Right {
    /// The store's word for it.
    fn word(self, provider: Provider) -> &'static str {
        match (provider, self) {
            (Provider::Gcs, Self::Read) => "`storage.objects.get`",
            (Provider::Gcs, Self::Write) => "`storage.objects.create` and `storage.objects.delete`",
            (Provider::Gcs, Self::Delete) => "`storage.objects.delete`",
            (Provider::Gcs, Self::List) => "`storage.objects.list`",
            (Provider::Gcs, Self::Parts) => {
                "`storage.multipartUploads.create` and `storage.objects.create`"
            }
            (Provider::Gcs, Self::ListParts) => "`storage.multipartUploads.listParts`",
            (Provider::Gcs, Self::Abort) => "`storage.multipartUploads.abort`",
            (Provider::Azure, _) => "the role Storage Blob Data Contributor, or an account key",
            (_, Self::Read) => "`s3:GetObject`",
            (_, Self::Write | Self::Parts) => "`s3:PutObject`",
            (_, Self::Delete) => "`s3:DeleteObject`",
            (_, Self::List) => "`s3:ListBucket`",
            (_, Self::ListParts) => "`s3:ListMultipartUploadParts`",
            (_, Self::Abort) => "`s3:AbortMultipartUpload`",
        }
    }

    /// How to get it.
    pub(super) fn allow(self, provider: Provider) -> String {
        format!(
            "allow the bucket's credential {}, and let no policy of the bucket deny it",
            self.word(provider)
        )
    }
}

/// What a store's error code is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Region,
    Container,
    Key,
    Secret,
    Ended,
    Clock,
    Denied,
    Other,
}

impl Fault {
    /// What an answer that is no success is about.
    pub(super) fn of(seen: &Seen) -> Self {
        let by_code = Self::of_code(seen.code());
        match by_code {
            Self::Other if (300..400).contains(&seen.status) => Self::Region,
            Self::Other if seen.status == 404 => Self::Container,
            Self::Other if matches!(seen.status, 401 | 403) => Self::Denied,
            known => known,
        }
    }

    fn of_code(code: &str) -> Self {
        match code {
            "AuthorizationHeaderMalformed"
            | "AuthorizationQueryParametersError"
            | "PermanentRedirect"
            | "TemporaryRedirect"
            | "IllegalLocationConstraintException" => Self::Region,
            "NoSuchBucket" | "ContainerNotFound" | "ResourceNotFound" => Self::Container,
            "InvalidAccessKeyId" | "InvalidSecurity" | "AccountIsDisabled" => Self::Key,
            "SignatureDoesNotMatch"
            | "AuthenticationFailed"
            | "AuthorizationFailure"
            | "InvalidAuthenticationInfo" => Self::Secret,
            "ExpiredToken" | "InvalidToken" => Self::Ended,
            "RequestTimeTooSkewed" => Self::Clock,
            "AccessDenied"
            | "AllAccessDisabled"
            | "AuthorizationPermissionMismatch"
            | "InsufficientAccountPermissions" => Self::Denied,
            _ => Self::Other,
        }
    }

    /// What to do about it, where `right` is what was needed.
    pub(super) fn fix(self, right: Right, provider: Provider) -> String {
        match self {
            Self::Region => {
                "the bucket is somewhere else; check its endpoint, region and addressing".to_owned()
            }
            Self::Container => {
                "the container does not exist in the store; make it, or check its name and the endpoint"
                    .to_owned()
            }
            Self::Key => "the store does not know the key; check its id, and that it is active".to_owned(),
            Self::Secret if provider == Provider::Azure => {
                "check the account's key, and that the account's network rules let the server in"
                    .to_owned()
            }
            Self::Secret => {
                "the signature is not what the store expects; check the secret, and the region".to_owned()
            }
            Self::Ended => "the credential has ended; register the bucket with a new one".to_owned(),
            Self::Clock => "the clocks of server and store differ; set both by NTP".to_owned(),
            Self::Denied => right.allow(provider),
            Self::Other => "look the code up in the store's documentation, or give its operator the request id".to_owned(),
        }
    }
}

/// What to do when there was no answer.
pub(super) fn of_silence(why: &NoAnswer) -> &'static str {
    match why {
        NoAnswer::Certificate(_) | NoAnswer::Tls => {
            "give the store a certificate for its host from an issuer that the server trusts"
        }
        NoAnswer::Unsendable => "check the bucket's endpoint",
        NoAnswer::Forbidden(forbidden) => forbidden.hint(),
        NoAnswer::Connect | NoAnswer::Timeout(_) | NoAnswer::Broken => {
            "check the endpoint, and that the server can reach it: name, port, firewall"
        }
    }
}

/// What to do about an error of the server's own requests.
pub(super) fn of_error(error: &Error) -> &'static str {
    error
        .hint()
        .unwrap_or("register the bucket again with a credential that fits its store")
}

/// The same, where what was needed is known.
pub(super) fn of_control(error: &Error, right: Right, provider: Provider) -> String {
    let by_status = match error {
        Error::Refused {
            status: 401 | 403, ..
        } => Fault::Denied,
        _ => Fault::Other,
    };
    match (Fault::of_code(error.code().unwrap_or_default()), by_status) {
        (Fault::Other, Fault::Other) => error
            .hint()
            .map_or_else(|| Fault::Other.fix(right, provider), str::to_owned),
        (Fault::Other, known) | (known, _) => known.fix(right, provider),
    }
}

/// What may be shown of an error of the server's own requests.
pub(super) fn evidence(error: &Error) -> String {
    match error.request_id() {
        Some(id) => format!("{error}, request id `{id}`"),
        None => error.to_string(),
    }
}
