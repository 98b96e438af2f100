//! Counting instead of recording.

use protocol::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Refusals of one principal that are recorded at once.
const BURST: u64 = 100;
/// Refusals of one principal that are recorded in a second, in the long run.
const PER_SECOND: u64 = 10;
/// Networks that are told apart in one minute; the others are counted together.
const MAX_NETWORKS: usize = 10_000;

/// How many more refusals may be recorded: a bucket that fills with time, in thousandths.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    thousandths: u64,
    filled_at: Timestamp,
}

impl Pace {
    pub(super) fn full(now: Timestamp) -> Self {
        Self {
            thousandths: BURST * 1000,
            filled_at: now,
        }
    }

    fn fill(&mut self, now: Timestamp) {
        let passed = u64::try_from(now.since(self.filled_at).as_millis()).unwrap_or(u64::MAX);
        self.thousandths = self
            .thousandths
            .saturating_add(passed.saturating_mul(PER_SECOND))
            .min(BURST * 1000);
        // Also when the clock was set back: or nothing would be filled until it catches up
        self.filled_at = now;
    }

    /// Takes one, if there is one.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        match self.thousandths.checked_sub(1000) {
            Some(left) => {
                self.thousandths = left;
                true
            }
            None => false,
        }
    }

    pub(super) fn is_full(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        self.thousandths == BURST * 1000
    }
}

/// Requests by the network that they came from; `None` stands for all that are too many.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<Option<IpAddr>, u64>);

impl Counts {
    pub(super) fn add(&mut self, address: IpAddr) {
        let network = Some(network_of(address));
        let known = self.0.len() < MAX_NETWORKS || self.0.contains_key(&network);
        *self.0.entry(network.filter(|_| known)).or_default() += 1;
    }

    /// Each network in words, and how many requests came from it.
    pub(super) fn into_networks(self) -> impl Iterator<Item = (String, u64)> {
        self.0.into_iter().map(|(network, count)| {
            let network = match network {
                Some(IpAddr::V4(network)) => format!("{network}/24"),
                Some(IpAddr::V6(network)) => format!("{network}/56"),
                None => "other networks".to_owned(),
            };
            (network, count)
        })
    }
}

/// The first address of the network that one customer usually has: /24 of IPv4, /56 of IPv6.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & !0xff)),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 72 << 72)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn addresses_of_one_network_are_counted_together() {
        let mut counts = Counts::default();
        for address in [
            "203.0.113.1",
            "203.0.113.255",
            "::ffff:203.0.113.7",
            "203.0.114.1",
            "2001:db8:0:1ff::1",
            "2001:db8:0:100::2",
            "2001:db8:0:200::1",
        ] {
            counts.add(address.parse().unwrap());
        }
        let counts: Vec<_> = counts.into_networks().collect();
        let expected = [
            ("203.0.113.0/24", 3),
            ("203.0.114.0/24", 1),
            ("2001:db8:0:100::/56", 2),
            ("2001:db8:0:200::/56", 1),
        ];
        assert_eq!(counts, expected.map(|(network, n)| (network.to_owned(), n)));
    }

    #[test]
    fn a_flood_from_everywhere_takes_bounded_memory() {
        let mut counts = Counts::default();
        for n in 0..20_000_u32 {
            counts.add(IpAddr::V4(Ipv4Addr::from_bits(n << 8)));
        }
        let counts: Vec<_> = counts.into_networks().collect();
        assert_eq!(counts.len(), MAX_NETWORKS + 1);
        assert!(counts.contains(&("other networks".to_owned(), 10_000)));
    }

    #[test]
    fn a_pace_holds_in_the_long_run() {
        let begin = Timestamp::from_unix_seconds(1_790_000_000);
        let mut pace = Pace::full(begin);
        let taken = |pace: &mut Pace, at| (0..1000).filter(|_| pace.take(at)).count();
        assert_eq!(taken(&mut pace, begin), 100);
        assert_eq!(taken(&mut pace, begin.plus(Duration::from_secs(1))), 10);
        assert_eq!(taken(&mut pace, begin), 0);
        assert_eq!(taken(&mut pace, begin.plus(Duration::from_mins(1))), 100);
        assert!(!pace.is_full(begin.plus(Duration::from_secs(61))));
        assert!(pace.is_full(begin.plus(Duration::from_secs(70))));
    }
}
