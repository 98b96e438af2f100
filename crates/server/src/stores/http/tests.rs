//! Where the client connects to, with listeners that count who comes.

use super::resolve::{self, Lookup};
use super::{AddressRules, Answer, Attempt, Failure, Forbidden, Http, HttpSettings};
use crate::stores::{Error, StoreOperation};
use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;
use presign::s3::{Addressing, Credential, Endpoint, Signer};
use presign::{Method, Request, Target, Timestamp, Ttl, Window};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

fn rules(networks: &[&str]) -> AddressRules {
    let networks = || networks.iter().map(|network| network.parse().unwrap());
    AddressRules {
        private: networks().collect(),
        plain_http: networks().collect(),
        loopback: false,
    }
}

fn client(addresses: AddressRules, lookup: &Lookup) -> Http {
    let settings = HttpSettings {
        addresses,
        request_timeout: Duration::from_secs(5),
        ..HttpSettings::default()
    };
    client_with(settings, lookup)
}

pub(super) fn client_with(settings: HttpSettings, lookup: &Lookup) -> Http {
    Http::with_lookup(settings, lookup).unwrap()
}

/// Gives these answers one after the other, and then none.
fn scripted(answers: &[&[&str]]) -> (Lookup, Arc<Mutex<Vec<String>>>) {
    let parse = |address: &&str| SocketAddr::new(address.parse::<IpAddr>().unwrap(), 0);
    let answers: Mutex<std::collections::VecDeque<Vec<SocketAddr>>> = Mutex::new(
        answers
            .iter()
            .map(|answer| answer.iter().map(parse).collect())
            .collect(),
    );
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |name| {
        log.lock().push(name);
        let next = answers.lock().pop_front();
        Box::pin(async move { next.ok_or_else(|| std::io::ErrorKind::NotFound.into()) })
    });
    (lookup, asked)
}

async fn get(http: &Http, base: &str) -> Result<Option<Answer>, Failure> {
    http.send(attempt(base)).await
}

/// Reads an object of the store at this address.
pub(super) fn attempt(base: &str) -> Attempt {
    let endpoint = Endpoint::parse(base, Addressing::Path, "bucket", "us-east-1").unwrap();
    let signer = Signer::new(endpoint, Credential::new("AKIAVISION", "secret").unwrap());
    let request = Request {
        method: Method::Get,
        target: Target::Object("key"),
        headers: &[],
        query: &[],
    };
    let window = Window {
        from: Timestamp::from_unix_seconds(1_700_000_000),
        ttl: Ttl::from_seconds(60).unwrap(),
    };
    Attempt {
        operation: StoreOperation::GetObject,
        method: Method::Get,
        url: signer.sign(&request, window).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        max_bytes: 100,
    }
}

/// What comes of `ask` while the listener answers everybody like this, and how many came.
pub(super) async fn answering<T>(
    listener: &TcpListener,
    answer: &str,
    ask: impl Future<Output = T>,
) -> (T, usize) {
    let mut connections = 0;
    let serve = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            connections += 1;
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    };
    let outcome = tokio::select! {
        outcome = ask => outcome,
        () = serve => unreachable!("it serves for ever"),
    };
    (outcome, connections)
}

#[track_caller]
fn forbidden(outcome: Result<Option<Answer>, Failure>) -> Forbidden {
    match outcome {
        Err(Failure::Final(Error::Forbidden(forbidden))) => forbidden,
        Err(Failure::Final(error)) => panic!("{error:?}"),
        Err(Failure::Passing(cause)) => panic!("{cause:?}"),
        Ok(answer) => panic!("{answer:?}"),
    }
}

#[track_caller]
fn body(outcome: Result<Option<Answer>, Failure>) -> Bytes {
    match outcome {
        Ok(Some(answer)) => answer.body,
        Ok(None) => panic!("no such object"),
        Err(Failure::Final(error)) => panic!("{error:?}"),
        Err(Failure::Passing(cause)) => panic!("{cause:?}"),
    }
}

#[tokio::test]
async fn a_name_that_is_this_machine_is_connected_to_with_permission_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in [
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port}"),
    ] {
        // Plain `http` is allowed somewhere, so that the address of the name is what decides
        let strict = AddressRules {
            private: Vec::new(),
            ..rules(&["127.0.0.0/8"])
        };
        let strict = client(strict, &resolve::system());
        let (outcome, connections) = answering(&listener, HELLO, get(&strict, &url)).await;
        assert_eq!(
            (forbidden(outcome), connections),
            (Forbidden::Private("of the server itself"), 0)
        );
        let open = client(rules(&["127.0.0.0/8"]), &resolve::system());
        let (outcome, connections) = answering(&listener, HELLO, get(&open, &url)).await;
        assert_eq!((&body(outcome)[..], connections), (&b"hello"[..], 1));
        let development = AddressRules::default().with_loopback();
        let development = client(development, &resolve::system());
        let (outcome, _) = answering(&listener, HELLO, get(&development, &url)).await;
        assert_eq!(&body(outcome)[..], b"hello");
    }
}

#[tokio::test]
async fn metadata_is_not_asked_by_address_or_name_whatever_is_listed() {
    let everything = rules(&["0.0.0.0/0", "::/0"]);
    let (lookup, asked) = scripted(&[&["169.254.169.254", "fd00:ec2::254"]]);
    let http = client(everything, &lookup);
    for url in ["http://169.254.169.254", "https://[fe80::1]"] {
        let refused = forbidden(get(&http, url).await);
        assert_eq!(refused, Forbidden::Never("link-local"), "{url}");
    }
    assert_eq!(*asked.lock(), [""; 0]);
    let refused = forbidden(get(&http, "https://metadata.example.org").await);
    assert_eq!(refused, Forbidden::Never("link-local"));
    assert_eq!(*asked.lock(), ["metadata.example.org"]);
}

#[tokio::test]
async fn plain_http_is_spoken_where_it_is_allowed_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://s3.test:{}", listener.local_addr().unwrap().port());
    let (lookup, _) = scripted(&[&["127.0.0.1"]]);
    let elsewhere = AddressRules {
        plain_http: vec!["10.0.0.0/8".parse().unwrap()],
        ..rules(&["127.0.0.1"])
    };
    let http = client(elsewhere, &lookup);
    let (outcome, connections) = answering(&listener, HELLO, get(&http, &url)).await;
    assert_eq!((forbidden(outcome), connections), (Forbidden::PlainHttp, 0));
}

/// The first answer is one that is allowed, as a public one would be; the next is not.
#[tokio::test]
async fn a_name_that_changes_its_address_gains_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://s3.test:{}", listener.local_addr().unwrap().port());
    let (lookup, asked) = scripted(&[&["127.0.0.1"], &["127.0.0.2"], &["10.0.0.1", "127.0.0.1"]]);
    let http = client(rules(&["127.0.0.1"]), &lookup);
    let (outcome, connections) = answering(&listener, HELLO, get(&http, &url)).await;
    assert_eq!((&body(outcome)[..], connections), (&b"hello"[..], 1));
    assert_eq!(
        asked.lock().len(),
        1,
        "a second look-up could answer otherwise"
    );
    let (outcome, connections) = answering(&listener, HELLO, get(&http, &url)).await;
    assert_eq!(
        (forbidden(outcome), connections),
        (Forbidden::Private("of the server itself"), 0)
    );
    assert_eq!(asked.lock().len(), 2);
    let (outcome, connections) = answering(&listener, HELLO, get(&http, &url)).await;
    assert_eq!((&body(outcome)[..], connections), (&b"hello"[..], 1));
}

#[tokio::test]
async fn a_store_sends_nobody_elsewhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\
         connection: close\r\n\r\n",
        other.local_addr().unwrap()
    );
    let http = client(rules(&["127.0.0.0/8"]), &resolve::system());
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Box::pin(answering(&listener, &answer, get(&http, &url)));
    let ((outcome, connections), led_away) = answering(&other, HELLO, asked).await;
    assert!(
        matches!(
            outcome,
            Err(Failure::Final(Error::Refused { status: 307, .. }))
        ),
        "it was followed"
    );
    assert_eq!((connections, led_away), (1, 0));
}

#[tokio::test]
async fn an_endpoint_is_checked_before_it_is_registered() {
    let (lookup, asked) = scripted(&[]);
    let http = client(rules(&["10.0.0.0/8"]), &lookup);
    let check = |url: &str| match http.check_endpoint(url) {
        Ok(()) => Ok(()),
        Err(Error::Forbidden(forbidden)) => Err(forbidden),
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(check("https://s3.example.org"), Ok(()));
    assert_eq!(check("http://10.0.0.1:9000"), Ok(()));
    assert_eq!(check("http://minio.internal:9000"), Ok(()));
    assert_eq!(check("http://52.218.0.1"), Err(Forbidden::PlainHttp));
    assert_eq!(
        check("https://192.168.0.1"),
        Err(Forbidden::Private("in a private network"))
    );
    assert_eq!(
        check("http://169.254.169.254"),
        Err(Forbidden::Never("link-local"))
    );
    assert_eq!(check("nonsense"), Err(Forbidden::NoHost));
    assert_eq!(*asked.lock(), [""; 0], "registering looks nothing up");
}

#[tokio::test]
async fn a_refusal_gives_the_request_id_of_each_store_and_a_code_without_a_body() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let http = client(rules(&["127.0.0.0/8"]), &resolve::system());
    for (headers, id, code) in [
        (
            "x-amz-request-id: 4442587FB7D0A2F9",
            Some("4442587FB7D0A2F9"),
            None,
        ),
        ("x-guploader-uploadid: AHMx-i_E", Some("AHMx-i_E"), None),
        (
            "x-ms-request-id: 5dd2e13d-001e\r\nx-ms-error-code: AuthenticationFailed",
            Some("5dd2e13d-001e"),
            Some("AuthenticationFailed"),
        ),
        ("x-ms-request-id: not a word", None, None),
        ("server: another", None, None),
    ] {
        let answer = format!(
            "HTTP/1.1 403 Forbidden\r\n{headers}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let (outcome, _) = answering(&listener, &answer, get(&http, &url)).await;
        let Err(Failure::Final(error)) = outcome else {
            panic!("{headers}");
        };
        assert_eq!((error.request_id(), error.code()), (id, code), "{headers}");
    }
}

#[tokio::test]
async fn an_object_that_is_absent_is_told_from_a_container_that_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let http = client(rules(&["127.0.0.0/8"]), &resolve::system());
    for (code, absent) in [
        ("NoSuchKey", true),
        ("BlobNotFound", true),
        ("NoSuchBucket", false),
        ("ContainerNotFound", false),
    ] {
        let answer = format!(
            "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n<Error><Code>{code}</Code></Error>"
        );
        let (outcome, _) = answering(&listener, &answer, get(&http, &url)).await;
        assert_eq!(matches!(outcome, Ok(None)), absent, "{code}");
    }
}
