//! What is read, and what is refused with its line.

use super::*;

fn own(text: &str) -> Result<Classes, ClassesError> {
    Classes::read(BUILTIN, Some(text))
}

/// A class of the operator's, with these lines.
fn class(lines: &str) -> String {
    format!("version = 1\n[[class]]\nid = \"own.class\"\ntitle = \"t\"\n{lines}\n")
}

#[test]
fn the_classes_of_this_program_are_read_and_written_and_read() {
    let classes = Classes::read(BUILTIN, None).unwrap_or_else(|error| panic!("{error}"));

    let again = Classes::read(classes.text(), None).unwrap();
    assert_eq!(again.all(), classes.all());
    assert_eq!(again.text(), classes.text());
    assert_eq!(again.hash(), classes.hash());
    assert_eq!(classes.hash().len(), 32);
    assert!(classes.all().is_sorted_by(|a, b| a.id < b.id));
    assert_eq!(Classes::builtin().all(), classes.all());
}

#[test]
fn every_class_and_entry_of_the_program_is_reachable() {
    let classes = Classes::builtin();

    for class in classes.all() {
        for entry in &class.merge {
            assert!(entry.product.is_posture(), "{}", class.id);
            for rule in &entry.rules {
                let candidates = &classes.0.index[entry.product as usize][rule];
                assert!(candidates.iter().any(|c| classes.all()[c.class].id == class.id));
            }
        }
        assert_eq!(classes.get(&class.id), Some(class));
    }
    assert_eq!(classes.get("none"), None);
}

#[test]
fn every_class_of_the_program_can_be_taken_away() {
    for class in Classes::builtin().all() {
        let text = format!("version = 1\n[[class]]\nid = \"{}\"\noff = true\n", class.id);

        let without = Classes::read(Classes::builtin().text(), Some(&text))
            .unwrap_or_else(|error| panic!("{error}"));

        assert_eq!(without.get(&class.id), None);
        assert_eq!(without.all().len() + 1, Classes::builtin().all().len());
    }
}

#[test]
fn what_an_operator_takes_away_his_own_classes_cannot_name() {
    let text = "version = 1\n[[class]]\nid = \"s3.public_read\"\noff = true\n\
                [[class]]\nid = \"x.y\"\ntitle = \"t\"\nnear = [\"s3.public_read\"]\n\
                merge = [{ control = \"X.1\" }]\n";

    let error = Classes::read(Classes::builtin().text(), Some(text)).unwrap_err();

    assert!(error.to_string().contains("`s3.public_read` is no other class"), "{error}");
}

#[test]
fn an_operator_adds_replaces_and_takes_away() {
    let added = own(&class(
        r#"merge = [{ product = "Prowler/prowler", rule = "s3_x" }, { control = "acm.1" }]"#,
    ))
    .unwrap();
    let prowler = says(IdentityRule::OtherAsff, "s3_x", BUCKET, &[]);
    assert_eq!(added.key(&prowler).text, format!("wk|own.class|{BUCKET}"));
    let acme = Report { product: "acme/prowler".to_owned(), ..prowler };
    assert_eq!(added.key(&acme).placement, Placement::Origin);
    let control = says(IdentityRule::Control, "ACM.1", BUCKET, &[]);
    assert_eq!(added.key(&control).text, format!("wk|own.class|{BUCKET}"));
    assert_ne!(added.hash(), Classes::builtin().hash());
    assert_eq!(Classes::read(added.text(), None).unwrap().all(), added.all());

    let replaced = own(
        "version = 1\n[[class]]\nid = \"s3.no_sse\"\ntitle = \"t\"\nmerge = [{ control = \"S3.17\" }]\n",
    )
    .unwrap();
    let old = says(IdentityRule::Control, "S3.4", BUCKET, &[]);
    assert_eq!(replaced.key(&old).placement, Placement::Origin);
    assert_eq!(replaced.all().len(), Classes::builtin().all().len());

    let without = own("version = 1\n[[class]]\nid = \"s3.no_sse\"\noff = true\n").unwrap();
    assert_eq!(without.get("s3.no_sse"), None);
}

#[test]
fn a_comment_changes_no_rule() {
    let commented = format!("# mine\n{}", BUILTIN.replace("# --- S3", "# S3"));

    assert_eq!(Classes::read(&commented, None).unwrap().hash(), Classes::builtin().hash());
}

#[test]
fn what_is_wrong_is_refused_with_its_line_and_what_to_do() {
    let twice = class("merge = [{ control = \"X.1\" }]")
        + "[[class]]\nid = \"own.class\"\ntitle = \"t\"\nmerge = [{ control = \"X.2\" }]\n";
    let cases = [
        ("version = 2".to_owned(), 1, "this program reads `version = 1`"),
        ("[[class]]\nid = \"a.b\"".to_owned(), 1, "write `version = 1` first"),
        ("version = 1\n\nclasses = []".to_owned(), 3, "`classes` is not known"),
        ("version = 1\nclass = 3".to_owned(), 2, "a list is expected"),
        ("version = 1\n[[class]\n".to_owned(), 2, "no TOML"),
        (class(""), 2, "has no `merge` entry"),
        (class("colour = 1"), 5, "`colour` is no key of a class"),
        (class("merge = []"), 2, "has no `merge` entry"),
        (class("merge = [\n{ contorl = \"S3.2\" }]"), 6, "`contorl` is none of control, config"),
        (class("merge = [{ control = \"X.1\", config = \"x\" }]"), 5, "write two entries"),
        (class("merge = [{ when = { a = \"b\" } }]"), 5, "the entry has no product"),
        (class("merge = [{ guardduty = \"X\" }]"), 5, "move it to `relate`"),
        (class("merge = [{ health = \"X\" }]"), 5, "move it to `relate`"),
        (class("merge = [{ control = \"X.*\" }]"), 5, "only `relate` knows `*`"),
        (class("merge = [{ control = [] }]"), 5, "1 to 1024 items"),
        (class("merge = [{ control = 3 }]"), 5, "a text in quotes is expected"),
        (class("merge = [{ control = \" \" }]"), 5, "the text is empty"),
        (class("merge = [{ advisor = \"Hs4Ma3G170\" }]"), 5, "write its `control`"),
        (class("merge = [{ product = \"x\", rule = \"r\" }]"), 5, "is not `company/product`"),
        (class("merge = [{ product = \"x/y\" }]"), 5, "needs its rules"),
        (class("merge = [{ product = \"aws/guardduty\", rule = \"r\" }]"), 5, "a key of its own"),
        (class("merge = [{ control = \"X.1\", rule = \"r\" }]"), 5, "belongs to `product` alone"),
        (
            class("merge = [{ advisor = \"x\", when = { \"row status\" = \"red\" } }]"),
            5,
            "`row status` is never `red`, but one of error, warning, ok, not_available",
        ),
        (class("merge = [{ analyzer = \"x\", when = { public = [] } }]"), 5, "1 to 1024 items"),
        (class("merge = [{ analyzer = \"x\", when = { Public = \"true\" } }]"), 5, "lower case"),
        (class("merge = [{ control = \"s3.2\" }]"), 2, "class `s3.public_read` (line "),
        (
            class(
                "merge = [{ advisor = \"Pfx0RwqBli\", when = { access = \"read\", bucket = \"b\" } }]",
            ),
            2,
            "takes advisor `Pfx0RwqBli` too",
        ),
        (
            class("parent = \"no.such\"\nmerge = [{ control = \"X.1\" }]"),
            2,
            "`no.such` is no other class",
        ),
        (class("near = \"own.class\"\nmerge = [{ control = \"X.1\" }]"), 2, "is no other class"),
        (class("per = \"account\"\nmerge = [{ control = \"X.1\" }]"), 5, "can only be \"region\""),
        (class("facet = 1\nmerge = [{ control = \"X.1\" }]"), 5, "true, false or a list"),
        (class("off = true"), 2, "is `off`, and says more"),
        ("version = 1\n[[class]]\nid = \"A b\"".to_owned(), 3, "an id has lower-case letters"),
        ("version = 1\n[[class]]\ntitle = \"t\"".to_owned(), 2, "has no `id`"),
        ("version = 1\n[[class]]\nid = \"x.y\"\noff = true".to_owned(), 2, "none to take away"),
        (twice, 6, "is there twice"),
        ("x".repeat(1024 * 1024 + 1), 1, "more than 1048576 bytes"),
    ];

    for (text, line, what) in cases {
        let error = own(&text).unwrap_err();

        assert!(error.what.contains(what), "{error}\n{text:.200}");
        assert_eq!((error.text, error.line), ("your classes", line), "{error}");
        assert!(error.to_string().starts_with(&format!("your classes, line {line}: ")));
    }
}

#[test]
fn a_narrower_entry_takes_what_it_matches() {
    let lines = "merge = [{ control = \"S3.2\", when = { \"to port\" = \"22\" } }]";
    let classes = own(&class(lines)).unwrap();

    let plain = says(IdentityRule::Control, "S3.2", BUCKET, &[]);
    let narrow = says(IdentityRule::Control, "S3.2", BUCKET, &[("to port", "22")]);
    assert_eq!(classes.key(&plain).text, format!("wk|s3.public_read|{BUCKET}"));
    assert_eq!(classes.key(&narrow).text, format!("wk|own.class|{BUCKET}"));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(cut in any::<prop::sample::Index>(), insert in "[\\[\\]{}=\",a-z\n#]{0,6}") {
        let at = cut.index(BUILTIN.len());
        prop_assume!(BUILTIN.is_char_boundary(at));
        let (before, after) = BUILTIN.split_at(at);
        let text = format!("{before}{insert}{after}");

        let read = Classes::read(&text, None);

        if let Err(error) = read {
            prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1);
        }
    }
}
