//! A broker and a store of any kind behind a line that can be slow, and files to move over it.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "every test binary uses its own part of this"
)]

#[path = "world.rs"]
pub(crate) mod world;

use client::Api;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use testkit::process::Broker;
use testkit::proxy::Proxy;
use testkit::store::{Kind, TestStore};
use world::{SIGNET, enlist, install_crypto, join, noise, signet};

/// Makes a test of each scenario on each kind of store.
macro_rules! on_each_store {
    ($($scenario:ident)*) => {$(
        mod $scenario {
            use testkit::store::Kind;

            #[tokio::test(flavor = "multi_thread")]
            async fn on_s3() {
                super::$scenario(Kind::S3).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_gcs() {
                super::$scenario(Kind::GcsHmac).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_gcs_by_a_service_accounts_key() {
                super::$scenario(Kind::GcsRsa).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_seaweedfs() {
                super::$scenario(Kind::SeaweedFs).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_azurite() {
                super::$scenario(Kind::Azurite).await;
            }
        }
    )*};
}
pub(crate) use on_each_store;

/// How much is moved: little in a test, a lot in a long one, as the environment says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) small_files: u64,
    pub(crate) large_bytes: u64,
    /// A file of zeros, where there is room for one; 0 for none.
    pub(crate) sparse_bytes: u64,
    /// The large file of transfers that are killed.
    pub(crate) killed_bytes: u64,
    /// The large file of transfers that outlive their credentials.
    pub(crate) rotated_bytes: u64,
}

impl Sizes {
    pub(crate) fn of_environment() -> Self {
        let number = |name: &str, usual: u64| {
            #[expect(clippy::disallowed_methods, reason = "a setting of tests")]
            let text = std::env::var(name);
            text.map_or(usual, |text| text.parse().unwrap())
        };
        Self {
            small_files: number("SIGNET_TEST_SMALL_FILES", 40),
            large_bytes: number("SIGNET_TEST_LARGE_BYTES", 80 << 20),
            sparse_bytes: number("SIGNET_TEST_SPARSE_BYTES", 0),
            killed_bytes: number("SIGNET_TEST_KILLED_BYTES", 48 << 20),
            rotated_bytes: number("SIGNET_TEST_ROTATED_BYTES", 160 << 20),
        }
    }
}

/// A broker, a store behind a proxy, and the team `vision` with the member `ada`.
pub(crate) struct Line {
    pub(crate) broker: Broker,
    pub(crate) store: TestStore,
    pub(crate) proxy: Proxy,
    pub(crate) token: String,
}

impl Line {
    /// `None` where no store of this kind runs.
    pub(crate) async fn begin(kind: Kind, settings: &[(&str, &str)]) -> Option<Self> {
        install_crypto();
        let store = TestStore::of(kind).await.unwrap()?;
        let proxy = Proxy::before(store.container.address().unwrap()).unwrap();
        let mut broker = Broker::new(SIGNET, None).unwrap();
        for (name, value) in settings {
            broker = broker.with(name, value);
        }
        broker.start().unwrap();
        let container = store.container.at(proxy.address()).unwrap();
        let token = join(&broker, &container.registration("vision").unwrap(), "ada").await;
        Some(Self {
            broker,
            store,
            proxy,
            token,
        })
    }

    pub(crate) fn api(&self) -> Api {
        self.broker.api(&self.token).unwrap()
    }

    /// `signet` as ada would call it.
    pub(crate) fn signet(&self, arguments: &[&str]) -> Command {
        signet(&self.broker, &self.token, arguments)
    }

    /// Another member's token.
    pub(crate) async fn another(&self, name: &str) -> String {
        enlist(&self.broker, &"vision".parse().unwrap(), name).await
    }
}

/// Tells a figure of a long test.
#[expect(clippy::print_stdout, reason = "it is shown by `make test-long`")]
pub(crate) fn tell(figure: &str) {
    println!("{figure}");
}

/// Writes a file of noise without holding all of it.
pub(crate) fn write_noise(path: &Path, seed: u64, bytes: u64) {
    let mut file = std::fs::File::create(path).unwrap();
    let (mut left, mut number) = (bytes, 0);
    while left > 0 {
        let length = left.min(8 << 20);
        let chunk = noise(seed * 1_000_003 + number, usize::try_from(length).unwrap());
        file.write_all(&chunk).unwrap();
        (left, number) = (left - length, number + 1);
    }
}

/// A file that takes no room where it lies.
pub(crate) fn write_sparse(path: &Path, bytes: u64) {
    std::fs::File::create(path).unwrap().set_len(bytes).unwrap();
}

/// Compares two folders, every byte; returns the number of files.
pub(crate) fn assert_same(one: &Path, other: &Path) -> u64 {
    let names = |folder: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let here = names(one);
    assert_eq!(here, names(other), "{}", one.display());
    let mut files = 0;
    for name in here {
        let (left, right) = (one.join(&name), other.join(&name));
        if left.is_dir() {
            files += assert_same(&left, &right);
        } else {
            assert_same_file(&left, &right);
            files += 1;
        }
    }
    files
}

fn assert_same_file(one: &Path, other: &Path) {
    let length = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert_eq!(length(one), length(other), "{}", one.display());
    let open = |path: &Path| std::fs::File::open(path).unwrap();
    let (mut left, mut right) = (open(one), open(other));
    let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut at = 0;
    loop {
        let read = left.read(&mut a).unwrap();
        if read == 0 {
            return;
        }
        right.read_exact(&mut b[..read]).unwrap();
        assert!(a[..read] == b[..read], "{} at {at}", one.display());
        at += read;
    }
}
