//! The table of cases: what is sent, what the store says, what our verifier says.

use crate::{http::Reply, sending::Sending};

/// What our verifier says to a request that it takes.
pub(crate) const OK: &str = "ok";

/// A store, and our verifier with its keys.
pub(crate) trait Store {
    fn send(&self, sending: &Sending) -> Reply;

    /// [`OK`], or the status and code of our refusal.
    fn judge(&self, sending: &Sending) -> String;
}

/// Collects what is not as its row says, so that a failure shows all of it.
pub(crate) struct Table<'a, S> {
    store: &'a S,
    differences: Vec<String>,
}

/// Runs the rows of a table.
pub(crate) fn check<S: Store>(store: &S, rows: impl FnOnce(&mut Table<'_, S>)) {
    let mut table = Table {
        store,
        differences: Vec::new(),
    };
    rows(&mut table);
    assert!(
        table.differences.is_empty(),
        "not as the table says:\n{}",
        table.differences.join("\n")
    );
}

impl<S: Store> Table<'_, S> {
    /// A row: what is sent, what the store says to it, what our verifier says.
    /// Where the store's code is left out, any is right.
    pub(crate) fn row(&mut self, what: &str, sent: &Sending, store: &str, ours: &str) -> Reply {
        let our_verdict = self.store.judge(sent);
        let reply = self.store.send(sent);
        let verdict = reply.verdict();
        if verdict != store && reply.status.to_string() != store {
            let difference = format!("{what}: the store says `{verdict}`, not `{store}`");
            self.differences.push(difference);
        }
        if our_verdict != ours {
            let difference = format!("{what}: ours says `{our_verdict}`, not `{ours}`");
            self.differences.push(difference);
        }
        reply
    }

    /// A row for a request that was changed on its way, which is then sent
    /// unchanged and has to be accepted.
    pub(crate) fn changed(
        &mut self,
        what: &str,
        good: &Sending,
        sent: &Sending,
        store: &str,
        ours: &str,
    ) {
        self.row(what, sent, store, ours);
        let our_verdict = self.store.judge(good);
        let reply = self.store.send(good);
        if !(200..300).contains(&reply.status) || our_verdict != OK {
            self.differences.push(format!(
                "{what}: unchanged, the store says `{}` and ours `{our_verdict}`",
                reply.verdict()
            ));
        }
    }
}
