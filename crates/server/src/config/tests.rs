//! Tests of the configuration as a whole.

use super::{Config, Error, LogFormat};
use std::collections::BTreeMap;

const KEY: &str = "k1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    std::iter::once(("SIGNET_SEAL__KEY", KEY))
        .chain(pairs.iter().copied())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn parse(text: &str, pairs: &[(&str, &str)]) -> Result<Config, Error> {
    Config::parse(&format!("version = 1\n{text}"), &environment(pairs))
}

fn refusal(text: &str, pairs: &[(&str, &str)]) -> String {
    parse(text, pairs).unwrap_err().to_string()
}

#[test]
fn the_environment_stands_over_the_file_and_the_file_over_the_defaults() {
    let text =
        "[server]\nlisten = '0.0.0.0:1'\n[limits]\nprincipal_burst = 7\n[log]\nformat = 'text'";
    let config = parse(
        text,
        &[
            ("SIGNET_SERVER__LISTEN", "127.0.0.1:2"),
            ("SIGNET_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("SIGNET_LIMITS__CONCURRENT_REQUESTS", "9"),
            ("SIGNET_TEAMS__PERSONAL", "false"),
            ("SIGNET_UPDATE", "1"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!(config.limits.principal_burst.get(), 7);
    assert_eq!(config.limits.concurrent_requests.get(), 9);
    assert_eq!(config.limits.request_timeout_seconds.get(), 60);
    assert_eq!(config.log.format, LogFormat::Text);
    assert!(!config.teams.personal);
    assert_eq!(config.database.url.expose(), "sqlite:signet.db");
}

#[test]
fn a_fault_names_the_setting_and_the_way_out() {
    insta::assert_snapshot!(refusal("[server]\nlisten = 'here'", &[]), @"`server.listen` cannot be used: invalid socket address syntax");
    insta::assert_snapshot!(refusal("", &[("SIGNET_LIMITS__BODY_BYTES", "8M")]), @"`limits.body_bytes` (from SIGNET_LIMITS__BODY_BYTES) must be a whole number");
    insta::assert_snapshot!(refusal("[tls]\ncert_file = 'a'", &[]), @"`tls.key_file` is needed beside `tls.cert_file`");
    insta::assert_snapshot!(refusal("[urls]\npart_seconds = 3601", &[]), @"`urls.part_seconds` must be at most 3600");
    insta::assert_snapshot!(refusal("[server]\nlistne = 'a'", &[]), @"
    there is no setting `server.listne`
    hint: known here are `listen`, `trusted_proxies`, `browser_origins`
    ");
    insta::assert_snapshot!(refusal("", &[("SIGNET_LOGS__LEVEL", "info")]), @"
    there is no setting `logs.level` (from SIGNET_LOGS__LEVEL)
    hint: known here are `server`, `tls`, `limits`, `database`, `seal`, `stores`, `metrics`, `log`, `bootstrap`, `teams`, `urls`, `network`
    ");
    insta::assert_snapshot!(refusal("[seal]\nkey = 'k1:00'", &[]), @"
    `seal.key` is a secret and may not stand in this file
    hint: set SIGNET_SEAL__KEY, or name a file that holds it in `seal.key_file`
    ");
    insta::assert_snapshot!(Config::parse("", &environment(&[])).unwrap_err(), @"
    `version` is absent
    hint: write `version = 1` on the first line
    ");
    insta::assert_snapshot!(Config::parse("version = 1", &BTreeMap::new()).unwrap_err(), @r#"
    `seal.key_file` is not set
    hint: name a file that holds a name, a colon and 64 hexadecimal digits; make one with `echo "key1:$(openssl rand -hex 32)"`
    "#);
}

#[test]
fn a_secret_may_not_stand_in_the_file_and_is_never_shown() {
    let text = "version = 1\n[seal]\nkey = 'k1:00ff'";
    let refused = Config::parse(text, &BTreeMap::new())
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("SIGNET_SEAL__KEY") && !refused.contains("00ff"),
        "{refused}"
    );

    let with_password = "[database]\nurl = 'postgres://signet:hunter2@db/signet'";
    let refused = refusal(with_password, &[]);
    assert!(
        refused.contains("url_file") && !refused.contains("hunter2"),
        "{refused}"
    );

    let url = "postgres://signet:hunter2@db/signet";
    let config = parse("", &[("SIGNET_DATABASE__URL", url)]).unwrap();
    let everything = format!("{config:?}{}", config.effective());
    assert!(!everything.contains("hunter2") && !everything.contains("0123456789abcdef"));
    assert_eq!(config.database.url.expose(), url);

    // Neither wins in silence
    let both = [
        ("SIGNET_DATABASE__URL", url),
        ("SIGNET_DATABASE__URL_FILE", "/run/secrets/url"),
    ];
    assert_eq!(
        refusal("", &both),
        "`database.url_file` (from SIGNET_DATABASE__URL_FILE) and `database.url` are both set; keep one"
    );

    let broken =
        Config::parse("version = 1\n[seal]\nkey = 'hunter2", &BTreeMap::new()).unwrap_err();
    assert_eq!(
        broken.to_string(),
        "the configuration file is not TOML: see line 3"
    );
}

#[test]
fn secrets_are_read_from_the_files_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, format!("{KEY}\n")).unwrap();
    let text = format!("version = 1\n[seal]\nkey_file = '{}'", path.display());
    let config = Config::parse(&text, &BTreeMap::new()).unwrap();
    assert_eq!(config.seal.keys().unwrap().expose(), KEY);
    std::fs::remove_file(&path).unwrap();
    let refused = Config::parse(&text, &BTreeMap::new())
        .unwrap_err()
        .to_string();
    assert!(refused.starts_with("`seal.key_file` names `"), "{refused}");
}

#[test]
fn what_is_in_force_can_be_read_back() {
    let config = parse("", &[]).unwrap();
    let printed = config.effective();
    assert!(printed.contains("key = \"(hidden)\""), "{printed}");
    let table: toml::Table = printed.parse().unwrap();
    assert_eq!(table["limits"]["body_bytes"].as_integer(), Some(8_388_608));
}
