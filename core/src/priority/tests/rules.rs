//! The text of rules: what is refused, and what the operator's own do.

use super::*;

fn refused(own: &str) -> ModelError {
    match Model::read(BUILTIN, Some(own)) {
        Ok(_) => panic!("taken: {own}"),
        Err(error) => error,
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_to_do() {
    let wrongs = [
        ("version = 2", 1, "version = 1"),
        ("version = 1\n\npoint = 3", 3, "point"),
        ("version = 1\n[points.exposure]\npublik = 3", 3, "points `exposure.publik`"),
        ("version = 1\n[points.exposure]\npublic = -3", 3, "0 to 1000"),
        ("version = 1\n[points.exposure]\npublic = 10", 3, "counts less than `exposure.internet`"),
        ("version = 1\n\n[points.threat]\nrecon = 90", 4, "`threat.suspicious` (80) counts less"),
        ("version = 1\n[anchors]\nseverity = [[0, 0], [50, 90], [100, 40]]", 3, "never count less"),
        ("version = 1\n[anchors]\nseverities = [[0, 0], [1, 1]]", 3, "there are no anchors"),
        ("version = 1\n[anchors]\ncompression = [[0, 0], [900, 900]]", 3, "leads to 1000"),
        ("version = 1\n[anchors]\ncompression = [[0, 0], [5, 9], [2000, 1000]]", 3, "takes off"),
        ("version = 1\nscope = [\"iso\"]", 2, "there are cis-5.0, fsbp, tagging"),
        ("version = 1\n\n[[standard]]\nid = \"own\"\nrules = []", 3, "ids of its `rules`"),
        (
            "version = 1\n[[vulnerability_deadline]]\nwhen = [\"known_exploited\", \"exposed\"]\n\
             days = 30",
            2,
            "[known_exploited, exposed] would have more time than [known_exploited]",
        ),
        ("version = 1\n[deadline]\nP9 = 3", 3, "P0, P1"),
        ("version = 1\n[deadline]\nP0 = 8", 3, "must not have more days"),
        ("version = 1\n[deadline]\nP0 = 0", 3, "1 to 3650"),
        ("version = 1\n[[vulnerability_deadline]]\nwhen = [\"x\"]\ndays = 3", 2, "none of"),
        ("version = 1\n[[floor]]\nid = \"x\"\nscore = 10", 2, "give one of"),
        ("version = 1\n[[floor]]\nid = \"x\"\nscore = 1\nthreat = \"bad\"", 2, "tiers are"),
        (
            "version = 1\n[[floor]]\nid = \"x\"\nscore = 1\nsequence = true\nseen_within = 7",
            2,
            "goes with",
        ),
        ("version = 1\n[[floor]]\nid = \"x\"\nscore = 1001\nsequence = true", 2, "at most 1000"),
        ("version = 1\n[[asset]]\nname = \"x\"\ncriticality = 100", 2, "matches nothing"),
        (
            "version = 1\n[[asset]]\nname = \"x\"\naccounts = [\"1\"]\ncriticality = 1",
            2,
            "12 digits",
        ),
        ("version = 1\n[[asset]]\nname = \"x\"\narns = [\"*\"]", 2, "says nothing"),
        ("version = 1\n[[asset]]\nname = \"x\"\narns = [\"*\"]\ncriticality = 101", 2, "0 to 100"),
        (
            "version = 1\n[[asset]]\nname = \"x\"\narns = [\"*\"]\nenvironment = \"prod\"",
            2,
            "production",
        ),
        ("version = 1\n[[rule]]\nids = [\"S3.1\"]", 2, "what is known"),
        ("version = 1\n[[rule]]\nids = [\"S3.*\"]\nphase = 1", 2, "a purpose as in"),
        ("version = 1\n[[rule]]\nids = [\"S3.1\"]\nphase = 5", 2, "1 to 4"),
        ("version = 1\n[[rule]]\nids = [\"S3.1\"]\ntier = \"bad\"", 2, "recon"),
        ("version = 1\n[[rule]\n", 2, ""),
    ];

    for (own, line, what) in wrongs {
        let error = refused(own);
        assert_eq!((error.text, error.line), ("your rules", line), "{own}: {error}");
        assert!(error.what.contains(what), "{own}: {error}");
    }
}

#[test]
fn the_text_reads_back_and_names_the_rules() {
    let own = "version = 1\n[deadline]\nP0 = 1\nP1 = 2\n";
    let model = Model::read(BUILTIN, Some(own)).unwrap();
    let again = Model::read(model.text(), None).unwrap();
    let without = Model::read(model.text(), Some("")).unwrap();

    assert_eq!((again.text(), again.hash(), again.own_text()), (model.text(), model.hash(), own));
    assert_ne!(model.hash(), Model::builtin().hash());
    assert_eq!(without.text(), Model::builtin().text(), "an empty text takes the former one away");
    assert_eq!(Model::builtin().own_text(), "");
}

#[test]
fn the_operators_numbers_replace_and_entries_come_first() {
    let own = "version = 1\n\
               [points.exposure]\npublic = 200\n\
               [[rule]]\nids = [\"IAM.4\"]\nprivilege = \"read\"\ndays = 2\n\
               [[asset]]\nname = \"shop\"\naccounts = [\"123456789012\"]\nenvironment = \"sandbox\"\n\
               [[asset]]\nname = \"gold\"\narns = [\"arn:aws:s3:::gold-*-x\"]\ncriticality = 100\n";
    let model = Model::read(BUILTIN, Some(own)).unwrap();
    let table = &model.0.table;

    assert_eq!((table.points.exposure.public, table.points.exposure.internet), (200, 180));
    let rule = &table.rules["IAM.4"];
    assert_eq!((rule.privilege, rule.days, rule.phase), (Some(Privilege::Read), Some(2), Some(1)));
    assert_eq!(table.assets[0].name, "shop");
    let named = |account: &str, arn: &str| {
        let mut facts = tables::plain().facts;
        facts.account = account.parse().unwrap();
        arn.clone_into(&mut facts.resources[0].id);
        let known = table.index.look_up(&table.assets, &facts);
        (known.environment.map(|one| one.1), known.criticality.map(|one| one.1))
    };
    assert_eq!(named("123456789012", "arn:aws:s3:::x"), (Some("shop"), None));
    for (arn, is) in [
        ("arn:aws:s3:::gold-1-x", true),
        ("arn:aws:s3:::gold--x", true),
        ("arn:aws:s3:::gold-x", false),
        ("arn:aws:s3:::gold-1-xy", false),
        ("arn:aws:s3:::old-1-x", false),
    ] {
        assert_eq!(named("210987654321", arn), (None, is.then_some("gold")), "{arn}");
    }
}

/// An asset, found by trying all.
fn is(asset: &table::Asset, facts: &Facts) -> bool {
    let resource = &facts.resources[0].id;
    asset.accounts.contains(&facts.account)
        || asset.arns.iter().any(|pattern| table::fits(pattern, resource))
        || facts.signals.tags.iter().any(|tag| {
            asset.tags.iter().any(|(key, values)| {
                let any = values.is_empty();
                let any = any || values.iter().any(|value| value.eq_ignore_ascii_case(&tag.value));
                any && key.eq_ignore_ascii_case(&tag.key)
            })
        })
}

fn assets() -> impl Strategy<Value = Vec<table::Asset>> {
    use proptest::collection::vec;
    use proptest::sample::{select, subsequence};
    use table::Environment::{Production, Sandbox};
    let tag = (select(vec!["env", "owner", "data"]), subsequence(vec!["a", "b"], 0..=2));
    let accounts = subsequence(vec!["123456789012", "111122223333"], 0..=1);
    let arns = vec(select(vec!["arn:aws:s3:::a", "arn:aws:s3:::*", "*:b", "arn:aws:*:c"]), 0..2);
    let says =
        (proptest::option::of(0..4_u8), proptest::option::of(select(vec![Production, Sandbox])));
    let asset = (accounts, arns, vec(tag, 0..2), says);
    let asset = asset.prop_map(|(accounts, arns, tags, (criticality, environment))| table::Asset {
        name: String::new(),
        accounts: accounts.iter().map(|account| account.parse().unwrap()).collect(),
        arns: arns.into_iter().map(str::to_owned).collect(),
        tags: tags
            .into_iter()
            .map(|(key, values)| (key.to_owned(), values.into_iter().map(str::to_owned).collect()))
            .collect(),
        environment,
        criticality,
    });
    vec(asset, 0..8).prop_map(|mut assets| {
        for (at, asset) in assets.iter_mut().enumerate() {
            asset.name = at.to_string();
        }
        assets
    })
}

proptest! {
    #[test]
    fn looking_up_assets_finds_what_trying_all_finds(assets in assets(), case in case(), letters in "[abAB]{1}") {
        let mut facts = case.facts;
        for tag in &mut facts.signals.tags {
            tag.value.clone_from(&letters);
        }
        let index = assets::Assets::new(&assets);
        let known = index.look_up(&assets, &facts);

        let all = || assets.iter().filter(|asset| is(asset, &facts));
        let highest = all().filter_map(|asset| asset.criticality).max();
        let named = all().find(|asset| asset.criticality.is_some() && asset.criticality == highest);
        let first = all().find(|asset| asset.environment.is_some());
        prop_assert_eq!(known.criticality, named.map(|one| (one.criticality.unwrap(), &*one.name)));
        prop_assert_eq!(known.environment, first.map(|one| (one.environment.unwrap(), &*one.name)));
    }

    #[test]
    fn no_text_makes_the_reader_panic(own in "\\PC{0,200}") {
        prop_assert!(Model::read(BUILTIN, Some(&own)).is_err() || own.is_empty());
    }

    /// With severity alone the order is that of severity.
    #[test]
    fn without_other_points_the_order_is_that_of_severity(a in case(), b in case(), now in now()) {
        let names = table::Points::names();
        let mut sections = std::collections::BTreeMap::<&str, Vec<&str>>::new();
        for name in names.split(", ") {
            let (factor, value) = name.split_once('.').unwrap();
            sections.entry(factor).or_default().push(value);
        }
        let section = |(factor, values): (&str, Vec<&str>)| {
            let lines: Vec<String> = values.iter().map(|value| format!("{value} = 0")).collect();
            format!("[points.{factor}]\n{}\n", lines.join("\n"))
        };
        let sections: Vec<String> = sections.into_iter().map(section).collect();
        let own = format!("version = 1\n{}", sections.concat());
        let mut model = Model::read(BUILTIN, Some(&own)).unwrap();
        std::sync::Arc::get_mut(&mut model.0).unwrap().table.floors.clear();
        let score = |case: &Case| {
            let case = case.with(|c| {
                (c.facts.status, c.facts.sample) = (Status::Active, false);
                c.facts.signals.confidence = None;
                c.facts.false_positive = false;
            });
            (model.rate(case.inputs(), now).priority.score, case.facts.severity_normalized.min(100))
        };
        let ((a, a_severity), (b, b_severity)) = (score(&a), score(&b));

        prop_assert!(a_severity > b_severity || a <= b);
        prop_assert!(a_severity <= b_severity || a > b);
    }
}
