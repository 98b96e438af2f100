//! HTTP for the providers of credentials: time limits, no redirects, bounded answers, and nothing of a
//! request in an error.

use bytes::{Bytes, BytesMut};
use reqsign_core::HttpSend;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Short, as metadata is near or not there at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The machine's metadata too, which gives the server's own identity to who asks.
    Machine,
    /// All but that.
    Network,
}

/// Sends requests for credentials.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    reach: Reach,
    /// Made when it is needed first: most servers have buckets with keys of their own.
    client: OnceLock<Option<reqwest::Client>>,
}

impl Wire {
    pub(super) fn new(reach: Reach) -> Self {
        Self {
            reach,
            client: OnceLock::new(),
        }
    }

    fn client(&self) -> Option<&reqwest::Client> {
        let make = || {
            let client = Self::builder(self.reach).build();
            // A machine without root certificates can still reach what is not behind TLS
            client
                .or_else(|_| Self::builder(self.reach).tls_certs_only([]).build())
                .ok()
        };
        self.client.get_or_init(make).as_ref()
    }

    /// One that trusts a certificate besides.
    #[cfg(test)]
    pub(super) fn trusting(reach: Reach, pem: &[u8]) -> Self {
        let certificate = reqwest::Certificate::from_pem(pem).unwrap();
        let client = Self::builder(reach)
            .tls_certs_merge([certificate])
            .build()
            .unwrap();
        Self {
            reach,
            client: OnceLock::from(Some(client)),
        }
    }

    fn builder(reach: Reach) -> reqwest::ClientBuilder {
        // Absent only in a process that uses TLS nowhere else; a second call changes nothing
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("signet/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT);
        match reach {
            Reach::Machine => builder,
            Reach::Network => builder.dns_resolver(Arc::new(NoMetadata)),
        }
    }
}

impl HttpSend for Wire {
    async fn http_send(
        &self,
        request: http::Request<Bytes>,
    ) -> reqsign_core::Result<http::Response<Bytes>> {
        let request = reqwest::Request::try_from(request)
            .map_err(|_| reqsign_core::Error::request_invalid("the request cannot be sent"))?;
        // The client looks up names alone: an address in the URL would be connected to unjudged
        if self.reach == Reach::Network && names_metadata(request.url()) {
            return Err(reqsign_core::Error::config_invalid(
                "the endpoint is an address of the machine itself",
            ));
        }
        let no_answer =
            |_| reqsign_core::Error::unexpected("no answer in time").set_retryable(true);
        let client = self
            .client()
            .ok_or_else(|| reqsign_core::Error::config_invalid("no HTTP client can be made"))?;
        let mut response = client.execute(request).await.map_err(no_answer)?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(reqsign_core::Error::unexpected("the answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::new(body.freeze());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
    }
}

/// Whether the URL names the machine's metadata by an address.
pub(in crate::stores) fn names_metadata(url: &reqwest::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => is_metadata(address.into()),
        Some(url::Host::Ipv6(address)) => is_metadata(address.into()),
        Some(url::Host::Domain(_)) | None => false,
    }
}

/// Where clouds give a machine's credentials to who asks: link-local addresses, and AWS's own for IPv6.
fn is_metadata(address: IpAddr) -> bool {
    const AWS_INSTANCE: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    const AWS_POD: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23);
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || matches!(address, AWS_INSTANCE | AWS_POD)
        }
    }
}

/// Looks names up as the system does, and overlooks addresses of the machine's metadata.
struct NoMetadata;

impl Resolve for NoMetadata {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|found| !is_metadata(found.ip())).collect();
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_metadata_is_told_by_its_addresses() {
        for (url, is_metadata) in [
            ("http://169.254.169.254/", true),
            ("http://169.254.170.2/x", true),
            ("http://[fd00:ec2::254]/", true),
            ("http://[fe80::1]/", true),
            ("http://[::ffff:169.254.169.254]/", true),
            ("http://127.0.0.1:9/", false),
            ("https://sts.eu-west-1.amazonaws.com/", false),
        ] {
            assert_eq!(names_metadata(&url.parse().unwrap()), is_metadata, "{url}");
        }
    }

    #[tokio::test]
    async fn what_a_plan_names_does_not_reach_the_machines_metadata() {
        let wire = Wire::new(Reach::Network);
        let request = http::Request::get("http://169.254.169.254/latest/api/token")
            .body(Bytes::new())
            .unwrap();
        let error = wire.http_send(request).await.unwrap_err();
        assert_eq!(error.kind(), reqsign_core::ErrorKind::ConfigInvalid);
    }
}
