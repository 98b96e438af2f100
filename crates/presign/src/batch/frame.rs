//! Messages that are alike but for their middle, put together many at once.

use std::mem;

use crate::kernel::{Alike, Block, GROUP, Job, Messages, Repeated};

use super::midstate::Midstate;

/// A group of messages of equal length must be so large for the work on their common end to pay.
const WORTH_A_LAYOUT: usize = GROUP / 2;

/// What is the same in many messages: their beginning and their end.
pub(crate) struct Frame {
    pub(crate) opening: Midstate,
    pub(crate) closing: Vec<u8>,
}

/// The workspace in which the messages of a frame are put together, group by group.
pub(crate) struct Groups<'a> {
    frame: &'a Frame,
    /// The frame's opening, with the stem behind it.
    opening: Midstate,
    /// What the middles all begin with, if that is enough to save a block.
    stem: Vec<u8>,
    order: Vec<usize>,
    layout: Option<Layout>,
    blocks: Vec<Block>,
}

/// What messages with middles of the same length have in common.
struct Layout {
    middle_bytes: usize,
    /// The blocks that the middle touches.
    touched: Vec<Block>,
    repeated: Repeated,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(frame: &'a Frame) -> Self {
        Self {
            frame,
            opening: frame.opening.clone(),
            stem: Vec::new(),
            order: Vec::new(),
            layout: None,
            blocks: Vec::new(),
        }
    }

    /// Puts the messages with these middles together in groups of at most [`GROUP`], and has
    /// `work` done on each. They come in another order, the places of which are returned.
    pub(crate) fn each<Middle: AsRef<str>>(
        &mut self,
        middles: &[Middle],
        mut work: impl FnMut(&Job<'_>),
    ) -> &[usize] {
        let text_of = |place: usize| {
            middles
                .get(place)
                .map_or(&[][..], |m| m.as_ref().as_bytes())
        };
        self.find_stem(middles.len(), text_of);
        let mut order = mem::take(&mut self.order);
        order.clear();
        order.extend(0..middles.len());
        if !order.is_sorted_by_key(|place| text_of(*place).len()) {
            // Messages of equal length have their ends in common.
            order.sort_by_key(|place| text_of(*place).len());
        }
        for places in order.chunks(GROUP) {
            let mut group: [&[u8]; GROUP] = [&[]; GROUP];
            let (group, _) = group.split_at_mut(places.len());
            for (text, place) in group.iter_mut().zip(places) {
                (_, *text) = text_of(*place).split_at(self.stem.len());
            }
            self.put_together(group, &mut work);
        }
        self.order = order;
        &self.order
    }

    /// Finds what the middles begin with, and absorbs it.
    fn find_stem<'m>(&mut self, count: usize, text_of: impl Fn(usize) -> &'m [u8]) {
        let all_begin_with = |stem: &[u8]| (0..count).all(|place| text_of(place).starts_with(stem));
        if !self.stem.is_empty() && all_begin_with(&self.stem) {
            return;
        }
        let first = text_of(0);
        let block_saved_from = size_of::<Block>() - self.frame.opening.rest_bytes();
        let stem = match first.get(..block_saved_from) {
            Some(least) if count > 1 && all_begin_with(least) => {
                let common_with = |other: &[u8]| {
                    let pairs = first.iter().zip(other);
                    pairs.take_while(|(one, other)| one == other).count()
                };
                let common = (1..count).map(|place| common_with(text_of(place))).min();
                first.split_at(common.unwrap_or(0)).0
            }
            _ => &[],
        };
        if self.stem != stem {
            self.stem = stem.to_vec();
            self.opening = self.frame.opening.clone();
            self.opening.absorb(stem);
            self.layout = None;
        }
    }

    /// Puts at most [`GROUP`] messages together.
    fn put_together(&mut self, middles: &[&[u8]], work: impl FnOnce(&Job<'_>)) {
        let Some(first) = middles.first() else { return };
        let fits = |layout: &Layout| layout.middle_bytes == first.len();
        if !self.layout.as_ref().is_some_and(fits) && middles.len() >= WORTH_A_LAYOUT {
            self.layout = Some(self.lay_out(first));
        }
        let rest_bytes = self.opening.rest_bytes();
        if let Some(layout) = self.layout.as_ref().filter(|layout| fits(layout))
            && let Some(alike) = Alike::new(&layout.touched, rest_bytes, middles)
        {
            work(&Job {
                start: self.opening.state(),
                messages: Messages::Alike(alike),
                repeated: &layout.repeated,
            });
        } else {
            self.put_together_singly(middles, work);
        }
    }

    fn lay_out(&self, middle: &[u8]) -> Layout {
        let Self { opening, frame, .. } = self;
        let count = opening.blocks_to_come(middle.len() + frame.closing.len());
        let mut message = vec![[0; 64]; count];
        opening.lay_out(&[middle, &frame.closing], &mut message);
        let touched_bytes = opening.rest_bytes() + middle.len();
        let (touched, repeated) = message.split_at(touched_bytes.div_ceil(64));
        Layout {
            middle_bytes: middle.len(),
            touched: touched.to_vec(),
            repeated: Repeated::new(repeated),
        }
    }

    fn put_together_singly(&mut self, middles: &[&[u8]], work: impl FnOnce(&Job<'_>)) {
        let closing = &*self.frame.closing;
        let count_of = |middle: &&[u8]| self.opening.blocks_to_come(middle.len() + closing.len());
        let count = middles.iter().map(count_of).sum();
        self.blocks.resize(count, [0; 64]);
        let mut free = &mut *self.blocks;
        for middle in middles {
            let (blocks, behind) = free.split_at_mut(count_of(middle));
            self.opening.lay_out(&[middle, closing], blocks);
            free = behind;
        }
        let mut laid_out = &*self.blocks;
        let mut messages: [&[Block]; GROUP] = [&[]; GROUP];
        for (message, middle) in messages.iter_mut().zip(middles) {
            (*message, laid_out) = laid_out.split_at(count_of(middle));
        }
        let (messages, _) = messages.split_at(middles.len());
        work(&Job {
            start: self.opening.state(),
            messages: Messages::Own(messages),
            repeated: &Repeated::default(),
        });
    }
}
