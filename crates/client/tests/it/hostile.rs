//! A server or a store that wants more than it may: to write elsewhere on this machine (T46), to have a
//! request sent elsewhere (T10).

use crate::fake::{ELSEWHERE, Fake, Fault, Hit};
use crate::put::{failed_put, get_options, options};
use client::{Error, NoProgress};
use std::fs;

async fn with_names(fake: &Fake, names: &[&str]) -> client::Api {
    let api = fake.api();
    let source = tempfile::tempdir().unwrap();
    for (n, _) in names.iter().enumerate() {
        fs::write(source.path().join(n.to_string()), b"hostile").unwrap();
    }
    client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    fake.world().odd_names = names.iter().map(ToString::to_string).collect();
    api
}

/// T46.
#[tokio::test]
async fn names_that_leave_the_directory_write_nothing() {
    for name in [
        "../../x",
        "../x",
        "/etc/signet-x",
        "a/../../x",
        "C:\\x",
        "C:x",
        "a\\..\\..\\x",
        "a//x",
        ".",
        "",
        "a/\u{0}",
        "a\nb",
    ] {
        let fake = Fake::start();
        let api = with_names(&fake, &[name]).await;
        let around = tempfile::tempdir().unwrap();
        let target = around.path().join("deep/target");
        fs::create_dir_all(&target).unwrap();
        let error = client::get(&api, get_options(&target), &NoProgress)
            .await
            .unwrap_err();
        let Error::UnsafeName { name: refused, .. } = &error else {
            panic!("{name:?}: {error}");
        };
        let escaped = name.replace('\0', "\\u{0}").replace('\n', "\\u{a}");
        assert_eq!(*refused, escaped);
        assert_eq!(fs::read_dir(around.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(around.path().join("deep")).unwrap().count(), 1);
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    }
}

/// T46.
#[cfg(unix)]
#[tokio::test]
async fn links_in_the_target_are_not_followed() {
    use std::os::unix::fs::symlink;
    for name in ["link/x", "link/deep/x", "leaf", "inner/x"] {
        let fake = Fake::start();
        let api = with_names(&fake, &[name]).await;
        let outside = tempfile::tempdir().unwrap();
        let target = tempfile::tempdir().unwrap();
        fs::create_dir(target.path().join("folder")).unwrap();
        symlink(outside.path(), target.path().join("link")).unwrap();
        symlink(outside.path().join("leaf"), target.path().join("leaf")).unwrap();
        symlink("folder", target.path().join("inner")).unwrap();
        let error = client::get(&api, get_options(target.path()), &NoProgress)
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::UnsafeName { name: refused, .. } if refused == name),
            "{error}"
        );
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert_eq!(
            fs::read_dir(target.path().join("folder")).unwrap().count(),
            0
        );
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 4);
    }
}

#[tokio::test]
async fn a_file_where_a_folder_should_be_stays_what_it_is() {
    let fake = Fake::start();
    let api = with_names(&fake, &["a/x"]).await;
    let target = tempfile::tempdir().unwrap();
    fs::write(target.path().join("a"), b"mine").unwrap();
    let error = client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::UnsafeName { name, .. } if name == "a/x"),
        "{error}"
    );
    assert_eq!(fs::read(target.path().join("a")).unwrap(), b"mine");

    fs::remove_file(target.path().join("a")).unwrap();
    fs::create_dir_all(target.path().join("a/x")).unwrap();
    let error = client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::UnsafeName { .. }), "{error}");
    assert!(target.path().join("a/x").is_dir());
}

#[tokio::test]
async fn a_listing_that_lacks_entries_or_has_too_many_is_not_taken_for_the_whole() {
    let fake = Fake::start();
    let api = with_names(&fake, &["a", "b", "c"]).await;
    for count in [2, 4] {
        fake.world().odd_count = Some(count);
        let target = tempfile::tempdir().unwrap();
        let error = client::get(&api, get_options(target.path()), &NoProgress)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Answer { .. }), "{error}");
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    }
}

/// T46: two names that a directory takes for one are two files, or nothing at all; never one for both.
#[tokio::test]
async fn names_that_differ_in_case_or_form_alone_are_two_files_or_none() {
    for (one, other) in [
        ("readme", "README"),
        ("Train/1", "train/1"),
        ("\u{e9}", "e\u{301}"),
        ("\u{df}.txt", "\u{1e9e}.txt"),
    ] {
        let fake = Fake::start();
        let api = fake.api();
        let source = tempfile::tempdir().unwrap();
        for (name, content) in [("0", b"one!!"), ("1", b"other")] {
            fs::write(source.path().join(name), content).unwrap();
        }
        client::put(&api, options(source.path()), &NoProgress)
            .await
            .unwrap();
        fake.world().odd_names = vec![one.to_owned(), other.to_owned()];
        let target = tempfile::tempdir().unwrap();
        let got = client::get(&api, get_options(target.path()), &NoProgress).await;
        match got {
            Ok(_) => {
                assert_eq!(fs::read(target.path().join(one)).unwrap(), b"one!!");
                assert_eq!(fs::read(target.path().join(other)).unwrap(), b"other");
            }
            Err(error) => {
                assert!(matches!(error, Error::Collision { .. }), "{error}");
                assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
            }
        }
    }
}

/// T10: neither a token nor a signed URL's bytes go where an answer points.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("a"), b"content").unwrap();
    let target = tempfile::tempdir().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let fake = Fake::start();
        fake.world()
            .fault(100, Fault::Redirect(status), Hit::is_store);
        let error = failed_put(&fake, source.path()).await;
        assert!(
            matches!(&error, Error::Store(store) if store.status == status),
            "{error}"
        );
        let fake = Fake::start();
        let api = with_names(&fake, &["a"]).await;
        fake.world()
            .fault(100, Fault::Redirect(status), Hit::is_store);
        client::get(&api, get_options(target.path()), &NoProgress)
            .await
            .unwrap_err();
        assert!(fake.world().log.iter().all(|hit| hit.path != ELSEWHERE));
        let fake = Fake::start();
        fake.world()
            .fault(100, Fault::Redirect(status), |hit| !hit.is_store());
        failed_put(&fake, source.path()).await;
        assert!(fake.world().log.iter().all(|hit| hit.path != ELSEWHERE));
    }
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
}
