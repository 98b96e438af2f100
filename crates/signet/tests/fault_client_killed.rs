//! The client killed at seeded points of an upload: putting again finishes it, and no part that the
//! store had verified is sent twice, by the bytes in the store's log.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/world.rs"]
mod support;

use devstore::DevStore;
use std::collections::BTreeMap;
use std::process::Child;
use std::time::{Duration, Instant};
use support::{World, noise, write};

const POINTS: u64 = 50;
const CONTAINER: &str = "team-vision";
const LARGE: u64 = 33 << 20;
const SMALL: u64 = 3000;
const SMALL_FILES: u64 = 5;

/// A number that looks like nothing, the same for the same seed.
fn seeded(seed: u64) -> u64 {
    let bytes = noise(seed, 16);
    let last = bytes.last_chunk().unwrap();
    u64::from_le_bytes(*last)
}

/// Where an upload is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// When the store has answered so many requests since it began.
    Requests(u64),
    /// When the store has received so many bytes since then.
    Bytes(u64),
}

impl Point {
    /// Half of the points lie between two requests, half within the bodies.
    fn of(number: u64) -> Self {
        if number.is_multiple_of(2) {
            Self::Requests(seeded(number) % 12)
        } else {
            Self::Bytes(seeded(number) % (LARGE + SMALL * SMALL_FILES))
        }
    }

    /// What the store has seen by now, in the point's own unit.
    fn seen(self, store: &DevStore) -> u64 {
        let requests = store.requests();
        match self {
            Self::Requests(_) => requests.total(),
            Self::Bytes(_) => requests.received_bytes.values().sum(),
        }
    }

    fn after(self) -> u64 {
        match self {
            Self::Requests(after) | Self::Bytes(after) => after,
        }
    }
}

/// Kills the upload at its point. False when it ended before.
async fn kill_at(point: Point, before: u64, store: &DevStore, put: &mut Child) -> bool {
    let begun = Instant::now();
    while point.seen(store) < before + point.after() {
        if put.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "the upload stands still"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    put.kill().unwrap();
    put.wait().unwrap().code().is_none()
}

/// What the store took: bytes by key and part (0 for a whole object), once for each line with status
/// 200 in its log.
fn taken(log: &str) -> BTreeMap<(String, u64), Vec<u64>> {
    let mut taken: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for line in log.lines() {
        // … operation key "request" status error-code bytes-sent object-size …
        let mut quoted = line.split('"');
        let (head, request, rest) = (quoted.next(), quoted.next(), quoted.next());
        let head: Vec<&str> = head.unwrap().split_whitespace().collect();
        let rest: Vec<&str> = rest.unwrap().split_whitespace().collect();
        let (operation, key) = (head[7], head[8]);
        if !matches!(operation, "REST.PUT.PART" | "REST.PUT.OBJECT") || rest[0] != "200" {
            continue;
        }
        let part = request.unwrap().split(['?', '&', ' ']);
        let mut part = part.filter_map(|field| field.strip_prefix("partNumber="));
        let part = part.next().map_or(0, |number| number.parse().unwrap());
        let bytes = rest[3].parse().unwrap();
        taken.entry((key.to_owned(), part)).or_default().push(bytes);
    }
    taken
}

/// The sum of the bytes of what fits.
fn sum(taken: &BTreeMap<(String, u64), Vec<u64>>, fits: impl Fn(&(String, u64)) -> bool) -> u64 {
    let fitting = taken.iter().filter(|(what, _)| fits(what));
    fitting.flat_map(|(_, bytes)| bytes).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_a_killed_upload_is_finished_without_sending_a_verified_part_twice() {
    let world = World::begin(None).await;
    let (mut killed, mut taken_up) = (0, 0);
    for number in 0..POINTS {
        let data = tempfile::tempdir().unwrap();
        let size_bytes = LARGE + number;
        let large = noise(100 + number, usize::try_from(size_bytes).unwrap());
        write(data.path(), "large.bin", &large);
        for small in 0..SMALL_FILES {
            let bytes = noise(1000 + number * 10 + small, usize::try_from(SMALL).unwrap());
            write(data.path(), &format!("small/{small}"), &bytes);
        }
        let source = data.path().to_str().unwrap();
        let artifact = format!("vision/p/point-{number}");
        let point = Point::of(number);
        let logged = world.access_log().len();
        let before = point.seen(&world.store);
        let mut put = world.signet(&["put", source, &artifact]).spawn().unwrap();
        killed += u32::from(kill_at(point, before, &world.store, &mut put).await);
        let at_kill = taken(&world.access_log()[logged..]);
        let again = world.signet(&["put", source, &artifact]).output().unwrap();
        assert!(
            again.status.success(),
            "{point:?}: {}",
            String::from_utf8_lossy(&again.stderr)
        );

        let in_all = taken(&world.access_log()[logged..]);
        let is_part = |(_, part): &(String, u64)| *part > 0;
        // What was verified when the client died was sent once; only what was still in flight then may
        // have been sent again
        let mut repeated = 0;
        for (what, bytes) in &in_all {
            let again = bytes.len() - 1;
            assert!(
                again == 0 || !at_kill.contains_key(what),
                "{point:?}: {what:?} was verified and sent again"
            );
            repeated += bytes[0] * again as u64;
        }
        let in_parts = sum(&in_all, is_part);
        let small = |(key, part): &(String, u64)| *part == 0 && key.contains("/objects/");
        assert_eq!(
            in_parts + sum(&in_all, small),
            size_bytes + SMALL * SMALL_FILES + repeated,
            "{point:?}: {in_all:?}"
        );
        // And of what was broken off, no more arrived than was missing then
        let verified = sum(&at_kill, is_part);
        taken_up += u32::from(verified > 0 && verified < size_bytes);
        let (key, _) = in_all.keys().find(|what| is_part(what)).unwrap();
        let arrived = world.store.requests().received(CONTAINER, key);
        assert!(
            arrived <= size_bytes + (size_bytes - verified),
            "{point:?}: {arrived} bytes for {size_bytes}, of which {verified} were verified"
        );

        let copy = tempfile::tempdir().unwrap();
        let get = ["get", &artifact, copy.path().to_str().unwrap()];
        let get = world.signet(&get).output().unwrap();
        assert!(
            get.status.success(),
            "{point:?}: {}",
            String::from_utf8_lossy(&get.stderr)
        );
        assert!(std::fs::read(copy.path().join("large.bin")).unwrap() == large);
    }
    assert!(killed >= 30, "only {killed} uploads were killed");
    assert!(
        taken_up >= 8,
        "only {taken_up} uploads had some of their parts when they were killed"
    );
}
