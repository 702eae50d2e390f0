//! What is wrong with a table, and where.

use super::*;

/// A table with one recommendation.
fn one(id: &str, rest: &str) -> String {
    format!(
        "version = 1\n\n[[recommendation]]\nid = \"{id}\"\nname = \"Something\"\n\
         domain = \"threat_detection\"\neffort = \"low\"\nseen = \"direct\"\n\
         advice = \"Do it\"\n{rest}\n"
    )
}

#[test]
fn a_wrong_table_is_refused_with_its_line() {
    let control = "evidence = [{ control = \"S3.1\" }]";
    for (text, line, part) in [
        (String::new(), 1, "version = 1"),
        ("version = 2".to_owned(), 1, "version = 1"),
        ("version = 1\nx = 2".to_owned(), 2, "`x` is not known"),
        ("version = 1\n=".to_owned(), 2, "no TOML"),
        (one("IAM-1", control), 4, "no id such as"),
        (one("P5-IAM-1", control), 4, "no id such as"),
        (one("P1-IAM-0", control), 4, "no id such as"),
        (one("P1-IAM-1", "color = 1"), 10, "`color` is no key"),
        (one("P1-IAM-1", "top10 = 11"), 10, "from 1 to 10"),
        (one("P1-IAM-1", ""), 3, "nothing decides it"),
        (one("P1-IAM-1", "evidence = [{ prowler = \"x\" }]"), 10, "`prowler` is none of"),
        (one("P1-IAM-1", "evidence = [{ says = \"use\" }]"), 10, "no kind"),
        (
            one("P1-IAM-1", "evidence = [{ control = \"S3.1\", says = \"maybe\" }]"),
            10,
            "none of hint, use, against, judges",
        ),
        (one("P1-IAM-1", "evidence = [{ control = [] }]"), 10, "1 to 1024 items"),
        (one("P1-IAM-1", "evidence = [{ alive = \"nagios\" }]"), 10, "`nagios` is none of"),
        (one("P1-IAM-1", "evidence = [{ acting = \"guardduty\" }]"), 10, "needs `from`"),
        (
            one("P1-IAM-1", "evidence = [{ alive = \"guardduty\", days = 3 }]"),
            10,
            "belong to `acting`",
        ),
        (one("P1-IAM-1", "evidence = [{ control = \"S3.1\", config = \"x\" }]"), 10, "one kind"),
        (
            one("P1-IAM-1", "evidence = [{ control = \"S3.1\" }, { control = \"s3.1\" }]"),
            3,
            "`S3.1` is there twice",
        ),
        (one("P1-IAM-1", control).replace("effort = \"low\"\n", ""), 3, "no `effort`"),
        (one("P1-IAM-1", control).replace("Something", "a\\u0007b"), 5, "control characters"),
    ] {
        let error = Table::read(&text).unwrap_err();

        assert_eq!(error.line, line, "{error}\n{text}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn an_id_is_there_once() {
    let control = "evidence = [{ control = \"S3.1\" }]";
    let twice = one("P1-IAM-1", control) + &one("P1-IAM-1", control).replace("version = 1", "");

    let error = Table::read(&twice).unwrap_err();

    assert!(error.what.contains("`P1-IAM-1` is there twice"), "{error}");
    assert_eq!(error.line, 13);
}

#[test]
fn recommendations_come_by_phase() {
    let control = "evidence = [{ control = \"S3.1\" }]";
    let text = one("P2-IAM-1", control) + &one("P1-IAM-1", control).replace("version = 1", "");

    let table = Table::read(&text).unwrap();

    let ids: Vec<&str> = table.all().iter().map(|known| &*known.id).collect();
    assert_eq!(ids, ["P1-IAM-1", "P2-IAM-1"]);
    assert_ne!(table.hash(), Table::builtin().hash());
}
