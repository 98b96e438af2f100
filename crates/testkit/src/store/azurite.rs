//! Azurite: a container of the test's own, made with the account's key.

use super::KeyedPlace;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::SecretText;
use protocol::bucket::{CredentialPlan, StorePlace};
use serde::Deserialize;
use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const VERSION: &str = "2020-12-06";

#[derive(Deserialize)]
struct Described {
    /// `http://ADDRESS/ACCOUNT`
    http: String,
    account: String,
    key: String,
}

/// A fresh container of the Azurite that `SIGNET_TEST_AZURITE` describes; `None` where none runs.
#[expect(clippy::disallowed_methods, reason = "the test's one setting")]
pub(super) async fn container() -> Result<Option<KeyedPlace>, Box<dyn Error>> {
    let Ok(path) = std::env::var("SIGNET_TEST_AZURITE") else {
        return Ok(None);
    };
    let described: Described = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let name = fresh_name();
    create(&described, &name).await?;
    let place = StorePlace::Azure {
        account: described.account,
        container: name,
        endpoint: Some(described.http),
    };
    let plan = CredentialPlan::AccountKey {
        account_key: SecretText::new(described.key),
    };
    Ok(Some(KeyedPlace { place, plan }))
}

/// A name that no other test has, of this process or another.
fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanos = now().subsec_nanosecond();
    format!("test-{}-{number}-{nanos}", std::process::id())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the store's own clock is the machine's"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Makes the container, by a request with the account's key ([Shared Key]): no shared access signature
/// of a container can make it.
///
/// [Shared Key]: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
async fn create(described: &Described, name: &str) -> Result<(), Box<dyn Error>> {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now())?;
    let account = &described.account;
    // In an emulator's URL the account's name is part of the path, so that it is there twice
    let to_sign = format!(
        "PUT{}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{account}/{account}/{name}\nrestype:container",
        "\n".repeat(12)
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(&described.key)?);
    let signature = STANDARD.encode(hmac::sign(&key, to_sign.as_bytes()));
    let rest = described.http.trim_start_matches("http://");
    let (address, _) = rest.split_once('/').ok_or("no account in the endpoint")?;
    let request = format!(
        "PUT /{account}/{name}?restype=container HTTP/1.1\r\nhost: {address}\r\n\
         authorization: SharedKey {account}:{signature}\r\nx-ms-date: {date}\r\n\
         x-ms-version: {VERSION}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    if answer.starts_with("HTTP/1.1 201") {
        return Ok(());
    }
    let head = answer.lines().next().unwrap_or_default();
    Err(format!("Azurite made no container: {head}").into())
}
