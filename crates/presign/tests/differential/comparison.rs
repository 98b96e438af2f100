//! The comparison itself, the same for each cloud.

use std::{collections::BTreeMap, fmt::Debug};

use serde::Serialize;

use crate::{
    draw::Draw,
    oracle::{Oracle, setting},
};

/// How many requests must be signed alike.
const ORDINARY: usize = 3200;
/// How many requests stand for each class of exceptions.
const EXCEPTIONAL: usize = 20;
const SEED: u64 = 20_130_524;

/// Requests to one cloud, as its SDK and as we take them.
pub(crate) trait Case: Serialize + Debug + Sync {
    fn sign(&self) -> Result<String, presign::Error>;
    /// Brings a URL into the form in which both have to be equal.
    fn normalize(&self, url: &str) -> Vec<String>;
    /// Adds to the SDK's URL what it leaves to its callers.
    fn complete(&self, theirs: &str) -> String {
        theirs.to_owned()
    }
}

/// A class of requests to which one side or both say something else.
pub(crate) struct Exception<C> {
    pub(crate) class: &'static str,
    pub(crate) outcome: Outcome,
    /// Makes of any request one of the class.
    pub(crate) make: fn(&mut C),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    SameUrl,
    OtherUrl,
    BothRefuse,
    WeRefuse,
    SdkRefuses,
}

/// Asks both sides the same, and fails where they do not answer as expected.
pub(crate) fn compare<C: Case>(
    cloud: &str,
    exceptions: &[Exception<C>],
    draw_case: impl Fn(&mut Draw) -> C,
) {
    let Some(oracle) = Oracle::start(cloud) else {
        println!(
            "{cloud}: skipped, as SIGNET_TEST_SDK_PYTHON is not set: run scripts/differential.sh"
        );
        return;
    };
    let seed = setting("SIGNET_TEST_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let mut draw = Draw::new(seed);
    let mut cases: Vec<C> = (0..ORDINARY).map(|_| draw_case(&mut draw)).collect();
    let mut expected = vec![("ordinary", Outcome::SameUrl); ORDINARY];
    for exception in exceptions {
        for _ in 0..EXCEPTIONAL {
            let mut case = draw_case(&mut draw);
            (exception.make)(&mut case);
            cases.push(case);
            expected.push((exception.class, exception.outcome));
        }
    }
    let mut counts = BTreeMap::new();
    let mut expected = expected.into_iter();
    oracle.ask(&cases, |case, theirs| {
        let ours = case.sign();
        let found = match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                if case.normalize(ours) == case.normalize(&case.complete(theirs)) {
                    Outcome::SameUrl
                } else {
                    Outcome::OtherUrl
                }
            }
            (Ok(_), Err(_)) => Outcome::SdkRefuses,
            (Err(_), Ok(_)) => Outcome::WeRefuse,
            (Err(_), Err(_)) => Outcome::BothRefuse,
        };
        let (class, outcome) = expected.next().unwrap();
        assert_eq!(
            found, outcome,
            "{cloud}, seed {seed}, {class}\n  case: {case:?}\n  ours: {ours:?}\ntheirs: {theirs:?}"
        );
        *counts.entry(class).or_insert(0) += 1;
    });
    println!("{cloud}, seed {seed}: {counts:?}");
    assert!(counts["ordinary"] >= 3000);
}
