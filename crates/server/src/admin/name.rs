//! Names of principals and teams: one name space, and no two that differ in case alone.

use super::Error;
use crate::directory::Directory;
use protocol::{PrincipalName, TeamName};

/// Checks that nobody has a name, or had it: what is removed keeps its name for the record.
pub(super) fn check_free(
    directory: &Directory,
    field: &'static str,
    name: &str,
) -> Result<(), Error> {
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    let taken = directory
        .principals()
        .iter()
        .any(|principal| same(principal.name.as_str()))
        || directory
            .teams()
            .iter()
            .any(|team| same(team.name.as_str()));
    if taken {
        return Err(Error::Conflict(format!(
            "{field} `{name}` is taken by an account or a team; choose another one"
        )));
    }
    Ok(())
}

/// The name of a user's own team: the user's, with `-` for what a team's name cannot have.
pub(super) fn of_personal_team(user: &PrincipalName) -> Result<TeamName, Error> {
    let name: String = user
        .as_str()
        .chars()
        .map(|c| if matches!(c, '@' | '+') { '-' } else { c })
        .collect();
    name.parse().map_err(|error| {
        Error::invalid("name", format!("cannot name the user's own team: {error}"))
    })
}
