//! What a store's answer means, whichever store gave it: one table over status and error code.
//!
//! Codes: [S3](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html),
//! [Cloud Storage's XML API](https://cloud.google.com/storage/docs/xml-api/reference-status),
//! [Azure Storage](https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes) and
//! [Blob](https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes).

/// What went wrong with a store, in terms that an operator can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The store does not know the credential, or its secret.
    UnknownCredential,
    /// The credential has expired.
    ExpiredCredential,
    /// The credential may not do this.
    Denied,
    /// There is no such bucket or container.
    NoBucket,
    /// The bucket is in another region, or at another endpoint.
    Elsewhere,
    /// The clocks of server and store differ.
    Clock,
    /// The store wants fewer requests.
    Throttled,
    /// The store does not answer, or cannot at present.
    Unavailable,
    /// The server may not connect to it.
    Forbidden,
    /// Anything else.
    Other,
}

impl Kind {
    /// What an answer means that is not a success. Many stores say nothing but the status to HEAD.
    pub(in crate::stores) fn of_answer(status: u16, code: Option<&str>) -> Self {
        code.and_then(Self::of_code)
            .unwrap_or_else(|| Self::of_status(status))
    }

    fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "InvalidSecurity"
            | "NotSignedUp"
            | "AuthenticationRequired"
            | "AuthenticationFailed"
            | "InvalidAuthenticationInfo"
            | "NoAuthenticationInformation" => Self::UnknownCredential,
            "ExpiredToken" | "TokenRefreshRequired" => Self::ExpiredCredential,
            "AccessDenied"
            | "AllAccessDisabled"
            | "AccountProblem"
            | "UserProjectAccessDenied"
            | "UserProjectAccountProblem"
            | "AuthorizationFailure"
            | "AuthorizationPermissionMismatch"
            | "AuthorizationProtocolMismatch"
            | "AuthorizationResourceTypeMismatch"
            | "AuthorizationServiceMismatch"
            | "AuthorizationSourceIPMismatch"
            | "InsufficientAccountPermissions"
            | "KeyBasedAuthenticationNotPermitted"
            | "AccountIsDisabled" => Self::Denied,
            "NoSuchBucket"
            | "ContainerNotFound"
            | "ContainerBeingDeleted"
            | "ContainerDisabled" => Self::NoBucket,
            "AuthorizationHeaderMalformed"
            | "AuthorizationQueryParametersError"
            | "IllegalLocationConstraintException"
            | "IncorrectEndpoint"
            | "PermanentRedirect"
            | "Redirect"
            | "TemporaryRedirect" => Self::Elsewhere,
            "RequestTimeTooSkewed" | "RequestExpired" => Self::Clock,
            "SlowDown"
            | "Throttling"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "TooManyRequests"
            | "RateLimitExceeded"
            | "rateLimitExceeded"
            | "userRateLimitExceeded"
            | "ServerBusy" => Self::Throttled,
            "RequestTimeout" | "InternalError" | "ServiceUnavailable" | "OperationTimedOut" => {
                Self::Unavailable
            }
            _ => return None,
        })
    }

    fn of_status(status: u16) -> Self {
        match status {
            300..=399 => Self::Elsewhere,
            401 => Self::UnknownCredential,
            403 => Self::Denied,
            429 => Self::Throttled,
            // Another attempt changes nothing
            501 | 505 => Self::Other,
            408 | 500..=599 => Self::Unavailable,
            _ => Self::Other,
        }
    }

    /// Whether the same request may succeed soon.
    pub(in crate::stores) fn may_pass(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }

    /// What the operator can do about it.
    pub(super) fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::UnknownCredential => {
                "the store does not know the bucket's credential; check its id, its secret, and the region"
            }
            Self::ExpiredCredential => "the bucket's credential has expired; give it another one",
            Self::Denied => {
                "the bucket's credential may not do this; allow it to read, write, list parts and abort uploads"
            }
            Self::NoBucket => "the bucket does not exist in the store; check its name",
            Self::Elsewhere => {
                "the bucket is somewhere else; check endpoint, region and addressing"
            }
            Self::Clock => "the clocks of server and store differ; check both",
            Self::Throttled => "the store wants fewer requests; try again later",
            Self::Unavailable => "check that the store is up and reachable from the server",
            Self::Forbidden | Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn answers_of_all_stores_mean_the_same() {
        for (status, code, kind) in [
            // S3
            (403, "InvalidAccessKeyId", Kind::UnknownCredential),
            (403, "SignatureDoesNotMatch", Kind::UnknownCredential),
            (400, "InvalidToken", Kind::UnknownCredential),
            (400, "ExpiredToken", Kind::ExpiredCredential),
            (403, "AccessDenied", Kind::Denied),
            (404, "NoSuchBucket", Kind::NoBucket),
            (403, "RequestTimeTooSkewed", Kind::Clock),
            (400, "AuthorizationHeaderMalformed", Kind::Elsewhere),
            (400, "AuthorizationQueryParametersError", Kind::Elsewhere),
            (301, "PermanentRedirect", Kind::Elsewhere),
            (307, "TemporaryRedirect", Kind::Elsewhere),
            (503, "SlowDown", Kind::Throttled),
            (400, "RequestTimeout", Kind::Unavailable),
            (500, "InternalError", Kind::Unavailable),
            // Behind a status of success, once the parts are put together
            (200, "InternalError", Kind::Unavailable),
            (200, "InvalidPart", Kind::Other),
            (503, "ServiceUnavailable", Kind::Unavailable),
            (404, "NoSuchKey", Kind::Other),
            (404, "NoSuchUpload", Kind::Other),
            (412, "PreconditionFailed", Kind::Other),
            (501, "NotImplemented", Kind::Other),
            // Cloud Storage
            (401, "AuthenticationRequired", Kind::UnknownCredential),
            (403, "InvalidSecurity", Kind::UnknownCredential),
            (403, "UserProjectAccountProblem", Kind::Denied),
            (429, "SlowDown", Kind::Throttled),
            (429, "rateLimitExceeded", Kind::Throttled),
            (429, "SomethingNew", Kind::Throttled),
            // Azure
            (403, "AuthenticationFailed", Kind::UnknownCredential),
            (400, "InvalidAuthenticationInfo", Kind::UnknownCredential),
            (401, "NoAuthenticationInformation", Kind::UnknownCredential),
            (403, "AuthorizationFailure", Kind::Denied),
            (403, "AuthorizationPermissionMismatch", Kind::Denied),
            (403, "AuthorizationSourceIPMismatch", Kind::Denied),
            (403, "InsufficientAccountPermissions", Kind::Denied),
            (403, "KeyBasedAuthenticationNotPermitted", Kind::Denied),
            (404, "ContainerNotFound", Kind::NoBucket),
            (409, "ContainerBeingDeleted", Kind::NoBucket),
            (404, "BlobNotFound", Kind::Other),
            (409, "BlobAlreadyExists", Kind::Other),
            (503, "ServerBusy", Kind::Throttled),
            (500, "OperationTimedOut", Kind::Unavailable),
        ] {
            assert_eq!(Kind::of_answer(status, Some(code)), kind, "{status} {code}");
        }
    }

    #[test]
    fn a_status_alone_says_enough() {
        for (status, kind) in [
            (301, Kind::Elsewhere),
            (307, Kind::Elsewhere),
            (400, Kind::Other),
            (401, Kind::UnknownCredential),
            (403, Kind::Denied),
            (404, Kind::Other),
            (408, Kind::Unavailable),
            (429, Kind::Throttled),
            (500, Kind::Unavailable),
            (501, Kind::Other),
            (502, Kind::Unavailable),
            (503, Kind::Unavailable),
            (504, Kind::Unavailable),
            (505, Kind::Other),
        ] {
            assert_eq!(Kind::of_answer(status, None), kind, "{status}");
            assert_eq!(Kind::of_answer(status, Some("New")), kind, "{status}");
        }
    }
}
