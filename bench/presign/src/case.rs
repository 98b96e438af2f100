//! What everybody signs, and how their URLs are checked.

pub mod azure;
pub mod gcs;
pub mod s3;

pub const TTL_SECONDS: u32 = 3600;

/// 1,000 keys of 60 characters which share their first 16.
pub fn keys() -> Vec<String> {
    (0..1000_u32)
        .map(|shard| {
            let run = shard.wrapping_mul(0x9e37_79b9);
            let key = format!("runs/2026-11-07/{run:08x}/checkpoints/shard-{shard:05}-of-01000.pt");
            assert_eq!(key.len(), 60);
            key
        })
        .collect()
}

/// A URL as a server receives it.
struct Wire<'a> {
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Wire<'a> {
    fn new(url: &'a str) -> Self {
        let rest = url.strip_prefix("https://").expect("an https URL");
        let (host, path) = rest.split_at(rest.find('/').expect("a path"));
        let (path, query) = path.split_once('?').expect("a query");
        Self { host, path, query }
    }

    /// The raw value of a query parameter.
    fn parameter(&self, name: &str) -> &'a str {
        self.query
            .split('&')
            .find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_else(|| panic!("no parameter `{name}`"))
    }
}

/// Panics unless this is the key of a URL that was to be signed.
fn assert_known(name: &str, key: Option<&str>) {
    assert!(keys().iter().any(|known| key == Some(known)), "{name}");
}
