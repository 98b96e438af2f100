//! Google Cloud Storage and Azure.

use super::*;

pub(super) fn gcs() -> GcsBucket {
    GcsBucket {
        place: Place::new("acme-data", "signet/").unwrap(),
        project: Some("acme-prod".parse().unwrap()),
        teams: two_teams(),
        service_account: "signet@acme-prod.iam.gserviceaccount.com".parse().unwrap(),
        origins: vec!["https://signet.example.com".parse().unwrap()],
        networks: vec![
            "203.0.113.0/24".parse().unwrap(),
            "2001:db8:1::/48".parse().unwrap(),
        ],
    }
}

pub(super) fn azure() -> AzureContainer {
    AzureContainer {
        subscription: Some("00000000-0000-0000-0000-000000000001".parse().unwrap()),
        resource_group: Some("data".parse().unwrap()),
        account: Some("acmedata".parse().unwrap()),
        place: Place::new("datasets", "signet/").unwrap(),
        teams: two_teams(),
        principal_id: Some("00000000-0000-0000-0000-000000000002".parse().unwrap()),
        origins: vec!["https://signet.example.com".parse().unwrap()],
        networks: vec!["203.0.113.0/24".parse().unwrap()],
        subnets: Vec::new(),
    }
}

#[test]
fn names_cannot_leave_the_text_of_a_gcs_condition() {
    let hostile = GcsBucket {
        teams: vec![team("hostile", "signet/\") || true || (\"\\/")],
        ..gcs()
    };
    let setup = hostile.setup().unwrap();
    let expression = body(&setup, Kind::IamBinding)["expression"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = r#"signet/\") || true || (\"\\/"#;
    assert_eq!(
        expression,
        format!(
            r#"resource.name.startsWith("projects/_/buckets/acme-data/objects/{own}") || api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{own}")"#
        )
    );
}

#[test]
fn many_teams_share_conditions_of_gcs_as_far_as_they_hold() {
    let many = |count: usize| GcsBucket {
        teams: (0..count)
            .map(|n| team(&format!("team{n}"), &format!("signet/team_{n}/")))
            .collect(),
        ..gcs()
    };
    let setup = many(14).setup().unwrap();
    let bindings: Vec<&Document> = setup.of(Kind::IamBinding).collect();
    assert_eq!(bindings.len(), 3);
    for binding in &bindings {
        let expression = binding.body["expression"].as_str().unwrap();
        assert!(expression.matches(" || ").count() <= 12, "{expression}");
        assert!(binding.warnings.is_empty());
    }
    let all = bindings
        .iter()
        .map(|b| b.body.to_string())
        .collect::<String>();
    for n in 0..14 {
        assert!(
            all.contains(&format!("objects/signet/team_{n}/\\\"")),
            "{n}"
        );
    }
    let crowded = many(121).setup().unwrap();
    assert!(
        crowded
            .of(Kind::IamBinding)
            .all(|binding| !binding.warnings.is_empty())
    );
}

#[test]
fn a_gcs_bucket_without_a_prefix_has_a_rule_for_all_of_it() {
    let whole = GcsBucket {
        place: Place::new("acme-data", "").unwrap(),
        ..gcs()
    };
    let lifecycle = body(&whole.setup().unwrap(), Kind::Lifecycle);
    assert!(
        lifecycle["rule"][0]["condition"]
            .get("matchesPrefix")
            .is_none()
    );
    let part = body(&gcs().setup().unwrap(), Kind::Lifecycle);
    assert_eq!(part["rule"][0]["condition"]["matchesPrefix"][0], "signet/");
}

#[test]
fn names_cannot_leave_the_text_of_an_azure_condition() {
    for root in ["signet/a'b/", "signet/a\\/", "signet/$a/"] {
        let hostile = AzureContainer {
            teams: vec![team("hostile", root)],
            ..azure()
        };
        let error = hostile.setup().unwrap_err();
        assert!(
            matches!(error, Error::CannotEscape { .. }),
            "{root}: {error:?}"
        );
    }
}

#[test]
fn an_azure_account_gets_the_addresses_that_it_takes() {
    let odd = AzureContainer {
        networks: [
            "203.0.113.0/24",
            "198.51.100.7",
            "198.51.100.8/31",
            "2001:db8::/32",
            "10.0.0.0/8",
        ]
        .map(|text| text.parse().unwrap())
        .into(),
        ..azure()
    };
    let setup = odd.setup().unwrap();
    let rules = setup.of(Kind::NetworkRules).next().unwrap();
    let values: Vec<&str> = rules.body["properties"]["networkAcls"]["ipRules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["value"].as_str().unwrap())
        .collect();
    assert_eq!(
        values,
        [
            "203.0.113.0/24",
            "198.51.100.7",
            "198.51.100.8",
            "198.51.100.9"
        ]
    );
    let warnings = rules.warnings.join("\n");
    assert!(warnings.contains("left out: `2001:db8::/32`"), "{warnings}");
    assert!(warnings.contains("left out: `10.0.0.0/8`"), "{warnings}");
    assert!(warnings.contains("own region"), "{warnings}");
    let subnet =
        "/subscriptions/1/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v/subnets/s";
    let with_subnet = AzureContainer {
        subnets: vec![subnet.parse().unwrap()],
        ..azure()
    };
    let setup = with_subnet.setup().unwrap();
    let rules = setup.of(Kind::NetworkRules).next().unwrap();
    assert_eq!(
        rules.body["properties"]["networkAcls"]["virtualNetworkRules"][0]["id"],
        subnet
    );
    assert!(!rules.warnings.join("\n").contains("own region"));
}

#[test]
fn what_is_not_known_of_azure_stands_in_capitals() {
    let unknown = AzureContainer {
        subscription: None,
        resource_group: None,
        account: None,
        principal_id: None,
        ..azure()
    };
    let setup = unknown.setup().unwrap();
    let text = serde_json::to_string(&setup).unwrap();
    for name in [
        "SUBSCRIPTION_ID",
        "RESOURCE_GROUP",
        "STORAGE_ACCOUNT",
        "PRINCIPAL_OBJECT_ID",
    ] {
        assert!(text.contains(name), "{name}");
    }
    assert!(setup.notes.iter().any(|note| note.contains("capitals")));
}
