//! What the probes found, while they run side by side.

use super::name::Name;
use parking_lot::Mutex;
use protocol::bucket::{Probe, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

/// What was found so far. Of two findings of one name the worse one stays.
#[derive(Debug, Default)]
pub(super) struct Findings(Mutex<BTreeMap<Name, Probe>>);

impl Findings {
    pub(super) fn ok(&self, name: Name, evidence: impl Into<String>) {
        self.add(name, Verdict::Ok, evidence.into(), None);
    }

    pub(super) fn skipped(&self, name: Name, reason: impl Into<String>) {
        self.add(name, Verdict::Skipped, reason.into(), None);
    }

    pub(super) fn warned(&self, name: Name, evidence: impl Into<String>, fix: impl Into<String>) {
        self.add(name, Verdict::Warning, evidence.into(), Some(fix.into()));
    }

    pub(super) fn failed(&self, name: Name, evidence: impl Into<String>, fix: impl Into<String>) {
        self.add(name, Verdict::Failed, evidence.into(), Some(fix.into()));
    }

    fn add(&self, name: Name, verdict: Verdict, evidence: String, fix: Option<String>) {
        let probe = Probe {
            name: name.as_str().to_owned(),
            verdict,
            evidence,
            fix,
        };
        let mut found = self.0.lock();
        match found.get(&name) {
            Some(known) if known.verdict >= verdict => {}
            _ => {
                found.insert(name, probe);
            }
        }
    }

    /// What is not known yet will not be.
    pub(super) fn out_of_time(&self, limit: Duration) {
        for &name in Name::ALL {
            if !self.0.lock().contains_key(&name) {
                self.failed(
                    name,
                    format!("no result within {} s for the whole check", limit.as_secs()),
                    "the store is slow, or does not answer some requests; check the network between it and the server",
                );
            }
        }
    }

    pub(super) fn is_ok(&self, name: Name) -> bool {
        self.0
            .lock()
            .get(&name)
            .is_some_and(|probe| probe.verdict == Verdict::Ok)
    }

    /// Whether enough works, and safely, for a bucket to be used.
    pub(super) fn suffice(&self) -> bool {
        let found = self.0.lock();
        let fails = found
            .iter()
            .any(|(name, probe)| name.is_essential() && probe.verdict == Verdict::Failed);
        !fails && found.contains_key(&Name::Put)
    }

    /// The worst verdict, in which what was skipped does not count.
    pub(super) fn verdict(&self) -> Verdict {
        let found = self.0.lock();
        let worst = found
            .values()
            .map(|probe| probe.verdict)
            .filter(|verdict| *verdict > Verdict::Skipped)
            .max();
        worst.unwrap_or(Verdict::Ok)
    }

    /// All of them, in order; what was not tried is skipped.
    pub(super) fn probes(&self) -> Vec<Probe> {
        let found = self.0.lock();
        let probe = |name: &Name| match found.get(name) {
            Some(probe) => probe.clone(),
            None => Probe {
                name: name.as_str().to_owned(),
                verdict: Verdict::Skipped,
                evidence: "something before it failed".to_owned(),
                fix: None,
            },
        };
        Name::ALL.iter().map(probe).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_finding_stays_and_what_was_skipped_does_not_count() {
        let findings = Findings::default();
        findings.skipped(Name::Isolation, "not here");
        assert_eq!(findings.verdict(), Verdict::Ok);
        assert!(!findings.suffice(), "nothing was written");
        findings.ok(Name::Put, "PUT 200");
        findings.failed(Name::CorsPut, "OPTIONS 403", "add a rule");
        findings.ok(Name::CorsPut, "OPTIONS 200");
        assert_eq!(findings.verdict(), Verdict::Failed);
        assert!(findings.suffice(), "browsers are not essential");
        findings.failed(Name::Get, "GET 403", "allow it");
        assert!(!findings.suffice());
        let probes = findings.probes();
        assert_eq!(probes.len(), Name::ALL.len());
        assert!(probes.iter().any(|probe| probe.name == "cors.put"
            && probe.evidence == "OPTIONS 403"
            && probe.fix.as_deref() == Some("add a rule")));
    }

    #[test]
    fn what_had_no_time_failed() {
        let findings = Findings::default();
        findings.ok(Name::Put, "PUT 200");
        findings.out_of_time(Duration::from_secs(40));
        assert!(findings.is_ok(Name::Put));
        assert!(!findings.suffice());
        let late = findings
            .probes()
            .into_iter()
            .filter(|probe| probe.verdict == Verdict::Failed)
            .count();
        assert_eq!(late, Name::ALL.len() - 1);
    }
}
