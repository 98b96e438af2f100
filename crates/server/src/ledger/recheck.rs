//! Decides a batch again when the directory has moved on.

use super::queue::Batch;
use super::{DirectoryView, Error, line_of};
use crate::directory::Refusal;
use crate::ids::IdMaker;
use crate::policy::Denial;
use protocol::Timestamp;
use protocol::audit::{Action, Event};

/// The most times that a batch is decided again because the directory moved meanwhile.
const MAX_ROUNDS: u32 = 16;

/// Brings all decisions of the batch to one revision of the directory and says which; those that do
/// not hold any more are answered and taken out, and a denial of each takes their place. `None` when
/// nothing in the batch was decided by anything.
///
/// # Errors
/// When the directory does not stand still.
pub(super) fn decide_again(
    directory: &dyn DirectoryView,
    batch: &mut Batch,
    ids: &IdMaker,
    now: Timestamp,
) -> Result<Option<u64>, Error> {
    for _ in 0..MAX_ROUNDS {
        // At least as new as any decision in the batch
        let revision = directory.revision();
        let mut revisions = batch
            .entries
            .iter()
            .filter_map(|entry| entry.recheck.as_ref())
            .map(|recheck| recheck.revision)
            .peekable();
        let decided = revisions.peek().is_some();
        if revisions.all(|decided_at| decided_at == revision) {
            return Ok(decided.then_some(revision));
        }
        let entries = std::mem::take(&mut batch.entries);
        for mut entry in entries {
            if let Some(recheck) = entry.recheck.as_mut()
                && recheck.revision != revision
            {
                match directory.recheck(recheck, now) {
                    Ok(again) => recheck.revision = again,
                    Err(refusal) => {
                        if let Refusal::Denied(denial) = refusal {
                            let line = denial_instead(&entry.line, denial, ids, now);
                            batch.denials.extend(line);
                        }
                        let _ = entry.reply.send(Err(refusal.into()));
                        continue;
                    }
                }
            }
            batch.entries.push(entry);
        }
    }
    Err(Error::Unavailable)
}

/// The line that tells of the denial, in place of what was to be told. It counts towards no caller's
/// rate: the gate, which minds that, refuses whatever the caller asks next.
fn denial_instead(line: &[u8], denial: Denial, ids: &IdMaker, now: Timestamp) -> Option<Vec<u8>> {
    let intended: Event = serde_json::from_slice(line)
        .inspect_err(|error| tracing::error!(%error, "a line of the ledger cannot be read"))
        .ok()?;
    let denied = Event {
        id: ids.make(),
        at: now,
        action: Action::UrlDeny,
        rule: Some(denial.rule().name().to_owned()),
        // Nothing of it was released or done
        grant: None,
        detail: None,
        ..intended
    };
    line_of(&denied).ok()
}

/// Answers and takes out everything that was decided by something.
pub(super) fn refuse_decided(batch: &mut Batch) {
    let entries = std::mem::take(&mut batch.entries);
    for entry in entries {
        if entry.recheck.is_some() {
            let _ = entry.reply.send(Err(Error::Unavailable));
        } else {
            batch.entries.push(entry);
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(denial) => Self::Denied(denial),
            Refusal::Outdated => Self::Outdated,
        }
    }
}
