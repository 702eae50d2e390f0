mod signals;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::report::{Exposure, Severity, Status};
use crate::testing::{absence, held_report, millis, one_finding};
use crate::time::Millis;

/// The reports that one finding holds, any of them absent.
fn held() -> impl Strategy<Value = Vec<HeldReport>> {
    (one_finding(), vec((held_report(), absence()), 3)).prop_map(|(reports, drafts)| {
        let drafts = reports.into_iter().zip(drafts);
        drafts.map(|(report, (held, absence))| HeldReport { report, absence, ..held }).collect()
    })
}

/// A report of `rule` from `source`, with this status and severity.
fn one(rule: IdentityRule, source: SourceKind, status: Status, severity: u8) -> HeldReport {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut held = held_report().new_tree(&mut runner).unwrap().current();
    let report = &mut held.report;
    report.key.path = crate::testing::path(source);
    report.key.provider_id = source.to_string();
    report.origin.rule = rule;
    report.source = source;
    report.product = format!("aws/{source}");
    (report.status, report.severity_normalized) = (status, severity);
    report.severity = crate::report::Severity::from_normalized(severity);
    report.exposure = Exposure::Unknown;
    report.customer = crate::report::CustomerFields::default();
    report.status_detail.clear();
    held.absence = None;
    held
}

fn named(held: HeldReport, id: &str) -> HeldReport {
    let mut held = held;
    id.clone_into(&mut held.report.key.provider_id);
    held.report.title = format!("title of {id}");
    held
}

#[test]
fn no_reports_have_no_facts() {
    assert_eq!(fold(&[]), None);
}

#[test]
fn a_copy_says_nothing_beside_its_original() {
    let copies = [
        (IdentityRule::GuardDuty, SourceKind::GuardDuty, SourceKind::SecurityHub),
        (IdentityRule::ExternalAccess, SourceKind::AccessAnalyzer, SourceKind::SecurityHub),
        (IdentityRule::AccessAnalyzer, SourceKind::AccessAnalyzer, SourceKind::SecurityHub),
        (IdentityRule::Control, SourceKind::SecurityHub, SourceKind::TrustedAdvisor),
    ];
    for (rule, source, mirror) in copies {
        let original = one(rule, source, Status::Archived, 40);
        let mut copy = one(rule, mirror, Status::Active, 90);
        copy.report.exposure = Exposure::Public;

        let facts = fold(&[copy.clone(), original.clone()]).unwrap();

        assert_eq!(facts.status, Status::Archived, "{mirror}");
        assert_eq!(facts.severity_normalized, 40, "{mirror}");
        assert_eq!(facts.exposure, Exposure::Unknown, "{mirror}");
        assert_eq!(facts.products, [format!("aws/{source}")], "{mirror}");
        assert!(facts.dissent, "{mirror}");
        assert_eq!(fold(&[copy]).unwrap().status, Status::Active, "{mirror} alone");
    }
}

#[test]
fn a_false_positive_is_one_when_customers_say_so_of_all_that_speaks() {
    let refuted = |mut held: HeldReport| {
        held.report.customer.verification = "FALSE_POSITIVE".to_owned();
        held
    };
    let (rule, hub) = (IdentityRule::GuardDuty, SourceKind::SecurityHub);
    let original = one(rule, SourceKind::GuardDuty, Status::Active, 80);
    let copy = one(rule, hub, Status::Active, 80);
    let control = named(one(IdentityRule::Control, hub, Status::Active, 40), "control");
    let is = |reports: &[HeldReport]| fold(reports).unwrap().false_positive;

    assert!(!is(&[original.clone(), copy.clone()]));
    assert!(is(&[original.clone(), refuted(copy.clone())]), "customers write it to the copy");
    assert!(is(&[refuted(copy.clone())]), "without its original");
    assert!(!is(&[original, refuted(copy), control.clone()]), "another product says it, too");
    assert!(is(&[refuted(control)]));
}

#[test]
fn an_original_of_something_else_hides_no_copy() {
    let original = one(IdentityRule::GuardDuty, SourceKind::GuardDuty, Status::Archived, 40);
    let mut copy = one(IdentityRule::GuardDuty, SourceKind::SecurityHub, Status::Active, 90);
    copy.report.origin.text.push_str("other");

    assert_eq!(fold(&[copy, original]).unwrap().status, Status::Active);
}

#[test]
fn a_mirror_of_a_lost_original_speaks_but_does_not_corroborate() {
    let mut control = one(IdentityRule::Control, SourceKind::SecurityHub, Status::Active, 40);
    control.absence = Some(Absence::Unobservable);
    let mirror = one(IdentityRule::Control, SourceKind::TrustedAdvisor, Status::Active, 70);

    let facts = fold(&[control, mirror]).unwrap();

    assert_eq!((facts.status, facts.severity_normalized), (Status::Active, 70));
    assert_eq!(facts.products, ["aws/securityhub"]);
}

#[test]
fn one_control_by_several_standards_has_the_worst_status() {
    let control = |status, severity, id| {
        named(one(IdentityRule::Control, SourceKind::SecurityHub, status, severity), id)
    };
    let passed = control(Status::Resolved, 90, "a");
    let failed = control(Status::Active, 40, "b");

    let facts = fold(&[passed.clone(), failed]).unwrap();

    assert_eq!(facts.status, Status::Active);
    assert_eq!(facts.severity_normalized, 40, "what is closed says nothing about how bad it is");
    assert_eq!(facts.title, "title of b");
    assert_eq!(fold(&[passed]).unwrap().severity_normalized, 90);
}

#[test]
fn only_products_that_say_so_now_corroborate() {
    let other = |product: &str, status| {
        let mut held = one(IdentityRule::OtherAsff, SourceKind::SecurityHub, status, 40);
        product.clone_into(&mut held.report.product);
        named(held, product)
    };
    let open = other("prowler/prowler", Status::Active);
    let closed = other("acme/scanner", Status::Resolved);

    let facts = fold(&[open, closed.clone()]).unwrap();

    assert_eq!(facts.products, ["prowler/prowler"]);
    assert_eq!(fold(&[closed]).unwrap().products, ["acme/scanner"]);
}

#[test]
fn the_lead_is_open_then_the_original_then_the_worst_then_the_first_by_key() {
    let rule = IdentityRule::ExternalAccess;
    let native =
        |status, severity, id| named(one(rule, SourceKind::AccessAnalyzer, status, severity), id);
    let lead = |reports: &[HeldReport]| fold(reports).unwrap().title;

    let (old, new) = (native(Status::Resolved, 90, "a"), native(Status::Active, 40, "b"));
    assert_eq!(lead(&[old, new.clone()]), "title of b");
    assert_eq!(lead(&[new.clone(), native(Status::Active, 70, "c")]), "title of c");
    assert_eq!(lead(&[new.clone(), native(Status::Active, 40, "a")]), "title of a");
    let copy = named(one(rule, SourceKind::SecurityHub, Status::Active, 90), "copy");
    let mut lost = new;
    lost.absence = Some(Absence::Unobservable);
    assert_eq!(lead(&[copy, lost]), "title of b");
}

#[test]
fn an_absence_overrides_what_the_report_says() {
    let mut held = one(IdentityRule::OtherAsff, SourceKind::SecurityHub, Status::Active, 40);
    for (absence, status) in [
        (Absence::Resolved, Status::Resolved),
        (Absence::Expired, Status::Expired),
        (Absence::Unobservable, Status::Unobservable),
    ] {
        held.absence = Some(absence);

        assert_eq!(fold(std::slice::from_ref(&held)).unwrap().status, status);
    }
}

#[test]
fn facts_keep_the_first_and_the_last_time_that_any_report_gives() {
    let at = |source, first: i64, last: i64| {
        let mut held = one(IdentityRule::GuardDuty, source, Status::Active, 40);
        held.report.first_observed = Some(Millis(first));
        (held.report.last_observed, held.report.provider_updated) =
            (Some(Millis(last)), Some(Millis(last + 1)));
        held
    };

    let facts =
        fold(&[at(SourceKind::GuardDuty, 5, 7), at(SourceKind::SecurityHub, 3, 9)]).unwrap();

    assert_eq!(facts.first_observed, Some(Millis(3)));
    assert_eq!((facts.last_observed, facts.provider_updated), (Some(Millis(9)), Some(Millis(10))));
}

proptest! {
    #[test]
    fn the_order_of_the_reports_does_not_matter(
        (held, shuffled) in held().prop_flat_map(|held| (Just(held.clone()), Just(held).prop_shuffle())),
    ) {
        prop_assert_eq!(fold(&held), fold(&shuffled));
    }

    #[test]
    fn update_times_move_nothing_but_times(held in held(), times in vec(millis(), 3)) {
        let moved: Vec<_> = held.iter().zip(times).map(|(held, time)| {
            let mut held = held.clone();
            (held.report.provider_updated, held.report.last_observed) = (Some(time), Some(time));
            held
        }).collect();
        let timeless = |reports: &[HeldReport]| {
            let mut facts = fold(reports).unwrap();
            (facts.last_observed, facts.provider_updated) = (None, None);
            facts
        };

        prop_assert_eq!(timeless(&held), timeless(&moved));
    }

    #[test]
    fn facts_say_no_more_than_the_reports(held in held()) {
        let facts = fold(&held).unwrap();
        let any = |says: &dyn Fn(&HeldReport) -> bool| held.iter().any(says);

        // What proves nothing may leave it unknown.
        prop_assert!(
            facts.status == Status::Unobservable || any(&|held| held.status() == facts.status)
        );
        prop_assert!(any(&|held| held.report.severity_normalized == facts.severity_normalized));
        prop_assert!(any(&|held| held.report.exposure == facts.exposure));
        prop_assert!(!facts.products.is_empty() && facts.products.is_sorted_by(|a, b| a < b));
        for product in &facts.products {
            prop_assert!(any(&|held| held.report.product == *product));
        }
        prop_assert!(!facts.resources.is_empty());
        prop_assert!(facts.resources.len() <= crate::report::RESOURCES_MAX);
        if facts.status == Status::Active {
            let worst = |held: &HeldReport| {
                held.status().is_open()
                    && held.report.severity_normalized == facts.severity_normalized
            };
            prop_assert!(any(&worst));
        }
    }
}

/// Reports of one weakness that a class joined: each has an origin of its own.
fn of_origin(held: HeldReport, about: &str) -> HeldReport {
    let mut held = named(held, about);
    held.report.origin.text = format!("{}|{about}", held.report.origin.rule.as_str());
    held
}

#[test]
fn a_weakness_is_open_while_one_product_says_so_and_resolved_when_all_do() {
    let control =
        |status| of_origin(one(IdentityRule::Control, SourceKind::SecurityHub, status, 90), "S3.2");
    let access = |status| {
        of_origin(one(IdentityRule::ExternalAccess, SourceKind::AccessAnalyzer, status, 70), "aax")
    };

    let differ = fold(&[control(Status::Resolved), access(Status::Active)]).unwrap();
    assert_eq!((differ.status, differ.dissent), (Status::Active, true));
    assert_eq!(differ.severity_normalized, 70, "what passed says nothing about how bad it is");
    assert_eq!(differ.products, ["aws/access-analyzer"]);
    assert_eq!(differ.title, "title of aax");

    let both = fold(&[control(Status::Active), access(Status::Active)]).unwrap();
    assert_eq!((both.severity_normalized, both.dissent), (90, false));
    assert_eq!(both.products, ["aws/access-analyzer", "aws/securityhub"]);

    let none = fold(&[control(Status::Resolved), access(Status::Resolved)]).unwrap();
    assert_eq!((none.status, none.dissent), (Status::Resolved, false));
}

#[test]
fn a_copy_is_hidden_by_its_own_original_alone() {
    let access = |source, status, about: &str| {
        of_origin(one(IdentityRule::ExternalAccess, source, status, 40), about)
    };
    let native = access(SourceKind::AccessAnalyzer, Status::Resolved, "one");
    let mut copy = access(SourceKind::SecurityHub, Status::Active, "one");
    copy.report.key.provider_id = "copy".to_owned();
    let other = access(SourceKind::SecurityHub, Status::Active, "other");

    assert_eq!(fold(&[native.clone(), copy.clone()]).unwrap().status, Status::Resolved);
    assert_eq!(fold(&[native, copy, other]).unwrap().status, Status::Active);
}

#[test]
fn what_cannot_be_looked_at_is_never_resolved_by_the_others() {
    let control = of_origin(
        one(IdentityRule::Control, SourceKind::SecurityHub, Status::Resolved, 90),
        "S3.2",
    );
    let row = one(IdentityRule::TrustedAdvisor, SourceKind::TrustedAdvisor, Status::Active, 70);
    let row = of_origin(row, "Pfx0RwqBli");
    let mut not_available = row.clone();
    not_available.report.status = Status::Unobservable;
    let mut lost = row;
    lost.absence = Some(Absence::Unobservable);
    let mut gap = one(IdentityRule::AccessAnalyzer, SourceKind::AccessAnalyzer, Status::Active, 0);
    gap.report.status_detail = NOT_ANALYZED.to_owned();
    let gap = of_origin(gap, "gap");

    for unknown in [not_available, lost, gap.clone()] {
        let facts = fold(&[control.clone(), unknown]).unwrap();

        assert_eq!(facts.status, Status::Unobservable);
    }
    let gone = HeldReport { absence: Some(Absence::Resolved), ..gap.clone() };
    assert_eq!(fold(&[control, gone.clone()]).unwrap().status, Status::Resolved);
    assert_eq!(fold(std::slice::from_ref(&gap)).unwrap().status, Status::Active);
    assert_eq!(fold(&[gone]).unwrap().status, Status::Resolved);
}

#[test]
fn a_mirror_opens_alone_and_closes_nothing() {
    let mirror = |status| {
        of_origin(one(IdentityRule::Control, SourceKind::TrustedAdvisor, status, 70), "S3.2")
    };
    let access = |status| {
        of_origin(one(IdentityRule::ExternalAccess, SourceKind::AccessAnalyzer, status, 70), "aax")
    };
    let status = |reports: &[HeldReport]| fold(reports).unwrap().status;

    assert_eq!(status(&[mirror(Status::Active)]), Status::Active);
    assert_eq!(status(&[mirror(Status::Resolved)]), Status::Unobservable);
    assert_eq!(status(&[mirror(Status::Active), access(Status::Resolved)]), Status::Active);
    assert_eq!(status(&[mirror(Status::Resolved), access(Status::Resolved)]), Status::Resolved);
    assert_eq!(status(&[mirror(Status::Resolved), access(Status::Active)]), Status::Active);
    let unread = HeldReport { absence: Some(Absence::Resolved), ..mirror(Status::Active) };
    assert_eq!(status(&[unread]), Status::Unobservable, "it left the list, and nobody else looked");
}

#[test]
fn a_severity_that_customers_override_in_the_copy_counts() {
    let native = one(IdentityRule::GuardDuty, SourceKind::GuardDuty, Status::Active, 80);
    let mut copy = one(IdentityRule::GuardDuty, SourceKind::SecurityHub, Status::Active, 1);
    let facts = |copy: &HeldReport| fold(&[native.clone(), copy.clone()]).unwrap();

    assert_eq!(facts(&copy).severity_normalized, 80, "a copy that only differs says nothing");
    copy.report.customer.provider_severity = Some(Severity::High);
    assert_eq!(facts(&copy).severity_normalized, 1);
    assert_eq!(facts(&copy).severity, Severity::Low);
    copy.report.status = Status::Archived;
    assert_eq!(facts(&copy).severity_normalized, 80);
}
