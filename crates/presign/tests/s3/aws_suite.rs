//! The query cases of AWS's signing test suite, as far as S3's rules cover them.
//!
//! The suite signs for a service called `service` and with the hash of the body; S3 signs for `s3` and
//! with `UNSIGNED-PAYLOAD`. Both words are put in the place of the suite's, and the signature is made
//! anew from the suite's canonical request, in a way that is shown to make the suite's own one.

use presign::{
    Method, Request, Target, Timestamp, Ttl, Window,
    s3::{Addressing, Credential, Endpoint, Refusal, Signer, Verifier},
};
use sha2::{Digest, Sha256};

use crate::{
    spelled_out::{encoded, hexadecimal, signature},
    support::Wire,
};

const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TIME: &str = "20150830T123600Z";

/// What S3's rules do not cover, and why.
const NOT_FOR_S3: &[(&str, &str)] = &[
    ("get-relative-normalized", "S3 does not normalize paths"),
    (
        "get-relative-relative-normalized",
        "S3 does not normalize paths",
    ),
    (
        "get-slash-dot-slash-normalized",
        "S3 does not normalize paths",
    ),
    ("get-slash-normalized", "S3 does not normalize paths"),
    (
        "get-slash-pointless-dot-normalized",
        "S3 does not normalize paths",
    ),
    ("get-slashes-normalized", "S3 does not normalize paths"),
    (
        "post-sts-header-after",
        "S3 takes no session token that is not signed",
    ),
];

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    session_token: Option<String>,
    request: String,
    canonical_request: String,
    string_to_sign: String,
    signature: String,
}

/// A request of the suite, taken apart.
struct Parsed {
    method: Method,
    /// Without the first slash, decoded.
    key: String,
    query: Vec<(String, String)>,
    /// All but `host`; of several with one name, the values joined.
    headers: Vec<(String, String)>,
}

fn parse(text: &str) -> Parsed {
    let (head, _body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, rest) = lines.next().unwrap().split_once(' ').unwrap();
    let target = rest.strip_suffix(" HTTP/1.1").unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        if let Some(folded) = line.strip_prefix(' ') {
            let value = &mut headers.last_mut().unwrap().1;
            *value = format!("{value} {}", folded.trim());
            continue;
        }
        let (name, value) = line.split_once(':').unwrap();
        let (name, value) = (name.to_lowercase(), value.trim());
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => *values = format!("{values},{value}"),
            None => headers.push((name, value.to_owned())),
        }
    }
    headers.retain(|(name, _)| name != "host");
    Parsed {
        method: method.parse().unwrap(),
        key: decoded(path.strip_prefix('/').unwrap()),
        query: pairs
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect(),
        headers,
    }
}

fn decoded(text: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(text);
    decoded.decode_utf8().unwrap().into_owned()
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = pairs.iter();
    pairs.map(|(name, value)| (&**name, &**value)).collect()
}

fn window() -> Window {
    Window {
        from: Timestamp::from_basic_iso8601(TIME).unwrap(),
        ttl: Ttl::from_seconds(3600).unwrap(),
    }
}

impl Case {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("../data/aws_suite.json")).unwrap()
    }

    fn is_for_s3(&self) -> bool {
        !NOT_FOR_S3.iter().any(|(name, _)| *name == self.name)
    }

    fn credential(&self, secret: &str) -> Credential {
        let credential = Credential::new(ACCESS_KEY_ID, secret).unwrap();
        match &self.session_token {
            Some(token) => credential.with_session(&**token, None).unwrap(),
            None => credential,
        }
    }

    /// Our URL for the case's request, or why there is none.
    fn url(&self) -> Result<String, presign::Error> {
        let parsed = parse(&self.request);
        // Its host is the suite's
        let style = Addressing::VirtualHost;
        let endpoint = Endpoint::parse("https://amazonaws.com", style, "example", "us-east-1")?;
        let request = Request {
            method: parsed.method,
            target: match &*parsed.key {
                "" => Target::Bucket,
                key => Target::Object(key),
            },
            headers: &borrowed(&parsed.headers),
            query: &borrowed(&parsed.query),
        };
        let signer = Signer::new(endpoint, self.credential(SECRET));
        Ok(signer.sign(&request, window())?.into_exposed().into())
    }

    /// The canonical request and the string to sign in S3's words.
    fn in_words_of_s3(&self) -> (String, String) {
        let (request, _hash) = self.canonical_request.rsplit_once('\n').unwrap();
        let request = request.replace("%2Fservice%2F", "%2Fs3%2F") + "\nUNSIGNED-PAYLOAD";
        let hash = hexadecimal(&Sha256::digest(&request));
        let scope = "20150830/us-east-1/s3/aws4_request";
        let string_to_sign = format!("AWS4-HMAC-SHA256\n{TIME}\n{scope}\n{hash}");
        (request, string_to_sign)
    }
}

fn signed_for(service: &str, string_to_sign: &str) -> String {
    let scope = ["20150830", "us-east-1", service, "aws4_request"];
    signature(&format!("AWS4{SECRET}"), scope, string_to_sign)
}

#[test]
fn the_suites_own_signatures_are_made() {
    let cases = Case::all();
    assert_eq!(cases.len(), 38);
    for case in cases {
        let hash = hexadecimal(&Sha256::digest(&case.canonical_request));
        assert!(case.string_to_sign.ends_with(&hash), "{}", case.name);
        let signature = signed_for("service", &case.string_to_sign);
        assert_eq!(signature, case.signature, "{}", case.name);
    }
}

#[test]
fn every_case_that_s3_covers_is_signed_as_the_suite_says() {
    for case in Case::all().iter().filter(|case| case.is_for_s3()) {
        let (_, string_to_sign) = case.in_words_of_s3();
        let url = case
            .url()
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let (_, signature) = url.rsplit_once("X-Amz-Signature=").unwrap();
        assert_eq!(
            signature,
            signed_for("s3", &string_to_sign),
            "{}",
            case.name
        );
    }
}

#[test]
fn the_verifier_writes_the_suites_canonical_requests() {
    for case in Case::all().iter().filter(|case| case.is_for_s3()) {
        let parsed = parse(&case.request);
        let wire = Wire::new(
            parsed.method.as_str(),
            &case.url().unwrap(),
            &borrowed(&parsed.headers),
        );
        let verifier = Verifier::new("us-east-1").with_hosts(["amazonaws.com"]);
        wire.verify(&verifier, window().from, &case.credential(SECRET))
            .unwrap_or_else(|refusal| panic!("{}: {refusal}", case.name));
        let refusal = wire.verify(&verifier, window().from, &case.credential("guessed"));
        let Err(Refusal::SignatureDoesNotMatch(mismatch)) = refusal else {
            panic!("{}: {refusal:?}", case.name);
        };
        let (mut request, string_to_sign) = case.in_words_of_s3();
        if let Some(token) = &case.session_token {
            // Which is a secret
            request = request.replace(&encoded(token, ""), &encoded("(hidden)", ""));
        }
        assert_eq!(*mismatch.canonical_request, request, "{}", case.name);
        assert_eq!(*mismatch.string_to_sign, string_to_sign, "{}", case.name);
    }
}

#[test]
fn what_is_left_out_is_not_signed_as_the_suite_says() {
    let cases = Case::all();
    for (name, why) in NOT_FOR_S3 {
        let case = cases.iter().find(|case| case.name == *name).unwrap();
        let (_, string_to_sign) = case.in_words_of_s3();
        let is_covered = case
            .url()
            .is_ok_and(|url| url.ends_with(&signed_for("s3", &string_to_sign)));
        assert!(!is_covered, "{name}: {why}");
    }
}
