//! Endpoints: what is accepted is one address, the same to every reader of URLs.

use presign::{azure, gcs, s3};
use url::Url;

use crate::input::{Fields, join};

/// URL, name of the bucket, region or account.
pub(crate) fn run(input: &[u8]) {
    let mut fields = Fields::new(input);
    let (Some(url), Some(bucket), Some(further)) = (fields.text(), fields.text(), fields.text())
    else {
        return;
    };
    for addressing in [s3::Addressing::Path, s3::Addressing::VirtualHost] {
        if let Ok(endpoint) = s3::Endpoint::parse(url, addressing, bucket, further) {
            check(
                endpoint.base_url(),
                Some(endpoint.host()),
                endpoint.is_https(),
            );
            check_name(endpoint.base_url(), bucket);
            let again = s3::Endpoint::parse(url, addressing, endpoint.bucket(), endpoint.region());
            assert_eq!(again, Ok(endpoint));
        }
    }
    for addressing in [
        gcs::Addressing::Path,
        gcs::Addressing::VirtualHost,
        gcs::Addressing::BucketHost,
    ] {
        if let Ok(endpoint) = gcs::Endpoint::parse(url, addressing, bucket) {
            check(
                endpoint.base_url(),
                Some(endpoint.host()),
                endpoint.is_https(),
            );
            check_name(endpoint.base_url(), bucket);
            let base_url = endpoint.base_url().to_owned();
            let unsigned = endpoint.with_unsigned_port();
            let name = base_url.split_once("://").map(|(_, rest)| rest);
            assert!(
                name.is_some_and(|name| name.starts_with(unsigned.host())),
                "another host without port"
            );
        }
    }
    if let Ok(endpoint) = azure::Endpoint::parse(url, further, bucket) {
        check(endpoint.base_url(), None, endpoint.is_https());
        check_name(endpoint.base_url(), bucket);
        let again = azure::Endpoint::parse(endpoint.base_url(), further, bucket);
        assert_eq!(again, Ok(endpoint), "its own address is another endpoint");
    }
    // Names alone, which make up the addresses of the clouds.
    if let Ok(endpoint) = s3::Endpoint::aws(further, bucket) {
        check(endpoint.base_url(), Some(endpoint.host()), true);
    }
    if let Ok(endpoint) = gcs::Endpoint::google(bucket) {
        check(endpoint.base_url(), Some("storage.googleapis.com"), true);
    }
    if let Ok(endpoint) = azure::Endpoint::azure(azure::Cloud::Public, further, bucket) {
        check(
            endpoint.base_url(),
            Some(&format!("{further}.blob.core.windows.net")),
            true,
        );
    }
}

/// The address is what `url` would make of it: clients send what they read there, not what stands here.
fn check(base_url: &str, host: Option<&str>, is_https: bool) {
    let url = match Url::parse(base_url) {
        Ok(url) => url,
        // presign does not check Punycode; such a name is refused when a client first reads the URL.
        Err(_) if base_url.contains("xn--") => return,
        Err(error) => panic!("{base_url:?} was accepted, but {error}"),
    };
    assert_eq!(
        url.scheme() == "https",
        is_https,
        "{base_url:?} is read as another scheme"
    );
    assert!(
        url.username().is_empty() && url.password().is_none(),
        "{base_url:?} has a user"
    );
    assert!(
        url.query().is_none() && url.fragment().is_none(),
        "{base_url:?} has more than a path"
    );
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let written = base_url.split('/').nth(2).unwrap_or_default();
    assert_eq!(authority, written, "{base_url:?} is read as another host");
    if let Some(host) = host {
        assert_eq!(authority, host, "{base_url:?} is signed for another host");
    }
}

/// A bucket's name is one segment that nobody changes.
fn check_name(base_url: &str, bucket: &str) {
    let text = format!("{base_url}/{bucket}/key");
    if let Ok(url) = Url::parse(&text) {
        assert_eq!(url.as_str(), text, "the bucket changes the address");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    [
        ["https://s3.us-east-1.amazonaws.com", "models", "us-east-1"],
        ["http://127.0.0.1:8333/", "models", "r1"],
        ["http://[::1]:10000/teamvision", "models", "teamvision"],
        ["http://[::ffff:127.0.0.1]", "my_bucket.example", "auto"],
        [
            "https://Store_1.example.com:443",
            "team-vision",
            "teamvision",
        ],
        [
            "https://teamvision.blob.core.windows.net",
            "$root",
            "teamvision",
        ],
        ["http://0x7f.1", "a.b.c", "cn-north-1"],
    ]
    .iter()
    .map(|fields| join(fields))
    .collect()
}
