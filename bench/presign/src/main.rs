//! Measures how many pre-signed URLs a second this crate and others make on one core.
//!
//! Prints nanoseconds for people, and `row<TAB>ID<TAB>NUMBER` for `scripts/bench_rows.py`. All
//! candidates sign the same keys for the same bucket, and each one's URL is verified first.

mod case;
mod measure;
mod ours;
mod peers;

use measure::Measured;
use presign::Kernel;

fn main() {
    let mut candidates = ours::candidates();
    candidates.extend(peers::candidates());
    let measured = measure::measure(candidates);

    println!("{:>28}  {:>10}", "median of each", "ns");
    for (name, ns) in measured.medians() {
        println!("{name:>28}  {ns:>10.1}");
    }
    tell_rows(&measured);
}

fn tell_rows(measured: &Measured) {
    let row = |id: &str, value: f64| println!("row\t{id}\t{value}");
    let fastest = Kernel::fastest().name();
    let over_floor = |candidate: &str, compressions: f64| {
        measured.ratio(candidate, &ours::kernel(fastest)) / compressions
    };
    let over_rusty_s3 = |candidate: &str| measured.ratio(peers::RUSTY_S3, candidate);

    let compressions = case::compressions(&ours::one_url(None));
    let with_token = case::compressions(&ours::one_url(Some(&case::session_token())));
    row(
        "floor.static",
        compressions * measured.median(&ours::kernel(fastest)),
    );
    row(
        "floor.token",
        with_token * measured.median(&ours::kernel(fastest)),
    );
    row(
        "s3.batch.floor",
        over_floor(&ours::batch(fastest), compressions),
    );
    row(
        "s3.token.floor",
        over_floor(&ours::batch_with_token(fastest), with_token),
    );
    row("s3.single", over_rusty_s3(ours::SINGLE));
    for name in ["avx512", "sha-ni", "portable"] {
        if Kernel::available()
            .iter()
            .any(|kernel| kernel.name() == name)
        {
            row(
                &format!("s3.batch.{name}"),
                over_rusty_s3(&ours::batch(name)),
            );
        } else {
            println!("absent\ts3.batch.{name}");
        }
    }
    for name in peers::ALL {
        row(&format!("us.{name}"), measured.median(name) / 1000.0);
    }
    row("ns.batch", measured.median(&ours::batch(fastest)));
    row("ns.single", measured.median(ours::SINGLE));
    row("ns.single.query", measured.median(ours::SINGLE_WITH_QUERY));
}
