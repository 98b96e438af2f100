//! Who may do what: pure, and the only place that says so.
//!
//! [`authorize`] takes the request itself and gives it back inside a [`Permit`]; whoever acts takes
//! the permit. What was checked is what is done. It reads no clock, no database and no setting.

mod caller;
mod decide;
mod denial;
mod network;
mod operation;
mod owned;
mod permit;
mod team;
#[cfg(test)]
mod tests;

pub use caller::{Caller, Memberships, Standing, TokenFacts};
pub use decide::{Effect, Need, Question, Recheck, decide};
pub use denial::{Denial, Rule};
pub use network::{Source, admit};
pub use operation::*;
pub use owned::{ObjectFacts, UploadFacts, VersionFacts};
pub use permit::{Permit, Refused, Terms, authorize};
pub use team::{BucketFacts, TeamFacts};
