//! Where requests come from, and from where what may be asked.

use super::Denial::{self, Forbidden};
use super::{Caller, Question, Rule, Standing, TeamFacts};
use protocol::Network;
use std::net::IpAddr;
use std::sync::Arc;

/// Where a request came from, and from where the instance may be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// The address, as far as trusted proxies tell. `None` lies in no network.
    pub address: Option<IpAddr>,
    /// The networks that the instance may be asked from; `None`: all.
    pub allowed: Option<Arc<[Network]>>,
}

impl Source {
    /// Whether the instance may be asked from here. An instance admin always may from the machine
    /// itself, so that a list that locks everybody out does not lock out who can mend it.
    pub(super) fn admits(&self, standing: &Standing) -> Result<(), Denial> {
        let is_in = |list: &[Network]| self.lies_in(list);
        let from_the_machine =
            || standing.instance_admin && self.address.is_some_and(|address| address.is_loopback());
        if self.allowed.as_deref().is_none_or(is_in) || from_the_machine() {
            Ok(())
        } else {
            Err(Forbidden(Rule::NetworkNotAllowed))
        }
    }

    /// Whether what is asked about a team may be asked from here, and its URLs be used from where they
    /// are to be. An address must be in every list that is set.
    pub(super) fn reaches(
        &self,
        team: &TeamFacts,
        standing: &Standing,
        question: &Question,
    ) -> Result<(), Denial> {
        if !question.touches_data() {
            return Ok(());
        }
        let is_set = |list: &&[Network]| !list.is_empty();
        let bucket = team.bucket.as_deref();
        let lists = [
            Some(&*team.allowed_networks).filter(is_set),
            bucket
                .map(|bucket| &*bucket.allowed_networks)
                .filter(is_set),
            team.limits.allowed_networks.as_deref(),
            standing.limits.allowed_networks.as_deref(),
        ];
        let mut lists = lists.into_iter().flatten();
        if !lists.clone().all(|list| self.lies_in(list)) {
            return Err(Forbidden(Rule::NetworkNotAllowed));
        }
        let Some(pin) = question.pinned_to else {
            return Ok(());
        };
        let holds = |list: &[Network]| list.iter().any(|network| network.covers(pin));
        if lists.all(holds) && self.allowed.as_deref().is_none_or(holds) {
            Ok(())
        } else {
            Err(Forbidden(Rule::PinNotAllowed))
        }
    }

    fn lies_in(&self, list: &[Network]) -> bool {
        self.address
            .is_some_and(|address| list.iter().any(|network| network.contains(address)))
    }
}

/// Whether the caller may ask the instance from where it is. Part of every decision; asked on its own
/// before anything is looked up, so that nobody elsewhere learns what exists.
///
/// # Errors
/// The rule that said no.
pub fn admit(caller: &Caller) -> Result<(), Denial> {
    caller.source.admits(&caller.standing)
}
