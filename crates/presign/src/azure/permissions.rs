//! What a signature permits, `sp`: a set of one-letter permissions in a fixed order.

use std::{fmt, ops::BitOr};

/// The letters in the order in which the service wants them; a letter's place is its bit.
const LETTERS: &str = "racwdxyltfmeopi";

/// A set of one or more permissions. `Display` writes the letters as `sp` has them.
///
/// ```
/// use presign::azure::Permissions;
///
/// let both = Permissions::WRITE | Permissions::READ;
/// assert_eq!(both.to_string(), "rw");
/// assert!(both.contains(Permissions::READ));
/// assert!(!both.contains(Permissions::DELETE));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permissions(u16);

impl Permissions {
    /// `r`: read content, block list, properties and metadata.
    pub const READ: Self = Self(1);
    /// `a`: add a block to an append blob.
    pub const ADD: Self = Self(1 << 1);
    /// `c`: write a new blob, snapshot a blob, or copy to a new blob. It does
    /// not overwrite, and it does not put blocks.
    pub const CREATE: Self = Self(1 << 2);
    /// `w`: create or overwrite content, properties, metadata and block list.
    pub const WRITE: Self = Self(1 << 3);
    /// `d`: delete a blob.
    pub const DELETE: Self = Self(1 << 4);
    /// `x`: delete a version of a blob.
    pub const DELETE_VERSION: Self = Self(1 << 5);
    /// `y`: delete a soft-deleted snapshot or version for good.
    pub const DELETE_PERMANENTLY: Self = Self(1 << 6);
    /// `l`: list the blobs of a container.
    pub const LIST: Self = Self(1 << 7);
    /// `t`: read and write a blob's tags.
    pub const TAGS: Self = Self(1 << 8);
    /// `f`: find the blobs of a container by their tags.
    pub const FIND: Self = Self(1 << 9);
    /// `m`: move a blob, with a hierarchical namespace.
    pub const MOVE: Self = Self(1 << 10);
    /// `e`: get system properties and POSIX access lists, with a hierarchical namespace.
    pub const EXECUTE: Self = Self(1 << 11);
    /// `o`: set the owner, with a hierarchical namespace.
    pub const SET_OWNER: Self = Self(1 << 12);
    /// `p`: set POSIX permissions and access lists, with a hierarchical namespace.
    pub const SET_PERMISSIONS: Self = Self(1 << 13);
    /// `i`: set or delete an immutability policy or legal hold.
    pub const SET_IMMUTABILITY: Self = Self(1 << 14);

    /// Whether all of the others are among these.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether any of the others is among these.
    pub const fn intersects(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Reads letters that are there once each, in the order that the service wants.
    pub(super) fn parse(letters: &str) -> Option<Self> {
        let mut bits = 0;
        for letter in letters.chars() {
            let bit = 1 << LETTERS.find(letter)?;
            // Above every bit so far, or else out of order or there twice.
            if bit <= bits {
                return None;
            }
            bits |= bit;
        }
        (bits != 0).then_some(Self(bits))
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, letter) in LETTERS.char_indices() {
            if self.0 >> place & 1 == 1 {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn constants_have_their_letters() {
        for (permission, letter) in [
            (Permissions::READ, "r"),
            (Permissions::ADD, "a"),
            (Permissions::CREATE, "c"),
            (Permissions::WRITE, "w"),
            (Permissions::DELETE, "d"),
            (Permissions::DELETE_VERSION, "x"),
            (Permissions::DELETE_PERMANENTLY, "y"),
            (Permissions::LIST, "l"),
            (Permissions::TAGS, "t"),
            (Permissions::FIND, "f"),
            (Permissions::MOVE, "m"),
            (Permissions::EXECUTE, "e"),
            (Permissions::SET_OWNER, "o"),
            (Permissions::SET_PERMISSIONS, "p"),
            (Permissions::SET_IMMUTABILITY, "i"),
        ] {
            assert_eq!(permission.to_string(), letter);
            assert_eq!(Permissions::parse(letter), Some(permission));
        }
    }

    /// The examples of "Create a service SAS", section "Specify permissions".
    #[test]
    fn order_and_repetition_count() {
        for letters in ["rw", "rd", "rl", "wd", "wl"] {
            assert!(Permissions::parse(letters).is_some(), "{letters}");
        }
        for letters in ["wr", "dr", "lr", "dw", "rr", "rwr", "", "R", "r ", "z", "ü"] {
            assert_eq!(Permissions::parse(letters), None, "{letters}");
        }
    }

    proptest! {
        #[test]
        fn every_set_comes_back_from_its_letters(bits in 1..1_u16 << LETTERS.len()) {
            let letters = Permissions(bits).to_string();
            prop_assert_eq!(Permissions::parse(&letters), Some(Permissions(bits)));
        }
    }
}
