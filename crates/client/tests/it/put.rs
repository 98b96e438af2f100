//! Putting artifacts: what goes up, what does not, and taking up again.

use crate::fake::{Fake, Hit};
use client::{Error, GetOptions, NoProgress, Progress, PutOptions, Status};
use http::Method;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const MIB: usize = 1 << 20;

pub(crate) fn options(source: &Path) -> PutOptions {
    PutOptions::new(source, "vision/imagenet/train".parse().unwrap())
}

pub(crate) fn get_options(directory: &Path) -> GetOptions {
    GetOptions::new("vision/imagenet/train".parse().unwrap(), directory)
}

pub(crate) async fn failed_put(fake: &Fake, source: &Path) -> Error {
    let outcome = client::put(&fake.api(), options(source), &NoProgress).await;
    outcome.unwrap_err()
}

/// Bytes that differ from place to place.
pub(crate) fn pattern(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut block = Vec::with_capacity(64 << 10);
    while block.len() < 64 << 10 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        block.extend_from_slice(&state.to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(length + block.len());
    while bytes.len() < length {
        // No two blocks are alike
        let at = bytes.len() as u64;
        block[..8].copy_from_slice(&(at ^ state).to_le_bytes());
        bytes.extend_from_slice(&block);
    }
    bytes.truncate(length);
    bytes
}

pub(crate) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

pub(crate) fn make_tree(root: &Path) {
    fs::create_dir_all(root.join("train/images ü")).unwrap();
    fs::create_dir(root.join("nothing")).unwrap();
    for n in 0..50 {
        let name = format!("train/images ü/{n:04} #?%2F+.jpg");
        fs::write(
            root.join(name),
            pattern(n, 1_000 + usize::try_from(n).unwrap()),
        )
        .unwrap();
    }
    fs::write(root.join("empty"), b"").unwrap();
    fs::write(root.join("empty too"), b"").unwrap();
    fs::write(root.join("e\u{301}"), b"decomposed").unwrap();
    fs::write(root.join("\u{e9}"), b"composed").unwrap();
    fs::write(root.join("copy of 0"), pattern(0, 1_000)).unwrap();
}

#[tokio::test]
async fn what_is_put_comes_back_and_a_second_put_sends_nothing() {
    let fake = Fake::start();
    let api = fake.api();
    let source = tempfile::tempdir().unwrap();
    make_tree(source.path());
    let outcome = client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!((outcome.file_count, outcome.empty_directories), (55, 1));
    assert_eq!(outcome.deduplicated_bytes, 1_000, "the copy went up");
    assert_eq!(
        outcome.uploaded_bytes + outcome.deduplicated_bytes,
        outcome.size_bytes
    );
    assert_eq!(outcome.version.index, Some(0));
    {
        let world = fake.world();
        let puts = world.stored(&Method::PUT);
        // 50 images, 2 of the forms of é, and one of the two empty files
        assert_eq!(puts.len(), 53);
        assert_eq!(world.taken_bytes(), outcome.uploaded_bytes);
        assert!(
            puts.iter()
                .any(|hit| hit.header("content-length") == Some("0"))
        );
    }

    let target = tempfile::tempdir().unwrap();
    let copy = target.path().join("copy");
    let got = client::get(&api, get_options(&copy), &NoProgress)
        .await
        .unwrap();
    assert_eq!(tree(&copy), tree(source.path()));
    assert_eq!((got.file_count, got.size_bytes), (55, outcome.size_bytes));
    assert_eq!(got.downloaded_bytes, outcome.size_bytes);

    let sent = fake.world().stored(&Method::PUT).len();
    let again = client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert!(again.unchanged);
    assert_eq!(again.uploaded_bytes, 0);
    assert_eq!(again.deduplicated_bytes, outcome.size_bytes);
    assert_eq!(fake.world().stored(&Method::PUT).len(), sent);

    let fetched = fake.world().stored(&Method::GET).len();
    fs::write(copy.join("empty too"), b"changed").unwrap();
    let got = client::get(&api, get_options(&copy), &NoProgress)
        .await
        .unwrap();
    assert_eq!(got.unchanged_files, 54);
    assert_eq!(got.downloaded_bytes, 0);
    assert_eq!(fake.world().stored(&Method::GET).len(), fetched);
    assert_eq!(tree(&copy), tree(source.path()));
}

#[tokio::test]
async fn names_that_cannot_go_up_are_told_before_anything_is_sent() {
    let fake = Fake::start();
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("good"), b"1").unwrap();
    fs::write(source.path().join("back\\slash"), b"1").unwrap();
    let Error::Names(names) = failed_put(&fake, source.path()).await else {
        panic!("another error");
    };
    assert_eq!(names.problems.len(), 1);
    assert_eq!(names.problems[0].name, "back\\slash");
    assert!(fake.world().log.is_empty());

    let mut with_version = options(source.path());
    with_version.target.version = Some("v3".parse().unwrap());
    let error = client::put(&fake.api(), with_version, &NoProgress)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Setup { .. }), "{error}");
}

#[tokio::test]
async fn a_large_file_goes_up_in_parts_and_only_those_that_are_missing() {
    let fake = Fake::start();
    let api = fake.api();
    let source = tempfile::tempdir().unwrap();
    let content = pattern(3, 40 * MIB + 5);
    fs::write(source.path().join("large"), &content).unwrap();
    fs::write(source.path().join("large copy"), &content).unwrap();
    fs::write(source.path().join("small"), b"1").unwrap();
    let outcome = client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(outcome.uploaded_bytes, (40 * MIB + 6) as u64);
    assert_eq!(fake.world().stored(&Method::PUT).len(), 4);

    // Killed when the second part of the next version's file has begun
    let mut changed = content;
    *changed.last_mut().unwrap() ^= 1;
    fs::write(source.path().join("large"), &changed).unwrap();
    let mut one_by_one = options(source.path());
    one_by_one.parallelism.parts = 1;
    let there = (40 * MIB + 6) as u64;
    let progress = Stop::after(there + 16 * MIB as u64 + 1);
    tokio::select! {
        done = client::put(&api, one_by_one, &progress) => {
            done.unwrap();
            panic!("the put was over before it was killed");
        }
        () = progress.reached() => {}
    }
    let issued = fake.world().issued;
    let outcome = client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    let mut numbers: Vec<_> = sent_since(&fake, issued)
        .iter()
        .map(|hit| hit.part)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [Some(2), Some(3)]);
    assert_eq!(outcome.uploaded_bytes, (24 * MIB + 5) as u64);
    assert_eq!(outcome.version.index, Some(1));
    let target = tempfile::tempdir().unwrap();
    client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(tree(target.path()), tree(source.path()));
}

/// What the store took by URLs that were given out after so many.
fn sent_since(fake: &Fake, issued: u64) -> Vec<Hit> {
    let puts = fake.world().stored(&Method::PUT);
    let since = |hit: &Hit| hit.status == 200 && hit.signature > Some(issued);
    puts.into_iter().filter(since).collect()
}

/// Says when so many bytes were moved.
pub(crate) struct Stop {
    after_bytes: u64,
    reached: tokio::sync::Notify,
}

impl Stop {
    pub(crate) fn after(after_bytes: u64) -> Self {
        Self {
            after_bytes,
            reached: tokio::sync::Notify::new(),
        }
    }

    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }
}

impl Progress for Stop {
    fn update(&self, status: &Status) {
        if status.bytes_done >= self.after_bytes {
            self.reached.notify_one();
        }
    }
}

#[tokio::test]
async fn a_put_that_is_killed_at_any_point_is_finished_by_the_next() {
    let source = tempfile::tempdir().unwrap();
    for n in 0..200 {
        fs::write(source.path().join(format!("{n}")), pattern(n, 2_000)).unwrap();
    }
    fs::write(source.path().join("large"), pattern(999, 33 * MIB)).unwrap();
    let total = (33 * MIB + 400_000) as u64;
    for step in [1, 3, 7, 9] {
        let fake = Fake::start();
        let api = fake.api();
        let progress = Stop::after(total / 10 * step);
        tokio::select! {
            done = client::put(&api, options(source.path()), &progress) => {
                done.unwrap();
                panic!("the put was over before it was killed");
            }
            () = progress.reached() => {}
        }
        let (issued, verified, parts) = {
            let world = fake.world();
            let verified: HashSet<_> = world.index.keys().copied().collect();
            let uploads = world.uploads.values();
            let parts: HashSet<_> = uploads
                .flat_map(|upload| upload.parts.keys().copied())
                .collect();
            (world.issued, verified, parts)
        };
        let outcome = client::put(&api, options(source.path()), &NoProgress)
            .await
            .unwrap();
        for hit in sent_since(&fake, issued) {
            if let Some(number) = hit.part {
                assert!(!parts.contains(&number), "part {number} went up twice");
            } else {
                let object = hit.path.rsplit('/').next().unwrap().parse().unwrap();
                let (_, digest) = fake.world().announced[&object];
                assert!(!verified.contains(&digest), "{digest} went up twice");
            }
        }
        assert_eq!(outcome.file_count, 201);
    }
}

#[tokio::test]
async fn progress_adds_up() {
    struct Last(AtomicU64, AtomicU64);
    impl Progress for Last {
        fn update(&self, status: &Status) {
            assert!(status.bytes_done <= status.bytes_total);
            assert!(status.files_done <= status.files_total);
            self.0.store(status.bytes_done, Ordering::Relaxed);
            self.1.store(status.bytes_hashed, Ordering::Relaxed);
        }
    }
    let fake = Fake::start();
    let source = tempfile::tempdir().unwrap();
    make_tree(source.path());
    let last = Last(AtomicU64::new(0), AtomicU64::new(0));
    let outcome = client::put(&fake.api(), options(source.path()), &last)
        .await
        .unwrap();
    assert_eq!(last.0.into_inner(), outcome.size_bytes);
    assert_eq!(last.1.into_inner(), outcome.size_bytes);
}
