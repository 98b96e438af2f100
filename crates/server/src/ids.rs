//! Makes ids and secrets: the only place with randomness.

use crate::clock::Clock;
use protocol::Id;
use protocol::token::TOKEN_PREFIX;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::Arc;

/// Makes ids from a clock and a generator.
pub struct IdMaker {
    clock: Arc<dyn Clock>,
    random: parking_lot::Mutex<StdRng>,
}

impl std::fmt::Debug for IdMaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdMaker").finish_non_exhaustive()
    }
}

impl IdMaker {
    /// An id maker seeded from the operating system.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn from_os(clock: Arc<dyn Clock>) -> Result<Self, std::io::Error> {
        let random =
            StdRng::try_from_rng(&mut rand::rngs::SysRng).map_err(std::io::Error::other)?;
        Ok(Self {
            clock,
            random: parking_lot::Mutex::new(random),
        })
    }

    /// An id maker whose ids repeat from run to run, for tests.
    pub fn seeded(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            clock,
            random: parking_lot::Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }

    /// A new id at the clock's time.
    pub fn make<K>(&self) -> Id<K> {
        let millis = u64::try_from(self.clock.now().unix_millis()).unwrap_or(0);
        Id::from_parts(millis, self.random_bytes())
    }

    /// Random bytes, fit for keys.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// The text of a new token: 256 random bits in hexadecimal behind `signet-`.
    pub fn token_secret(&self) -> String {
        format!("{TOKEN_PREFIX}{}", hex::encode(self.random_bytes::<32>()))
    }
}
