//! Encodings: what is written comes back, from presign and from other readers.

use percent_encoding::percent_decode_str;
use presign::{Method, Request, Target, Timestamp, Ttl, Window, azure, gcs, s3};
use url::Url;

use crate::{
    input::{Fields, join},
    wire::Wire,
};

/// Key, name and value of a query parameter, seconds of the time, a text that may be one of the forms.
pub(crate) fn run(input: &[u8]) {
    let mut fields = Fields::new(input);
    let (Some(key), Some(name), Some(value), Some(seconds)) =
        (fields.text(), fields.text(), fields.text(), fields.text())
    else {
        return;
    };
    if let Some(text) = fields.text() {
        forms(text);
    }
    let Ok(seconds) = seconds.parse() else {
        return;
    };
    let from = Timestamp::from_unix_seconds(seconds);
    if (0..253_402_300_800).contains(&seconds) {
        assert_eq!(Timestamp::from_basic_iso8601(&from.to_string()), Some(from));
    }
    let request = Request {
        query: &[(name, value)],
        ..Request::new(Method::Get, Target::Object(key))
    };
    let window = Window {
        from,
        ttl: Ttl::MAX,
    };
    for url in sign(&request, window).into_iter().flatten() {
        check(&url, key, name, value);
    }
}

fn forms(text: &str) {
    if let Some(time) = Timestamp::from_basic_iso8601(text) {
        assert_eq!(time.to_string(), text, "a time is written in two forms");
    }
    if let Ok(guid) = text.parse::<azure::Guid>() {
        assert_eq!(guid.to_string().parse(), Ok(guid));
        assert!(
            guid.to_string().eq_ignore_ascii_case(text),
            "an id is written in two forms"
        );
    }
    if let Ok(method) = text.parse::<Method>() {
        assert_eq!(method.as_str(), text);
    }
}

fn sign(request: &Request<'_>, window: Window) -> [Option<String>; 3] {
    let s3 = || {
        let endpoint =
            s3::Endpoint::parse("http://store:8333", s3::Addressing::Path, "models", "r1").ok()?;
        let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret").ok()?);
        signer.sign(request, window).ok()
    };
    let gcs = || {
        let endpoint =
            gcs::Endpoint::parse("http://store:8333", gcs::Addressing::Path, "models").ok()?;
        let signer = gcs::Signer::new(endpoint, gcs::HmacKey::new("GOOG1", "secret").ok()?);
        signer.sign(request, window).ok()
    };
    let azure = || {
        let endpoint =
            azure::Endpoint::parse("http://store:8333/teamvision", "teamvision", "models").ok()?;
        let key = azure::AccountKey::new("c3dvcmRmaXNo").ok()?;
        azure::Signer::new(endpoint, azure::Version::V2026_04_06, key)
            .sign(request, window)
            .ok()
    };
    [s3(), gcs(), azure()].map(|url| url.map(|url| url.into_exposed().into()))
}

fn check(url: &str, key: &str, name: &str, value: &str) {
    assert!(
        url.bytes().all(|byte| byte.is_ascii_graphic()),
        "{url:?} is not plain ASCII"
    );
    let wire = Wire::new("GET", url, &[]);
    let path = wire.decoded_path().expect("a signed URL is UTF-8");
    let path = path.strip_prefix("/teamvision").unwrap_or(&path);
    assert_eq!(
        path.strip_prefix("/models/"),
        Some(key),
        "{url:?} is for another key"
    );
    let has = |pairs: &[(String, String)]| {
        pairs
            .iter()
            .any(|(a, b)| a.eq_ignore_ascii_case(name) && b == value)
    };
    assert!(
        has(&wire.parameters().expect("a signed URL is UTF-8")),
        "{url:?} has another parameter"
    );

    let read = Url::parse(url).expect("a signed URL is one");
    let pairs: Vec<_> = read.query_pairs().into_owned().collect();
    assert!(has(&pairs), "{url:?} is read with another parameter");
    // Dots between slashes are resolved by every reader, escaped or not; `Target::Object` warns of them.
    if !key.split('/').any(|part| matches!(part, "." | "..")) {
        assert_eq!(read.as_str(), url, "{url:?} is sent otherwise");
        let read = percent_decode_str(read.path())
            .decode_utf8()
            .expect("a signed URL is UTF-8");
        assert!(
            read.ends_with(&format!("/models/{key}")),
            "{url:?} is read as another key"
        );
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    [
        [
            "run 1/weights+.bin",
            "x-grant",
            "grt_01",
            "1369353600",
            "20130524T000000Z",
        ],
        [
            "\u{fc}/u\u{308}//.a/..b?#%25",
            "rscd",
            "a; b=\"c d\"",
            "0",
            "c7ca5ed3-0e75-e8d9-9e76-26620904ed0a",
        ],
        [
            "\0\n",
            "versionid",
            "\u{1f600}&=+",
            "253402300799",
            "DELETE",
        ],
        ["a", "comp", "block", "951782400", "20000229T000000Z"],
    ]
    .iter()
    .map(|fields| join(fields))
    .collect()
}
