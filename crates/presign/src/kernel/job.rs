//! What is to be hashed: many messages that have some of their input in common.

use super::{Block, Repeated, State};

/// Compressions of many messages.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    /// The state from which each message starts.
    pub(crate) start: &'a State,
    pub(crate) messages: Messages<'a>,
    /// Blocks that follow in every message.
    pub(crate) repeated: &'a Repeated,
}

/// The blocks of each message.
#[derive(Clone, Copy)]
pub(crate) enum Messages<'a> {
    /// Each has its own; their number may differ.
    Own(&'a [&'a [Block]]),
    /// They differ in some bytes.
    Alike(Alike<'a>),
}

/// Messages of the same length that differ from `at` on.
#[derive(Clone, Copy)]
pub(crate) struct Alike<'a> {
    blocks: &'a [Block],
    at: usize,
    length: usize,
    /// All have this `length`, and there is room for it behind `at`.
    middles: &'a [&'a [u8]],
}

impl<'a> Alike<'a> {
    /// Takes blocks, and what is to be put into each message's copy of them at `at`. `None` if
    /// the lengths of that differ, or there is no room for it.
    pub(crate) fn new(blocks: &'a [Block], at: usize, middles: &'a [&'a [u8]]) -> Option<Self> {
        let length = middles.first()?.len();
        let equal = middles.iter().all(|middle| middle.len() == length);
        let alike = Self {
            blocks,
            at,
            length,
            middles,
        };
        let end = at.checked_add(length)?;
        (equal && end <= blocks.as_flattened().len()).then_some(alike)
    }

    pub(super) const fn blocks(&self) -> &'a [Block] {
        self.blocks
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The length of every middle.
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    pub(super) const fn middles(&self) -> &'a [&'a [u8]] {
        self.middles
    }
}

impl Messages<'_> {
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Own(messages) => messages.len(),
            Self::Alike(alike) => alike.middles.len(),
        }
    }

    /// Splits the messages before the one at `index`, or behind the last.
    pub(super) fn split_at(self, index: usize) -> (Self, Self) {
        let index = index.min(self.len());
        match self {
            Self::Own(messages) => {
                let (before, behind) = messages.split_at(index);
                (Self::Own(before), Self::Own(behind))
            }
            Self::Alike(alike) => {
                let (before, behind) = alike.middles.split_at(index);
                let with = |middles| Self::Alike(Alike { middles, ..alike });
                (with(before), with(behind))
            }
        }
    }

    /// How many blocks the longest message has.
    pub(super) fn most_blocks(&self) -> usize {
        match self {
            Self::Own(messages) => messages
                .iter()
                .map(|blocks| blocks.len())
                .max()
                .unwrap_or(0),
            Self::Alike(alike) => alike.blocks.len(),
        }
    }

    /// The blocks of a message; `space`, always the same for the same messages, is for putting
    /// them together.
    pub(super) fn blocks_of<'s>(&'s self, index: usize, space: &'s mut Vec<Block>) -> &'s [Block] {
        match self {
            Self::Own(messages) => messages.get(index).copied().unwrap_or_default(),
            Self::Alike(alike) => {
                if space.is_empty() {
                    space.extend_from_slice(alike.blocks);
                }
                if let Some(middle) = alike.middles.get(index) {
                    let (_, behind) = space.as_flattened_mut().split_at_mut(alike.at);
                    let (place, _) = behind.split_at_mut(alike.length);
                    place.copy_from_slice(middle);
                }
                space
            }
        }
    }
}
