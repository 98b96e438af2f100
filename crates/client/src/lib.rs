//! Client of Signet: the typed API, and a transfer engine that moves artifacts and plain objects
//! between a folder and a team's bucket.
//!
//! [`Api`] has one method a route. [`put`] and [`get`] move whole artifacts, [`put_object`] and
//! [`get_object`] plain objects: in parallel, with bounded memory, every byte checked against its
//! digest, and taken up again after an interruption from what the server knows.
//!
//! ```no_run
//! use client::{Api, GetOptions, NoProgress, PutOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let token = "signet-0123456789abcdefghijklmnopqrstuvwxyzABCD".parse()?;
//! let api = Api::new("https://signet.example.com", token)?;
//!
//! let put = PutOptions::new("data/train", "vision/imagenet/train".parse()?);
//! let stored = client::put(&api, put, &NoProgress).await?;
//! println!("{} bytes went up", stored.uploaded_bytes);
//!
//! let get = GetOptions::new("vision/imagenet/train:latest".parse()?, "copy");
//! client::get(&api, get, &NoProgress).await?;
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

pub mod api;
mod blocking;
mod body;
pub mod error;
mod get;
mod hash;
mod http_client;
mod pace;
mod plan;
mod progress;
mod put;
mod retry;
mod sink;
mod source;
mod store;
mod target;
mod token;
mod transport;

pub use api::{Api, ApiBuilder, CommitAnswer, collect_pages};
pub use error::{ApiError, Error, NameProblem, Names, Peer, Result, StoreError};
pub use get::{GetObjectOptions, GetObjectOutcome, GetOptions, GetOutcome, get, get_object};
pub use plan::Parallelism;
pub use progress::{NoProgress, Phase, Progress, Status};
pub use put::{PutObjectOptions, PutObjectOutcome, PutOptions, PutOutcome, put, put_object};
pub use retry::RetryPolicy;
pub use token::Token;
