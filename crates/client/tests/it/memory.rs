//! Memory does not grow with the size of what is moved.

use crate::fake::Fake;
use crate::put::{get_options, options};
use client::NoProgress;

const SIZE_BYTES: u64 = 200 << 20;

/// The most memory that this process ever had, in bytes.
#[cfg(target_os = "linux")]
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kibibytes = line.split_whitespace().nth(1).unwrap();
    kibibytes.parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn two_hundred_mebibytes_pass_through_a_few() {
    let fake = Fake::start();
    fake.world().discard = true;
    let api = fake.api();
    let source = tempfile::tempdir().unwrap();
    let sparse = std::fs::File::create(source.path().join("sparse")).unwrap();
    sparse.set_len(SIZE_BYTES).unwrap();
    let before = peak_bytes();
    let outcome = client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(outcome.uploaded_bytes, SIZE_BYTES);
    assert_eq!(fake.world().taken_bytes(), SIZE_BYTES);
    let target = tempfile::tempdir().unwrap();
    let got = client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(got.downloaded_bytes, SIZE_BYTES);
    let grown = peak_bytes().saturating_sub(before);
    println!("peak {} MiB more than before", grown >> 20);
    // Other tests may run in the same process; none of them moves as much
    assert!(grown < SIZE_BYTES / 2, "{} MiB more", grown >> 20);
}
