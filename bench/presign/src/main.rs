//! Measures how many pre-signed URLs a second this crate and others make on one core.
//!
//! Prints nanoseconds for people, and `row<TAB>ID<TAB>NUMBER` for `scripts/bench_rows.py`. All
//! candidates sign for the same keys, those of a scheme for the same bucket, and each one's URL is
//! verified first.

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
    let compression = ours::kernel::name(fastest);
    let batch = ours::s3::batch(fastest);
    let over_floor =
        |candidate: &str, compressions: f64| measured.ratio(candidate, &compression) / compressions;
    let over_rusty_s3 = |candidate: &str| measured.ratio(peers::RUSTY_S3, candidate);

    let compressions = case::s3::compressions(&ours::s3::one_url(None));
    let with_token = case::s3::compressions(&ours::s3::one_url(Some(&case::s3::session_token())));
    row("floor.static", compressions * measured.median(&compression));
    row("floor.token", with_token * measured.median(&compression));
    row("s3.batch.floor", over_floor(&batch, compressions));
    row(
        "s3.token.floor",
        over_floor(&ours::s3::batch_with_token(fastest), with_token),
    );
    row("s3.single", over_rusty_s3(ours::s3::SINGLE));
    row(
        "s3.single.query",
        over_rusty_s3(ours::s3::SINGLE_WITH_QUERY),
    );
    for name in ["avx512", "sha-ni", "portable"] {
        if Kernel::available()
            .iter()
            .any(|kernel| kernel.name() == name)
        {
            row(
                &format!("s3.batch.{name}"),
                over_rusty_s3(&ours::s3::batch(name)),
            );
        } else {
            println!("absent\ts3.batch.{name}");
        }
    }
    row("gcs.batch", measured.ratio(ours::gcs::BATCH, &batch));
    row(
        "gcs.rsa",
        measured.ratio(peers::RSA, ours::gcs::SINGLE_BY_RSA),
    );
    let over_object_store = |name| measured.ratio(peers::OBJECT_STORE_AZURE, name);
    row("azure.batch", over_object_store(ours::azure::BATCH));
    row("azure.single", over_object_store(ours::azure::SINGLE));

    for (id, name) in [
        ("ns.batch", &*batch),
        ("ns.single", ours::s3::SINGLE),
        ("ns.single.query", ours::s3::SINGLE_WITH_QUERY),
        ("ns.gcs.batch", ours::gcs::BATCH),
        ("ns.azure.batch", ours::azure::BATCH),
        ("ns.azure.delegation", ours::azure::BATCH_BY_DELEGATION),
        ("ns.azure.single", ours::azure::SINGLE),
    ] {
        row(id, measured.median(name));
    }
    for name in peers::OF_S3 {
        row(&format!("us.{name}"), measured.median(name) / 1000.0);
    }
    for (id, name) in [
        ("us.gcs.rsa", ours::gcs::SINGLE_BY_RSA),
        ("us.rsa", peers::RSA),
        ("us.object_store.azure", peers::OBJECT_STORE_AZURE),
    ] {
        row(id, measured.median(name) / 1000.0);
    }
}
