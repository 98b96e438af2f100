//! Makes a data set: one large file, many small ones, an empty one, and names that are not plain.

use anyhow::Context as _;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use std::fs;
use std::io::Write as _;
use std::path::Path;

const LARGE_MIB: u64 = 300;
const SMALL_FILES: u32 = 500;

/// Writes the data set beneath `root`; nothing in it compresses, and no two sets share content.
pub(super) fn make(root: &Path) -> anyhow::Result<()> {
    let random = SystemRandom::new();
    let images = root.join("images");
    fs::create_dir_all(&images)?;
    large(&root.join("archive.bin"), &random)?;
    for number in 0..SMALL_FILES {
        let folder = images.join(format!("class {:02}", number % 10));
        fs::create_dir_all(&folder)?;
        let mut bytes = vec![0; 200 + number as usize * 37];
        fill(&random, &mut bytes)?;
        fs::write(folder.join(format!("{number:05}.jpg")), bytes)?;
    }
    fs::write(root.join("empty"), "")?;
    for name in [
        "read me first.txt",
        "größe.txt",
        "数据集.json",
        "gro\u{308}\u{df}e-nfd.txt",
        "100% + #1?.txt",
        "🖼.txt",
    ] {
        fs::write(root.join(name), format!("this file is called {name}\n"))?;
    }
    Ok(())
}

fn large(path: &Path, random: &SystemRandom) -> anyhow::Result<()> {
    let mut file = fs::File::create(path)?;
    let mut chunk = vec![0; 1 << 20];
    for _ in 0..LARGE_MIB {
        fill(random, &mut chunk)?;
        file.write_all(&chunk)?;
    }
    Ok(())
}

fn fill(random: &SystemRandom, bytes: &mut [u8]) -> anyhow::Result<()> {
    random
        .fill(bytes)
        .ok()
        .context("the system has no randomness to give")
}
