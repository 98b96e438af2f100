//! Azure by a principal of Entra ID, to whom the account delegates a key.
//!
//! The provider's own delegation gives signatures and keeps the key, so the key is asked for here.

use super::NoCredential;
use super::outside::Overlay;
use crate::clock::Clock;
use crate::stores::lender::{Mint, Minted};
use crate::stores::signer::{AZURE_EARLY_SECONDS, Credential};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use presign::azure::{DelegationKey, DelegationKeyId};
use protocol::{SecretText, Timestamp};
use reqsign_azure_storage::{
    ClientSecretCredentialProvider, Credential as Given, ImdsCredentialProvider,
    WorkloadIdentityCredentialProvider,
};
use reqsign_core::{Context, ProvideCredential as _, ProvideCredentialDyn};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Where tokens come from.
type Source = Arc<dyn ProvideCredentialDyn<Credential = Given>>;

/// Life of a key: when it is renewed after two thirds of it, it still outlives the longest URL.
const KEY_LIFE: Duration = Duration::from_hours(4 * 24);
/// How long before its time a key begins: windows begin early, and clocks differ.
const KEY_EARLY: Duration = Duration::from_secs(2 * AZURE_EARLY_SECONDS as u64);
/// The service's version, that of the signatures.
const VERSION: &str = "2020-12-06";

pub(super) fn client_secret(tenant_id: &str, client_id: &str, secret: &str) -> Source {
    Arc::new(
        ClientSecretCredentialProvider::new()
            .with_tenant_id(tenant_id)
            .with_client_id(client_id)
            .with_client_secret(secret),
    )
}

pub(super) fn managed_identity() -> Source {
    Arc::new(ImdsCredentialProvider::new())
}

/// The environment in which the provider chooses that one of the machine's identities.
pub(super) fn with_identity(context: &Context, client_id: Option<&str>) -> Context {
    let Some(client_id) = client_id else {
        return context.clone();
    };
    context.clone().with_env(Overlay {
        beneath: context.clone(),
        set: HashMap::from([("AZURE_CLIENT_ID", client_id.to_owned())]),
        hidden: &[
            "AZURE_OBJECT_ID",
            "AZURE_MSI_RESOURCE_ID",
            "AZURE_MSI_RES_ID",
        ],
    })
}

pub(super) fn workload_identity(tenant_id: &str, client_id: &str, token_file: &str) -> Source {
    Arc::new(
        WorkloadIdentityCredentialProvider::new()
            .with_tenant_id(tenant_id)
            .with_client_id(client_id)
            .with_federated_token_file(token_file),
    )
}

/// Mints keys that the account delegates.
pub(super) struct DelegatedKeys {
    pub(super) source: Source,
    /// Where the token is looked for.
    pub(super) own: Context,
    /// Where the account answers.
    pub(super) account_url: String,
    /// Who sends to it.
    pub(super) named: Context,
    pub(super) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for DelegatedKeys {
    /// The providers show what they hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DelegatedKeys")
            .field("account_url", &self.account_url)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Mint for DelegatedKeys {
    async fn mint(&self) -> Result<Minted, NoCredential> {
        let given = self.source.provide_credential(&self.own).await?;
        let Some(Given::BearerToken { token, .. }) = given else {
            return Err(NoCredential::Absent);
        };
        let key = self.ask(&Zeroizing::new(token)).await?;
        let ends_at = Timestamp::from_unix_seconds(key.id().expires_at.unix_seconds());
        Ok(Minted {
            credential: Credential::Azure(key.into()),
            ends_at: Some(ends_at),
        })
    }
}

impl DelegatedKeys {
    /// [Get User Delegation Key][1].
    ///
    /// [1]: https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
    async fn ask(&self, token: &str) -> Result<DelegationKey, NoCredential> {
        let now = self.clock.now();
        let time = |at: Timestamp| {
            let at = jiff::Timestamp::from_second(at.unix_seconds()).unwrap_or_default();
            at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
        };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>{}</Start><Expiry>{}</Expiry></KeyInfo>",
            time(now.minus(KEY_EARLY)),
            time(now.plus(KEY_LIFE)),
        );
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| NoCredential::Unusable)?;
        authorization.set_sensitive(true);
        let url = format!(
            "{}/?restype=service&comp=userdelegationkey",
            self.account_url
        );
        let request = http::Request::post(url)
            .header("x-ms-version", VERSION)
            .header(header::CONTENT_TYPE, "application/xml")
            .header(header::AUTHORIZATION, authorization)
            .body(Bytes::from(body))
            .map_err(|_| NoCredential::Settings)?;
        let answer = self.named.http_send(request).await?;
        match answer.status() {
            StatusCode::OK => read(answer.body()).ok_or(NoCredential::Unusable),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(NoCredential::NoAnswer)
            }
            _ => Err(NoCredential::Refused {
                code: crate::stores::s3::xml::error(answer.body()).code,
            }),
        }
    }
}

fn read(body: &[u8]) -> Option<DelegationKey> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct UserDelegationKey {
        signed_oid: String,
        signed_tid: String,
        signed_start: jiff::Timestamp,
        signed_expiry: jiff::Timestamp,
        signed_service: Box<str>,
        signed_version: Box<str>,
        value: SecretText,
    }
    let text = std::str::from_utf8(body).ok()?;
    // The service begins with a byte order mark
    let text = text.trim_start_matches('\u{feff}');
    let key: UserDelegationKey = quick_xml::de::from_str(text).ok()?;
    let at = |at: jiff::Timestamp| presign::Timestamp::from_unix_seconds(at.as_second());
    let id = DelegationKeyId {
        object_id: key.signed_oid.parse().ok()?,
        tenant_id: key.signed_tid.parse().ok()?,
        starts_at: at(key.signed_start),
        expires_at: at(key.signed_expiry),
        service: key.signed_service,
        version: key.signed_version,
    };
    DelegationKey::new(id, key.value.expose()).ok()
}
