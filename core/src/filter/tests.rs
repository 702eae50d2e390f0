mod oracle;

use proptest::prelude::*;

use super::*;

fn facets() -> Facets {
    Facets {
        score: 640,
        severity: Severity::High,
        status: Status::Active,
        triage: TriageState::New,
        class: FindingClass::Exposure,
        sources: vec![SourceKind::SecurityHub, SourceKind::AccessAnalyzer],
        account: "123456789012".parse().unwrap(),
        region: "eu-central-1".parse().unwrap(),
        assignee: "alice".to_owned(),
        stale: false,
        due: None,
        overdue: false,
        resource: "arn:aws:s3:::Payroll-Exports".to_owned(),
        rule_id: "S3.2".to_owned(),
        title: "Bucket \"payroll\" is public".to_owned(),
    }
}

fn selects(text: &str) -> bool {
    Filter::parse(text).unwrap().matches(&facets())
}

#[test]
fn each_field_selects_by_its_value() {
    for text in [
        "",
        "  ",
        "severity = HIGH",
        "severity>=high",
        "severity > MEDIUM AND severity < CRITICAL",
        "severity != LOW",
        "score >= 640",
        "status = ACTIVE",
        "triage=new",
        "class = EXPOSURE",
        "source = securityhub AND source = access-analyzer",
        "account = 123456789012",
        "region = EU-central-1",
        "assignee = ALICE",
        "assignee != \"\"",
        "stale = false",
        "resource = arn:aws:s3:::payroll-exports",
        "resource:payroll",
        "rule = s3.2",
        "title : \"\\\"payroll\\\" is\"",
        "text:S3.2",
        "(resource:payroll)",
        "NOT triage = DONE",
        "-triage=DONE",
        "NOT (severity = LOW OR severity = MEDIUM)",
        "(severity = LOW OR severity = HIGH) AND source=securityhub",
    ] {
        assert!(selects(text), "{text}");
        if !text.trim().is_empty() {
            assert!(!selects(&format!("NOT ({text})")), "NOT ({text})");
        }
    }
}

#[test]
fn an_error_says_where_and_what_was_expected() {
    for (text, offset, expected) in [
        ("severty = HIGH", 0, "`severty` is not a field; expected one of severity, score"),
        ("severity = URGENT", 11, "`URGENT` is not one of INFORMATIONAL, LOW"),
        ("severity : HIGH", 9, "`severity` takes = != <"),
        ("severity HIGH", 9, "expected an operator after `severity`"),
        ("payroll", 0, "`payroll` is not a field"),
        ("status = ACTIVE triage = NEW", 16, "join restrictions with AND"),
        ("a = 1 AND", 0, "`a` is not a field"),
        ("stale = true AND", 16, "expected a field"),
        ("stale=true AND stale=true OR stale=true", 26, "parentheses"),
        ("(stale=true", 11, "expected `)`"),
        ("stale=true)", 10, "closes nothing"),
        ("title : \"open", 8, "not closed"),
        ("title =", 7, "expected a value"),
        ("account = 12", 10, "twelve digits"),
        ("score > 1001", 8, "a number from 0 to 1000"),
        ("text = x", 5, "only `:`"),
        ("status > ACTIVE", 7, "takes = and !="),
    ] {
        let error = Filter::parse(text).unwrap_err();

        assert!(error.message.contains(expected), "{text}: {error}");
        assert_eq!(error.offset, offset, "{text}: {error}");
    }
}

#[test]
fn limits_are_refused_and_named() {
    let nested = |depth| format!("{}stale=true{}", "(".repeat(depth), ")".repeat(depth));
    let many = vec!["stale=true"; 129].join(" AND ");
    let long = format!("title:{}", "x".repeat(FILTER_BYTES_MAX));
    let longer_in_quotes = format!("title:{}", "\\".repeat(FILTER_BYTES_MAX - 6));

    assert_eq!(Filter::parse(&nested(16)), Filter::parse("stale=true"));
    assert!(Filter::parse(&nested(17)).unwrap_err().message.contains("16 deep"));
    assert!(Filter::parse(&many).unwrap_err().message.contains("128 restrictions"));
    assert!(Filter::parse(&long).unwrap_err().message.contains("at most 4096"));
    let error = Filter::parse(&longer_in_quotes).unwrap_err();
    assert!(error.message.contains("bytes in canonical form; at most 4096"), "{error}");
}

fn expression() -> impl Strategy<Value = String> {
    let restriction = prop_oneof![
        "(severity|score) (=|!=|<|<=|>|>=) (HIGH|LOW|7|900)",
        "(status|triage|class|source) (=|!=) (ACTIVE|NEW|THREAT|guardduty)",
        "(title|resource|rule|assignee) (=|!=|:) \"[a-z\\\\\\\\ é]{0,6}\"",
    ];
    restriction.prop_recursive(4, 32, 4, |inner| {
        (proptest::collection::vec(inner, 1..4), "AND|OR", any::<bool>()).prop_map(
            |(parts, word, negated)| {
                let joined = parts.join(&format!(" {word} "));
                if negated { format!("NOT ({joined})") } else { format!("({joined})") }
            },
        )
    })
}

proptest! {
    #[test]
    fn any_text_parses_or_says_where_it_does_not(text in "\\PC{0,64}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.offset <= text.len());
        }
    }

    #[test]
    fn the_canonical_form_is_the_same_filter(text in expression()) {
        if let Ok(filter) = Filter::parse(&text) {
            let canonical = filter.to_string();
            let again = Filter::parse(&canonical).unwrap();

            prop_assert_eq!(&again, &filter);
            prop_assert_eq!(again.to_string(), canonical);
        }
    }
}
