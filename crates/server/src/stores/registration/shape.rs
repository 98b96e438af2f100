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
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ROLE: &str = "arn:aws:iam::123456789012:role/signet";
    const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn s3(region: &str) -> StorePlace {
        StorePlace::s3("https://s3.example.org", region, "models")
    }

    fn azure(endpoint: Option<&str>) -> StorePlace {
        StorePlace::Azure {
            account: "vision".to_owned(),
            container: "models".to_owned(),
            endpoint: endpoint.map(ToOwned::to_owned),
        }
    }

    fn field_at_fault(plan: &Value, place: &StorePlace) -> Option<&'static str> {
        let plan = serde_json::from_value(plan.clone()).unwrap();
        check(&plan, place).err().map(|(field, _)| field)
    }

    /// A plan that fits, with one field changed.
    fn but(plan: &Value, field: &str, value: impl Into<Value>) -> Value {
        let mut plan = plan.clone();
        plan[field] = value.into();
        plan
    }

    #[test]
    fn what_assumes_a_role_names_the_field_that_does_not_do() {
        let own = json!({"plan": "assume-role", "role_arn": ROLE});
        let keyed = json!({
            "plan": "assume-role", "role_arn": ROLE, "access_key_id": "AKIA000000000000",
            "secret_access_key": "s", "sts_endpoint": "http://10.0.0.7:8333", "session_seconds": 900,
        });
        let here = s3("eu-west-1");
        for plan in [&own, &keyed] {
            assert_eq!(field_at_fault(plan, &here), None, "{plan}");
        }
        for arn in [
            "",
            "signet",
            "arn:aws:s3:::models",
            "arn:aws:iam::1234:role/signet",
            "arn:aws:iam::123456789012:user/signet",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws-cn:iam::123456789012:role/signet",
            "arn:elsewhere:iam::123456789012:role/signet",
        ] {
            assert_eq!(
                field_at_fault(&but(&own, "role_arn", arn), &here),
                Some(ROLE_ARN),
                "{arn}"
            );
        }
        let china = but(&own, "role_arn", "arn:aws-cn:iam::123456789012:role/a/b");
        assert_eq!(field_at_fault(&china, &s3("cn-north-1")), None);
        assert_eq!(field_at_fault(&own, &s3("US-EAST")), Some("place.region"));
        let secret = "credential.secret_access_key";
        let table = [
            (but(&own, "access_key_id", "AKIA000000000000"), secret),
            (but(&own, "secret_access_key", "s"), ACCESS_KEY_ID),
            (but(&keyed, "secret_access_key", ""), secret),
            (but(&keyed, "access_key_id", "short"), ACCESS_KEY_ID),
            (
                but(&keyed, "access_key_id", "AKIA/00000000000"),
                ACCESS_KEY_ID,
            ),
            (
                but(&keyed, "session_seconds", 899),
                "credential.session_seconds",
            ),
            (
                but(&keyed, "session_seconds", 43_201),
                "credential.session_seconds",
            ),
            (but(&keyed, "sts_endpoint", "sts"), STS_ENDPOINT),
            (but(&keyed, "sts_endpoint", "ftp://h"), STS_ENDPOINT),
            (but(&keyed, "sts_endpoint", "https://h/path"), STS_ENDPOINT),
            (but(&keyed, "sts_endpoint", "https://h/?a=b"), STS_ENDPOINT),
            (but(&keyed, "sts_endpoint", "https://u:p@h"), STS_ENDPOINT),
            (
                but(&keyed, "sts_endpoint", "http://169.254.169.254"),
                STS_ENDPOINT,
            ),
        ];
        for (plan, field) in table {
            assert_eq!(field_at_fault(&plan, &here), Some(field), "{plan}");
        }
    }

    #[test]
    fn tokens_in_files_are_found_and_sent_where_nobody_else_reads_them() {
        let web = json!({"plan": "web-identity", "role_arn": ROLE, "token_file": "/run/token"});
        let here = s3("eu-west-1");
        let table = [
            (web.clone(), None),
            (but(&web, "sts_endpoint", "https://sts.example.org"), None),
            (but(&web, "sts_endpoint", "http://127.0.0.1:9"), None),
            (
                but(&web, "sts_endpoint", "http://sts.example.org"),
                Some(STS_ENDPOINT),
            ),
            (but(&web, "token_file", "token"), Some(TOKEN_FILE)),
            (but(&web, "token_file", "/a\nb"), Some(TOKEN_FILE)),
            (but(&web, "role_arn", "x"), Some(ROLE_ARN)),
            (json!({"plan": "profile", "profile": "a-b"}), None),
            (
                json!({"plan": "profile", "profile": ""}),
                Some("credential.profile"),
            ),
            (
                json!({"plan": "profile", "profile": "a]"}),
                Some("credential.profile"),
            ),
            (json!({"plan": "environment"}), None),
            (json!({"plan": "container-metadata"}), None),
            (json!({"plan": "instance-metadata"}), None),
        ];
        for (plan, field) in table {
            assert_eq!(field_at_fault(&plan, &here), field, "{plan}");
        }
    }

    #[test]
    fn an_azure_token_goes_to_azure_alone() {
        let secret = json!({
            "plan": "client-secret", "tenant_id": GUID, "client_id": GUID, "client_secret": "s",
        });
        let machine = json!({"plan": "managed-identity", "client_id": GUID});
        let file = json!({
            "plan": "workload-identity", "tenant_id": GUID, "client_id": GUID, "token_file": "/t",
        });
        let (usual, clear) = (azure(None), azure(Some("http://127.0.0.1:10000/vision")));
        let elsewhere = azure(Some("https://store.example.org"));
        let zone = azure(Some("https://vision.z01.blob.storage.azure.net"));
        let endpoint = Some("place.endpoint");
        let table = [
            (secret.clone(), &usual, None),
            (secret.clone(), &elsewhere, None),
            (secret.clone(), &clear, endpoint),
            (
                but(&secret, "tenant_id", "contoso"),
                &usual,
                Some(TENANT_ID),
            ),
            (but(&secret, "client_id", "x"), &usual, Some(CLIENT_ID)),
            (
                but(&secret, "client_secret", ""),
                &usual,
                Some("credential.client_secret"),
            ),
            (machine.clone(), &usual, None),
            (machine.clone(), &zone, None),
            (machine.clone(), &elsewhere, endpoint),
            (but(&machine, "client_id", "x"), &usual, Some(CLIENT_ID)),
            (json!({"plan": "managed-identity"}), &usual, None),
            (file.clone(), &usual, None),
            (file.clone(), &elsewhere, endpoint),
            (but(&file, "token_file", "t"), &usual, Some(TOKEN_FILE)),
        ];
        for (plan, place, field) in table {
            assert_eq!(field_at_fault(&plan, place), field, "{plan}");
        }
    }

    #[test]
    fn a_service_account_is_told_by_its_address() {
        let place: StorePlace =
            serde_json::from_value(json!({"provider": "gcs", "container": "models"})).unwrap();
        for (address, fits) in [
            ("signer@project.iam.gserviceaccount.com", true),
            ("123-compute@developer.gserviceaccount.com", true),
            ("signer@example.org", false),
            ("signer", false),
            ("a/b@project.iam.gserviceaccount.com", false),
            ("@project.iam.gserviceaccount.com", false),
        ] {
            let plan = json!({"plan": "sign-blob", "service_account": address});
            let field = (!fits).then_some("credential.service_account");
            assert_eq!(field_at_fault(&plan, &place), field, "{address}");
        }
    }
}
