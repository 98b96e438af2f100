//! Loads an HTTP server: prebuilt requests over connections that are kept alive.
//!
//! As thin as it can be, because it shares the machine with what it measures.

use hdrhistogram::Histogram;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// What to send, where to, and over how many connections.
#[derive(Debug, Clone)]
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// The whole request with its head, as bytes on the wire.
    pub request: Vec<u8>,
    /// Number of connections.
    pub connections: u32,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Number of answers with status 200.
    pub answers: u64,
    /// Time from the first request to the last answer.
    pub elapsed: Duration,
    /// Latencies in microseconds: from when a request was due to the end of its answer.
    pub latency_us: Histogram<u64>,
}

impl Outcome {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a count of answers is far below 2^52"
        )]
        let answers = self.answers as f64;
        answers / self.elapsed.as_secs_f64()
    }

    /// A quantile of the latencies, in milliseconds.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a latency is far below 2^52 microseconds"
        )]
        let us = self.latency_us.value_at_quantile(quantile) as f64;
        us / 1000.0
    }
}

impl Load {
    /// Builds a `POST` with a JSON body and a token.
    pub fn post(
        address: SocketAddr,
        path: &str,
        token: &str,
        body: &str,
        connections: u32,
    ) -> Self {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Self {
            address,
            request: request.into_bytes(),
            connections,
        }
    }

    /// Closed loop: each connection sends its next request when the answer is there.
    ///
    /// # Errors
    /// When a connection breaks, or an answer is not 200.
    pub async fn closed(&self, duration: Duration) -> io::Result<Outcome> {
        self.run(duration, None).await
    }

    /// Open loop: requests are due at a steady rate, whether or not earlier ones were answered; a
    /// request that has to wait for its connection is late, and its latency says so.
    ///
    /// # Errors
    /// When a connection breaks, or an answer is not 200.
    pub async fn open(&self, requests_per_second: f64, duration: Duration) -> io::Result<Outcome> {
        let interval = Duration::from_secs_f64(f64::from(self.connections) / requests_per_second);
        self.run(duration, Some(interval)).await
    }

    async fn run(&self, duration: Duration, interval: Option<Duration>) -> io::Result<Outcome> {
        let mut streams = Vec::new();
        for _ in 0..self.connections {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for (number, stream) in (0..).zip(streams) {
            // Spread over one interval, so that not all are due at once
            let first = interval.map_or(begun, |interval| {
                begun + interval * number / self.connections
            });
            let connection = Connection {
                stream,
                buffer: Vec::with_capacity(16 * 1024),
                latency_us: histogram(),
                answers: 0,
            };
            tasks.spawn(connection.drive(self.request.clone(), first, begun + duration, interval));
        }
        let mut outcome = Outcome {
            answers: 0,
            elapsed: Duration::ZERO,
            latency_us: histogram(),
        };
        while let Some(done) = tasks.join_next().await {
            let connection = done.map_err(io::Error::other)??;
            outcome.answers += connection.answers;
            outcome
                .latency_us
                .add(&connection.latency_us)
                .map_err(io::Error::other)?;
        }
        outcome.elapsed = begun.elapsed();
        Ok(outcome)
    }
}

fn histogram() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "three significant digits are allowed")]
    Histogram::new(3).expect("a valid precision")
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    latency_us: Histogram<u64>,
    answers: u64,
}

impl Connection {
    async fn drive(
        mut self,
        request: Vec<u8>,
        first: Instant,
        end: Instant,
        interval: Option<Duration>,
    ) -> io::Result<Self> {
        let mut due = first;
        while due < end {
            match interval {
                Some(_) => sleep_until(due).await,
                None => due = Instant::now(),
            }
            self.stream.write_all(&request).await?;
            self.answer().await?;
            self.answers += 1;
            let latency = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.latency_us.saturating_record(latency);
            due = interval.map_or_else(Instant::now, |interval| due + interval);
        }
        Ok(self)
    }

    /// Reads one answer to its end.
    async fn answer(&mut self) -> io::Result<()> {
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut head = httparse::Response::new(&mut headers);
            let httparse::Status::Complete(head_bytes) =
                head.parse(&self.buffer).map_err(io::Error::other)?
            else {
                continue;
            };
            if head.code != Some(200) {
                let text = String::from_utf8_lossy(&self.buffer).into_owned();
                return Err(io::Error::other(format!("the answer is not 200: {text}")));
            }
            let length = head
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let length: usize = length
                .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok())
                .ok_or_else(|| io::Error::other("the answer has no content-length"))?;
            while self.buffer.len() < head_bytes + length {
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            return Ok(());
        }
    }
}
