//! The keys of a batch, taken so many at a time.

use crate::kernel::GROUP;

/// So many keys are signed before their URLs are written: they and their signatures stay in
/// the processor's nearest memory, and are enough to be sorted by length.
pub(super) const WINDOW: usize = 8 * GROUP;

/// Has `work` done on at most [`WINDOW`] keys after the other, up to the first error among them.
pub(crate) fn in_windows<K, E>(
    mut keys: impl Iterator<Item = Result<K, E>>,
    mut work: impl FnMut(&[K]),
) -> Result<(), E> {
    let mut window = Vec::with_capacity(keys.size_hint().0.min(WINDOW));
    loop {
        window.clear();
        for key in keys.by_ref().take(WINDOW) {
            window.push(key?);
        }
        if window.is_empty() {
            return Ok(());
        }
        work(&window);
    }
}
