//! `[teams]`: how teams come to be.

use super::section::section;

section! {
    /// How teams come to be.
    Teams "teams" {
        /// True: every new user gets a team of its own, with its name.
        personal: bool = true,
    }
}
