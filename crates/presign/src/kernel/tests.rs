//! Every kernel must compute what the portable one does, whatever the shape of the job.

use proptest::{collection::vec, prelude::*};

use super::*;

/// The kernels of this machine, and what they do when a faster one would take few messages.
fn kernels() -> Vec<Kernel> {
    let mut kernels = Kernel::available();
    #[cfg(target_arch = "x86_64")]
    kernels.extend(Avx512::detect().map(|kernel| Kernel(Kind::Avx512(kernel.alone()))));
    kernels
}

/// Many bytes that follow from one seed, as `SplitMix64` makes them.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn block(&mut self) -> Block {
        let mut block = [0; 64];
        for bytes in block.as_chunks_mut().0 {
            *bytes = self.next().to_le_bytes();
        }
        block
    }

    fn blocks(&mut self, count: usize) -> Vec<Block> {
        (0..count).map(|_| self.block()).collect()
    }

    fn state(&mut self) -> State {
        let block = self.block();
        let (words, _) = block.as_chunks();
        std::array::from_fn(|i| u32::from_be_bytes(words[i]))
    }
}

fn assert_all_kernels_agree(job: &Job<'_>, outer: &State, seal: &Seal) {
    let count = job.messages.len();
    let results = |kernel: Kernel| {
        let (mut digests, mut macs) = (vec![[0; 8]; count], vec![[0; 8]; count]);
        let mut signatures = vec![[0; 64]; count];
        kernel.run(job, None, &mut digests);
        kernel.run(job, Some(outer), &mut macs);
        kernel.sign(job, seal, &mut signatures);
        (digests, macs, signatures)
    };
    let expected = results(Kernel::PORTABLE);
    for kernel in kernels() {
        assert!(results(kernel) == expected, "{kernel:?} differs");
    }
}

fn seal(noise: &mut Noise, digits_at: usize) -> Seal {
    let count = (digits_at + 64 + 9).div_ceil(64);
    let mut blocks = noise.blocks(count);
    blocks.as_flattened_mut()[digits_at..digits_at + 64].fill(0);
    Seal::new(noise.state(), &blocks, digits_at, noise.state())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn kernels_agree_on_messages_of_any_lengths(
        seed: u64,
        counts in vec(0..12_usize, 0..100),
        repeated in 0..5_usize,
        digits_at in 0..64_usize,
    ) {
        let mut noise = Noise(seed);
        let messages: Vec<_> = counts.iter().map(|count| noise.blocks(*count)).collect();
        let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
        let job = Job {
            start: &noise.state(),
            messages: Messages::Own(&messages),
            repeated: &Repeated::new(&noise.blocks(repeated)),
        };
        assert_all_kernels_agree(&job, &noise.state(), &seal(&mut noise, digits_at));
    }

    #[test]
    fn kernels_agree_on_messages_that_are_alike(
        seed: u64,
        count in 1..100_usize,
        blocks in 1..12_usize,
        ends in any::<[prop::sample::Index; 2]>(),
        repeated in 0..5_usize,
        digits_at in 0..64_usize,
    ) {
        let mut noise = Noise(seed);
        let mut ends = ends.map(|end| end.index(64 * blocks + 1));
        ends.sort_unstable();
        let [begin, end] = ends;
        let bytes: Vec<_> = (0..count).map(|_| noise.blocks(blocks)).collect();
        let middles: Vec<_> = bytes.iter().map(|blocks| &blocks.as_flattened()[begin..end]).collect();
        let blocks = noise.blocks(blocks);
        let alike = Alike::new(&blocks, begin, &middles).unwrap();
        let job = Job {
            start: &noise.state(),
            messages: Messages::Alike(alike),
            repeated: &Repeated::new(&noise.blocks(repeated)),
        };
        assert_all_kernels_agree(&job, &noise.state(), &seal(&mut noise, digits_at));
    }
}

#[test]
fn kernels_agree_on_a_million_blocks() {
    const BLOCKS: usize = 1_000_000;
    let mut noise = Noise(1);
    let mut done = 0;
    while done < BLOCKS {
        let shape = noise.next().to_le_bytes();
        let messages: Vec<_> = (0..shape[0])
            .map(|_| {
                let [count, ..] = noise.next().to_le_bytes();
                noise.blocks(usize::from(count % 24))
            })
            .collect();
        let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
        let start = noise.state();
        let mut expected = vec![[0; 8]; messages.len()];
        Kernel::PORTABLE.compress(&start, &messages, &mut expected);
        for kernel in kernels() {
            let mut ends = vec![[0; 8]; messages.len()];
            kernel.compress(&start, &messages, &mut ends);
            assert!(ends == expected, "{kernel:?} differs");
        }
        done += messages.iter().map(|blocks| blocks.len()).sum::<usize>();
    }
}

#[test]
fn messages_that_are_not_alike_are_refused() {
    let blocks = [[0; 64]; 2];
    let long = [1; 100];
    let alike = |at, middles: &[&[u8]]| Alike::new(&blocks, at, middles).is_some();
    assert!(alike(28, &[&long, &long]));
    assert!(!alike(29, &[&long, &long]));
    assert!(!alike(0, &[&long, &long[1..]]));
    assert!(!alike(0, &[]));
    assert!(!alike(usize::MAX, &[&long]));
}

#[test]
#[should_panic = "one end for each message"]
fn a_job_without_room_for_its_results_is_refused() {
    Kernel::fastest().compress(&INITIAL, &[&[], &[]], &mut [[0; 8]]);
}
