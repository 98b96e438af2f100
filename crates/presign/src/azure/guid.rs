//! GUIDs, as Azure writes the ids of principals, tenants and correlations.

use std::{fmt, str::FromStr};

use crate::Error;

/// The lengths of the groups of hexadecimal digits.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// A GUID. `Display` writes it in lower case, the one form that a signature may contain.
///
/// ```
/// use presign::azure::Guid;
///
/// let id: Guid = "0192F5A4-6C1B-7000-8000-00000000002A".parse()?;
/// assert_eq!(id.to_string(), "0192f5a4-6c1b-7000-8000-00000000002a");
/// assert_eq!(id, Guid::from_u128(0x0192_f5a4_6c1b_7000_8000_0000_0000_002a));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(u128);

impl Guid {
    /// Takes the 16 bytes as a big-endian number, as UUID libraries give them.
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }
}

impl FromStr for Guid {
    type Err = Error;

    /// Parses 32 hexadecimal digits of any case in five groups joined by `-`, nothing else.
    fn from_str(text: &str) -> Result<Self, Error> {
        let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
        let groups: Vec<_> = text.split('-').collect();
        if !groups.iter().map(|group| group.len()).eq(GROUPS)
            || !groups.iter().all(|group| is_digits(group))
        {
            return Err(Error::InvalidGuid);
        }
        u128::from_str_radix(&groups.concat(), 16)
            .map(Self)
            .map_err(|_| Error::InvalidGuid)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shift = 128;
        for (index, digits) in GROUPS.into_iter().enumerate() {
            if index > 0 {
                f.write_str("-")?;
            }
            shift -= digits * 4;
            let group = self.0 >> shift & ((1 << (digits * 4)) - 1);
            write!(f, "{group:0digits$x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_usual_form_is_a_guid() {
        for text in [
            "",
            "0192f5a46c1b7000800000000000002a",
            "{0192f5a4-6c1b-7000-8000-00000000002a}",
            "0192f5a4-6c1b-7000-8000-00000000002",
            "0192f5a4-6c1b-7000-8000-00000000002a-",
            "0192f5a46-c1b-7000-8000-00000000002a",
            "+192f5a4-6c1b-7000-8000-00000000002a",
            "0192f5a4-6c1b-7000-8000-00000000002g",
            "0192f5a4-6c1b-7000-8000-0000000000é",
        ] {
            assert_eq!(text.parse::<Guid>(), Err(Error::InvalidGuid), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_guid_comes_back_from_its_form(number in any::<u128>()) {
            let text = Guid::from_u128(number).to_string();
            prop_assert_eq!(text.len(), 36);
            prop_assert_eq!(text.parse(), Ok(Guid::from_u128(number)));
            prop_assert_eq!(text.to_uppercase().parse(), Ok(Guid::from_u128(number)));
        }
    }
}
