//! The rules, address by address.

use super::*;

fn networks(list: &[&str]) -> Vec<Network> {
    list.iter()
        .map(|network| network.parse().unwrap())
        .collect()
}

fn judge(rules: &AddressRules, address: &str) -> Result<(), Forbidden> {
    rules.judge(Scheme::Https, address.parse().unwrap())
}

/// Everything that a setting can allow is allowed.
fn open() -> AddressRules {
    AddressRules {
        private: networks(&["0.0.0.0/0", "::/0"]),
        plain_http: networks(&["0.0.0.0/0", "::/0"]),
        loopback: true,
    }
}

#[test]
fn some_addresses_are_refused_whatever_is_listed() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "169.254.169.254",
        "169.254.170.2",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
        "::ffff:100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "224.0.0.1",
        "239.255.255.255",
        "::ffff:224.0.0.1",
        "64:ff9b::0.0.0.0",
        "ff02::1",
        "255.255.255.255",
    ] {
        let verdict = judge(&open(), address);
        assert!(
            matches!(verdict, Err(Forbidden::Never(_))),
            "{address}: {verdict:?}"
        );
    }
}

#[test]
fn an_address_that_is_not_public_is_allowed_where_it_is_listed() {
    for (address, network) in [
        ("127.0.0.1", "127.0.0.0/8"),
        ("127.8.9.1", "127.0.0.0/8"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::127.0.0.1", "127.0.0.1"),
        ("64:ff9b::127.0.0.1", "127.0.0.1"),
        ("2002:7f00:1::", "127.0.0.1"),
        ("10.1.2.3", "10.1.0.0/16"),
        ("172.16.0.1", "172.16.0.0/12"),
        ("172.31.255.255", "172.16.0.0/12"),
        ("192.168.0.1", "192.168.0.1"),
        ("::ffff:192.168.0.1", "192.168.0.0/24"),
        ("64:ff9b::10.0.0.1", "10.0.0.0/8"),
        ("100.64.0.1", "100.64.0.0/10"),
        ("100.127.255.255", "100.64.0.0/10"),
        ("198.18.0.1", "198.18.0.0/15"),
        ("192.0.0.1", "192.0.0.0/24"),
        ("203.0.113.1", "203.0.113.0/24"),
        ("240.0.0.1", "240.0.0.0/4"),
        ("fc00::1", "fc00::/7"),
        ("fd12:3456::1", "fd12:3456::/32"),
        ("fec0::1", "fec0::/10"),
        ("2001:db8::1", "2001:db8::/32"),
        ("2001::1", "2001::/23"),
        ("64:ff9b:1::10.0.0.1", "64:ff9b:1::/48"),
        ("100::1", "100::/64"),
    ] {
        let verdict = judge(&AddressRules::default(), address);
        assert!(
            matches!(verdict, Err(Forbidden::Private(_))),
            "{address}: {verdict:?}"
        );
        let mut rules = AddressRules {
            private: networks(&[network]),
            ..AddressRules::default()
        };
        assert_eq!(judge(&rules, address), Ok(()), "{address} in {network}");
        let plain = rules.judge(Scheme::PlainHttp, address.parse().unwrap());
        assert_eq!(plain, Err(Forbidden::PlainHttp), "{address}");
        // What may be spoken in clear is not thereby reached
        rules.plain_http = std::mem::take(&mut rules.private);
        let verdict = rules.judge(Scheme::PlainHttp, address.parse().unwrap());
        assert!(
            matches!(verdict, Err(Forbidden::Private(_))),
            "{address}: {verdict:?}"
        );
    }
}

#[test]
fn a_public_address_is_allowed_and_in_clear_where_it_is_listed() {
    for address in [
        "52.218.0.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.169.0.0",
        "223.255.255.255",
        "2600:1fa0::1",
        "2001:4860::1",
        "64:ff9b::52.218.0.1",
        "::ffff:52.218.0.1",
    ] {
        assert_eq!(
            judge(&AddressRules::default(), address),
            Ok(()),
            "{address}"
        );
        let plain = |rules: &AddressRules| rules.judge(Scheme::PlainHttp, address.parse().unwrap());
        let strict = AddressRules::default().with_loopback();
        assert_eq!(plain(&strict), Err(Forbidden::PlainHttp), "{address}");
        assert_eq!(plain(&open()), Ok(()), "{address}");
    }
}

#[test]
fn loopback_alone_opens_nothing_else() {
    let rules = AddressRules::default().with_loopback();
    for (address, allowed) in [
        ("127.0.0.1", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("10.0.0.1", false),
        ("169.254.169.254", false),
        ("0.0.0.0", false),
    ] {
        let verdict = rules.judge(Scheme::PlainHttp, address.parse().unwrap());
        assert_eq!(verdict.is_ok(), allowed, "{address}");
    }
}

#[test]
fn a_url_is_judged_however_its_address_is_written() {
    let judge = |url: &str| AddressRules::default().judge_url(&Url::parse(url).unwrap());
    for url in [
        "https://169.254.169.254/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://169.254.43518/",
        "https://169.254.169.254./",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[fe80::1]/",
    ] {
        assert_eq!(judge(url), Err(Forbidden::Never("link-local")), "{url}");
    }
    for url in [
        "https://127.1/",
        "https://[::1]:9000/",
        "https://0x7f000001/",
    ] {
        assert_eq!(
            judge(url),
            Err(Forbidden::Private("of the server itself")),
            "{url}"
        );
    }
    assert_eq!(
        judge("https://localhost/"),
        Ok(()),
        "judged when it is looked up"
    );
    assert_eq!(judge("http://s3.example.org/"), Err(Forbidden::PlainHttp));
    assert_eq!(judge("data:text"), Err(Forbidden::NoHost));
    let plain = AddressRules {
        plain_http: networks(&["10.0.0.0/8"]),
        ..AddressRules::default()
    };
    assert_eq!(
        plain.judge_url(&Url::parse("http://minio.internal/").unwrap()),
        Ok(())
    );
}

#[test]
fn of_a_names_addresses_those_that_are_allowed_are_kept() {
    let rules = AddressRules::default();
    let at = |address: &str| SocketAddr::new(address.parse().unwrap(), 0);
    let mixed = vec![at("10.0.0.1"), at("52.218.0.1"), at("127.0.0.1")];
    assert_eq!(
        rules.allowed(Scheme::Https, mixed),
        Ok(vec![at("52.218.0.1")])
    );
    let none = vec![at("10.0.0.1"), at("127.0.0.1")];
    assert_eq!(
        rules.allowed(Scheme::Https, none),
        Err(Forbidden::Private("in a private network"))
    );
    assert_eq!(rules.allowed(Scheme::Https, vec![]), Err(Forbidden::NoHost));
}

#[test]
fn a_refusal_names_the_setting_and_no_address() {
    for (forbidden, setting) in [
        (
            Forbidden::Private("in a private network"),
            "`stores.private_networks`",
        ),
        (Forbidden::PlainHttp, "`stores.plain_http_networks`"),
    ] {
        assert!(forbidden.to_string().contains(setting), "{forbidden}");
        assert!(forbidden.hint().contains(setting), "{forbidden}");
    }
}
