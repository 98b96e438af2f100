//! What the providers of credentials see of the world: the environment, files, and HTTP.

use super::wire::{Reach, Wire};
use crate::clock::Clock;
use crate::stores::lender::Keeper;
use reqsign_core::{Context, Env, OsEnv};
use reqsign_file_read_tokio::TokioFileRead;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What opens the plans of all buckets.
pub(in crate::stores) struct Outside {
    /// For the server's own identity: reaches the machine's metadata.
    pub(super) own: Context,
    /// For addresses that a plan or a bucket names: does not.
    pub(super) named: Context,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keeper: Arc<Keeper>,
}

impl std::fmt::Debug for Outside {
    /// The providers show what they hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}

impl Outside {
    pub(in crate::stores) fn new(clock: Arc<dyn Clock>) -> Self {
        let context = Context::new().with_env(OsEnv).with_file_read(TokioFileRead);
        let own = context.clone().with_http_send(Wire::new(Reach::Machine));
        let named = context.with_http_send(Wire::new(Reach::Network));
        Self::with(own, named, clock)
    }

    pub(super) fn with(own: Context, named: Context, clock: Arc<dyn Clock>) -> Self {
        Self {
            own,
            named,
            keeper: Keeper::new(Arc::clone(&clock)),
            clock,
        }
    }
}

/// An environment in which some variables are set, and others are not there.
pub(super) struct Overlay {
    pub(super) beneath: Context,
    pub(super) set: HashMap<&'static str, String>,
    pub(super) hidden: &'static [&'static str],
}

impl std::fmt::Debug for Overlay {
    /// The providers show what they hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay").finish_non_exhaustive()
    }
}

impl Env for Overlay {
    fn var(&self, key: &str) -> Option<String> {
        match self.set.get(key) {
            Some(value) => Some(value.clone()),
            None if self.hidden.contains(&key) => None,
            None => self.beneath.env_var(key),
        }
    }

    fn vars(&self) -> HashMap<String, String> {
        let mut vars = self.beneath.env_vars();
        vars.retain(|key, _| !self.hidden.contains(&key.as_str()));
        let set = self.set.iter();
        vars.extend(set.map(|(key, value)| ((*key).to_owned(), value.clone())));
        vars
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.beneath.home_dir()
    }
}
