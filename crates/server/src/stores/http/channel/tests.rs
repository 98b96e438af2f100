//! What a bucket's store can do to others, with listeners that count who comes.

use super::super::resolve;
use super::super::tests::{answering, attempt, client_with};
use super::super::{AddressRules, BreakerSettings, HttpSettings};
use super::*;
use crate::stores::Kind;
use tokio::net::TcpListener;

const HOUR: Duration = Duration::from_hours(1);
const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
const FAILING: &str =
    "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn settings(failures: u32, pause: Duration) -> HttpSettings {
    HttpSettings {
        addresses: AddressRules::default().with_loopback(),
        attempts: 1,
        first_backoff: Duration::from_millis(1),
        breaker: BreakerSettings {
            failures,
            first_pause: pause,
            longest_pause: pause,
        },
        ..HttpSettings::default()
    }
}

fn channel(settings: HttpSettings) -> Channel {
    Channel::new(client_with(settings, &resolve::system()))
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn get(channel: &Channel, url: &str) -> Result<Option<Answer>, Error> {
    let asked = channel.send(StoreOperation::GetObject, async || Ok(attempt(url)));
    asked.await
}

#[track_caller]
fn cause(outcome: Result<Option<Answer>, Error>) -> Cause {
    match outcome {
        Err(Error::Unavailable { cause, .. }) => cause,
        Err(error) => panic!("{error:?}"),
        Ok(answer) => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_left_alone() {
    let (listener, url) = listener().await;
    let channel = channel(settings(2, HOUR));
    let ask = async || get(&channel, &url).await;
    for _ in 0..2 {
        let (outcome, connections) = answering(&listener, FAILING, ask()).await;
        assert!(matches!(cause(outcome), Cause::Status { status: 500, .. }));
        assert_eq!(connections, 1);
    }
    let (outcome, connections) = answering(&listener, HELLO, ask()).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), connections), (Kind::Unavailable, 0));
    let left = error.retry_after().unwrap();
    assert!(left <= HOUR && left > HOUR / 2, "{left:?}");
}

#[tokio::test]
async fn a_store_that_answers_again_is_asked_again() {
    let (listener, url) = listener().await;
    let channel = channel(settings(1, Duration::ZERO));
    let ask = async || get(&channel, &url).await;
    for _ in 0..3 {
        let (outcome, connections) = answering(&listener, FAILING, ask()).await;
        assert!(matches!(cause(outcome), Cause::Status { .. }));
        assert_eq!(connections, 1, "one is let through once the pause is over");
    }
    for _ in 0..3 {
        let (outcome, _) = answering(&listener, HELLO, ask()).await;
        assert_eq!(&outcome.unwrap().unwrap().body[..], b"hello");
    }
    assert_eq!(channel.refusal(), None);
}

#[tokio::test]
async fn a_store_that_refuses_or_slows_down_is_not_left_alone() {
    let (listener, url) = listener().await;
    let channel = channel(settings(1, HOUR));
    for (answer, kind) in [
        ("403 Forbidden", Kind::Denied),
        ("400 Bad Request", Kind::Other),
        (
            "404 Not Found\r\nx-ms-error-code: ContainerNotFound",
            Kind::NoBucket,
        ),
        ("429 Too Many Requests", Kind::Throttled),
        ("503 Busy\r\nx-ms-error-code: ServerBusy", Kind::Throttled),
    ] {
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        for _ in 0..2 {
            let asked = get(&channel, &url);
            let (outcome, connections) = answering(&listener, &answer, asked).await;
            let error = outcome.unwrap_err();
            assert_eq!((error.kind(), connections), (kind, 1), "{error:?}");
        }
    }
    // Nor is one whose address is not allowed, however often
    for _ in 0..3 {
        let error = get(&channel, "https://10.0.0.1").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden);
    }
    assert_eq!(channel.refusal(), None);
}

#[tokio::test]
async fn a_bucket_that_hangs_takes_its_own_places_alone() {
    let (hanging, hanging_url) = listener().await;
    let (well, well_url) = listener().await;
    let narrow = HttpSettings {
        concurrency: 1,
        queue: 1,
        queue_timeout: Duration::from_millis(1),
        ..settings(1, HOUR)
    };
    let http = client_with(narrow, &resolve::system());
    let (one, other) = (Channel::new(http.clone()), Channel::new(http));
    let mut stuck = std::pin::pin!(get(&one, &hanging_url));
    let connected = tokio::select! {
        connected = hanging.accept() => connected.unwrap(),
        outcome = &mut stuck => panic!("nobody answered {outcome:?}"),
    };
    // One waits, too long; then one waits and one more does not even wait
    assert_eq!(cause(get(&one, &hanging_url).await), Cause::Busy);
    let (first, second) = tokio::join!(get(&one, &hanging_url), get(&one, &hanging_url));
    assert_eq!((cause(first), cause(second)), (Cause::Busy, Cause::Busy));
    let (outcome, _) = answering(&well, HELLO, get(&other, &well_url)).await;
    assert_eq!(&outcome.unwrap().unwrap().body[..], b"hello");
    drop(connected);
    assert_eq!(cause(stuck.await), Cause::Broken);
}

#[tokio::test]
async fn attempts_that_time_out_end_all_others() {
    // Connections are taken by the system, and nobody answers
    let (_listener, url) = listener().await;
    let channel = channel(HttpSettings {
        attempts: 10,
        request_timeout: Duration::from_millis(20),
        ..settings(3, HOUR)
    });
    let attempts = std::sync::atomic::AtomicU32::new(0);
    let outcome = channel
        .send(StoreOperation::GetObject, async || {
            attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(attempt(&url))
        })
        .await;
    assert_eq!(cause(outcome), Cause::Timeout);
    assert_eq!(attempts.into_inner(), 3);
    let resting = cause(get(&channel, &url).await);
    assert!(matches!(resting, Cause::Resting { .. }), "{resting:?}");
}

#[tokio::test]
async fn a_store_is_not_asked_sooner_than_it_says() {
    let (listener, url) = listener().await;
    let retrying = HttpSettings {
        attempts: 3,
        ..settings(1, HOUR)
    };
    for (wait, attempts, told) in [
        ("", 3, None),
        ("retry-after: 0\r\n", 3, Some(Duration::ZERO)),
        ("retry-after: 120\r\n", 1, Some(Duration::from_mins(2))),
        ("retry-after: 86400\r\n", 1, Some(Duration::from_mins(5))),
    ] {
        let answer = format!(
            "HTTP/1.1 429 Too Many Requests\r\n{wait}content-length: 0\r\nconnection: close\r\n\r\n"
        );
        let channel = channel(retrying.clone());
        let (outcome, connections) = answering(&listener, &answer, get(&channel, &url)).await;
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.retry_after(), connections),
            (told, attempts),
            "{wait}"
        );
    }
}

#[test]
fn a_caller_that_goes_away_has_told_something_after_an_attempt_in_vain() {
    let channel = channel(settings(1, HOUR));
    let mut passage = channel.pass(StoreOperation::GetObject).unwrap();
    drop(channel.pass(StoreOperation::GetObject).unwrap());
    assert_eq!(channel.refusal(), None, "nothing was found out");
    passage.in_vain = true;
    drop(passage);
    assert!(channel.refusal().is_some());
}
