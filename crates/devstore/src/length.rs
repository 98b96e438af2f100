//! How many bytes a body may have, where its signer said so.

use s3s::{S3Error, s3_error};

use crate::refusal::Refusal;

/// The least and the most bytes, both allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LengthRange {
    min_bytes: u64,
    max_bytes: u64,
}

/// A body that is none of those that were signed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrongLength {
    TooSmall,
    TooLarge,
}

impl LengthRange {
    /// Reads `MIN,MAX`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (min, max) = text.split_once(',')?;
        let range = Self {
            min_bytes: min.trim().parse().ok()?,
            max_bytes: max.trim().parse().ok()?,
        };
        Some(range).filter(|range| range.min_bytes <= range.max_bytes)
    }

    /// Checks what has come so far.
    pub(crate) fn check_begun(self, bytes: u64) -> Result<(), WrongLength> {
        if bytes > self.max_bytes {
            return Err(WrongLength::TooLarge);
        }
        Ok(())
    }

    /// Checks a whole body.
    pub(crate) fn check(self, bytes: u64) -> Result<(), WrongLength> {
        if bytes < self.min_bytes {
            return Err(WrongLength::TooSmall);
        }
        self.check_begun(bytes)
    }
}

impl WrongLength {
    fn message(self) -> &'static str {
        match self {
            Self::TooSmall => "Your proposed upload is smaller than the signed range allows.",
            Self::TooLarge => "Your proposed upload is larger than the signed range allows.",
        }
    }
}

impl From<WrongLength> for S3Error {
    fn from(wrong: WrongLength) -> Self {
        match wrong {
            WrongLength::TooSmall => s3_error!(EntityTooSmall, "{}", wrong.message()),
            WrongLength::TooLarge => s3_error!(EntityTooLarge, "{}", wrong.message()),
        }
    }
}

impl From<WrongLength> for Refusal {
    fn from(wrong: WrongLength) -> Self {
        let code = match wrong {
            WrongLength::TooSmall => "EntityTooSmall",
            WrongLength::TooLarge => "EntityTooLarge",
        };
        Self::new(400, code, wrong.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_allowed() {
        let range = LengthRange::parse("1, 5").unwrap();
        assert_eq!(range.check(0), Err(WrongLength::TooSmall));
        assert_eq!((range.check(1), range.check(5)), (Ok(()), Ok(())));
        assert_eq!(range.check(6), Err(WrongLength::TooLarge));
        assert_eq!(range.check_begun(0), Ok(()));
        assert_eq!(range.check_begun(6), Err(WrongLength::TooLarge));
        for text in ["", "5", "6,5", "-1,5", "1,5,6", "0,x"] {
            assert_eq!(LengthRange::parse(text), None, "{text}");
        }
    }
}
