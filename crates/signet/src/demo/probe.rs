//! Uses signed URLs as their holder would, and as a thief would.

use anyhow::{Context as _, bail, ensure};
use protocol::transfer::BearerUrl;
use reqwest::{Client, Method, StatusCode};

/// An HTTP client as anybody has one: no token, no key.
pub(super) fn stranger() -> anyhow::Result<Client> {
    Ok(Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?)
}

/// The URL works: the store answers with the bytes.
pub(super) async fn works(stranger: &Client, url: &BearerUrl) -> anyhow::Result<Vec<u8>> {
    let answer = stranger
        .get(url.expose())
        .send()
        .await
        .map_err(reqwest::Error::without_url)?;
    ensure!(
        answer.status() == StatusCode::OK,
        "the store answered {}",
        answer.status()
    );
    Ok(answer
        .bytes()
        .await
        .map_err(reqwest::Error::without_url)?
        .to_vec())
}

/// The store refuses; tells with which status and code.
pub(super) async fn refused(
    stranger: &Client,
    method: Method,
    url: &str,
) -> anyhow::Result<String> {
    let answer = stranger
        .request(method, url)
        .send()
        .await
        .map_err(reqwest::Error::without_url)?;
    let status = answer.status();
    let body = answer.text().await.map_err(reqwest::Error::without_url)?;
    if status.is_success() {
        bail!("the store answered {status}, but it must refuse");
    }
    ensure!(
        status == StatusCode::FORBIDDEN,
        "the store answered {status}, not 403"
    );
    let code = body
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    Ok(format!(
        "{} {}",
        status.as_u16(),
        code.map_or("(no code)", |(code, _)| code)
    ))
}

/// The URL with one character of its signature changed.
pub(super) fn tampered(url: &BearerUrl) -> anyhow::Result<String> {
    const PARAMETER: &str = "X-Amz-Signature=";
    let url = url.expose();
    let at = url.find(PARAMETER).context("the URL has no signature")? + PARAMETER.len();
    let (before, signature) = url.split_at(at);
    let mut characters = signature.chars();
    let first = characters.next().context("the signature is empty")?;
    let other = if first == '0' { '1' } else { '0' };
    Ok(format!("{before}{other}{}", characters.as_str()))
}
