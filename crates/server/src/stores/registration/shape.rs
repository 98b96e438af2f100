//! The shapes of what plans name: roles, files, ids, endpoints. Pure.

use crate::stores::plan::names_metadata;
use presign::azure::Guid;
use protocol::bucket::{CredentialPlan, StorePlace};

/// A field, and what is wrong with it.
type Wrong = (&'static str, &'static str);

const ROLE_ARN: &str = "credential.role_arn";
const TOKEN_FILE: &str = "credential.token_file";
const STS_ENDPOINT: &str = "credential.sts_endpoint";
const CLIENT_ID: &str = "credential.client_id";
const TENANT_ID: &str = "credential.tenant_id";
const ACCESS_KEY_ID: &str = "credential.access_key_id";

/// Life of a session, in seconds.
const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 900..=43_200;
/// Characters of the id of a key that assumes a role.
const ACCESS_KEY_ID_LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// The partitions of AWS, by what the names of their regions begin with; the first fits all others.
const PARTITIONS: [(&str, &str); 8] = [
    ("", "aws"),
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];
/// What ends the names that Azure itself answers by, in its clouds.
const AZURES_OWN: [&str; 4] = [
    ".blob.core.windows.net",
    ".blob.core.chinacloudapi.cn",
    ".blob.core.usgovcloudapi.net",
    ".blob.storage.azure.net",
];

pub(super) fn check(plan: &CredentialPlan, place: &StorePlace) -> Result<(), Wrong> {
    match plan {
        CredentialPlan::Profile { profile } => {
            let fits = !profile.is_empty()
                && !profile.contains(|c: char| c.is_control() || matches!(c, '[' | ']'));
            must(fits, "credential.profile", "must be a profile's name")
        }
        CredentialPlan::WebIdentity {
            role_arn,
            token_file,
            sts_endpoint,
        } => {
            role(role_arn, place)?;
            token_file_path(token_file)?;
            // The token is good for who reads it
            sts(
                sts_endpoint.as_deref(),
                "must be `https`, or `http` of this machine",
                |url| url.scheme() == "https" || is_loopback(url),
            )
        }
        CredentialPlan::AssumeRole {
            role_arn,
            access_key_id,
            secret_access_key,
            sts_endpoint,
            session_seconds,
            kms_key: _,
        } => {
            role(role_arn, place)?;
            must(
                access_key_id.is_some() == secret_access_key.is_some(),
                if access_key_id.is_some() {
                    "credential.secret_access_key"
                } else {
                    ACCESS_KEY_ID
                },
                "is needed with the other half of the key; leave out both for the server's own identity",
            )?;
            if let Some(id) = access_key_id {
                let fits = ACCESS_KEY_ID_LENGTH.contains(&id.len())
                    && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                let reason = "must have 16 to 128 letters, digits or `_`";
                must(fits, ACCESS_KEY_ID, reason)?;
            }
            if let Some(secret) = secret_access_key {
                let fits = !secret.expose().is_empty();
                must(fits, "credential.secret_access_key", "must not be empty")?;
            }
            must(
                SESSION_SECONDS.contains(session_seconds),
                "credential.session_seconds",
                "must be 900 to 43,200",
            )?;
            sts(
                sts_endpoint.as_deref(),
                "must be `http` or `https`",
                |url| matches!(url.scheme(), "http" | "https"),
            )
        }
        CredentialPlan::SignBlob { service_account } => must(
            is_service_account(service_account),
            "credential.service_account",
            "must be a service account's address, `NAME@PROJECT.iam.gserviceaccount.com`",
        ),
        CredentialPlan::ClientSecret {
            tenant_id,
            client_id,
            client_secret,
        } => {
            guid(TENANT_ID, tenant_id)?;
            guid(CLIENT_ID, client_id)?;
            let fits = !client_secret.expose().is_empty();
            must(fits, "credential.client_secret", "must not be empty")?;
            over_tls(place)
        }
        CredentialPlan::ManagedIdentity { client_id } => {
            if let Some(client_id) = client_id {
                guid(CLIENT_ID, client_id)?;
            }
            azures_own(place)
        }
        CredentialPlan::WorkloadIdentity {
            tenant_id,
            client_id,
            token_file,
        } => {
            guid(TENANT_ID, tenant_id)?;
            guid(CLIENT_ID, client_id)?;
            token_file_path(token_file)?;
            azures_own(place)
        }
        // The others say nothing, or were tried out already
        _ => Ok(()),
    }
}

fn must(fits: bool, field: &'static str, reason: &'static str) -> Result<(), Wrong> {
    fits.then_some(()).ok_or((field, reason))
}

/// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`, in the partition of the bucket's region.
fn role(arn: &str, place: &StorePlace) -> Result<(), Wrong> {
    let StorePlace::S3 { region, .. } = place else {
        return Ok(());
    };
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = (3..=64).contains(&region.len())
        && region.bytes().all(|b| word(b) || b == b'-')
        && region.bytes().next().is_some_and(word)
        && region.bytes().next_back().is_some_and(word);
    must(
        fits,
        "place.region",
        "must be lower case letters, digits and hyphens, for a plan with a role",
    )?;
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = *fields else {
        return Err((ROLE_ARN, "must be `arn:PARTITION:iam::ACCOUNT:role/NAME`"));
    };
    must(
        account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()),
        ROLE_ARN,
        "must have an account of 12 digits",
    )?;
    let path = resource.strip_prefix("role/").unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let fits = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
        && path.len() <= 512
        && !path.starts_with('/')
        && path.bytes().all(|b| b.is_ascii_graphic());
    must(fits, ROLE_ARN, "must end in `role/NAME`")?;
    let others = PARTITIONS.iter().skip(1);
    let own = others
        .clone()
        .find(|(start, _)| region.starts_with(start))
        .map_or("aws", |(_, partition)| partition);
    must(
        partition == own,
        ROLE_ARN,
        "must be in the partition of the bucket's region",
    )
}

fn token_file_path(path: &str) -> Result<(), Wrong> {
    let fits = path.starts_with('/') && !path.contains(char::is_control);
    must(fits, TOKEN_FILE, "must be an absolute path on the server")
}

/// An endpoint without path, query and the like, that is not the machine's metadata.
fn sts(
    endpoint: Option<&str>,
    reason: &'static str,
    scheme: impl FnOnce(&url::Url) -> bool,
) -> Result<(), Wrong> {
    let Some(endpoint) = endpoint else {
        return Ok(());
    };
    let form = (
        STS_ENDPOINT,
        "must be `https://HOST` or `https://HOST:PORT`",
    );
    let url = url::Url::parse(endpoint).map_err(|_| form)?;
    let is_plain = url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    must(is_plain, form.0, form.1)?;
    must(scheme(&url), STS_ENDPOINT, reason)?;
    must(
        !names_metadata(&url),
        STS_ENDPOINT,
        "is an address of the machine itself",
    )
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_service_account(address: &str) -> bool {
    let Some((name, domain)) = address.split_once('@') else {
        return false;
    };
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    !name.is_empty()
        && name.bytes().all(|b| word(b) || b == b'_')
        && domain.bytes().all(word)
        && domain.ends_with(".gserviceaccount.com")
}

fn guid(field: &'static str, text: &str) -> Result<(), Wrong> {
    let fits = text.parse::<Guid>().is_ok();
    must(
        fits,
        field,
        "must be a GUID, as `00000000-0000-0000-0000-000000000000`",
    )
}

/// A token is sent to the account, and is good for who reads it.
fn over_tls(place: &StorePlace) -> Result<(), Wrong> {
    must(
        place.endpoint().starts_with("https://"),
        "place.endpoint",
        "must be `https`, as a token is sent to it",
    )
}

/// The server's own token opens all that its identity may use, so it is shown to Azure alone.
fn azures_own(place: &StorePlace) -> Result<(), Wrong> {
    over_tls(place)?;
    let url = url::Url::parse(&place.endpoint()).ok();
    let host = url
        .as_ref()
        .and_then(url::Url::host_str)
        .unwrap_or_default();
    must(
        AZURES_OWN.iter().any(|end| host.ends_with(end)),
        "place.endpoint",
        "must be one of Azure's own names, as the server's own token is sent to it; name other addresses in `endpoints`",
    )
}

#[cfg(test)]
mod tests;
