//! D2 with classes: the same reports of several products, in any order, interleaving and number, give
//! the same findings, also when what a report says moves it from one class to another.

use std::collections::BTreeMap;

use proptest::collection::vec;

use super::*;
use crate::finding::{Absence, Facts};
use crate::ids::FindingId;
use crate::invariants::{self, Owners};
use crate::plan::{self, Observation};
use crate::testing::{START, rules};
use crate::time::{DAY_MS, HOUR_MS, Millis};

/// After every generated time.
const LATER: Millis = Millis(START.0 + 100 * DAY_MS);

/// What is stored, by finding, and who has which report: what a server does with reports.
#[derive(Default)]
struct Store {
    findings: BTreeMap<FindingId, Finding>,
}

impl Store {
    fn holder(&self, key: &ReportKey) -> Option<&Finding> {
        let holds = |finding: &&Finding| finding.reports.iter().any(|held| held.report.key == *key);
        self.findings.values().find(holds)
    }

    fn read(&mut self, report: &Report) {
        let finding = Classes::builtin().key(report);
        let id = finding.id();
        if let Some(holder) = self.holder(&report.key).filter(|holder| holder.id != id) {
            let held = holder.reports.iter().find(|held| held.report.key == report.key).unwrap();
            if plan::older(report, &held.report, LATER) {
                return;
            }
            let left =
                plan::withdraw(holder, std::slice::from_ref(&report.key), rules(LATER)).unwrap();
            self.findings.insert(left.finding.id, left.finding);
        }
        let seen = Observation {
            content_hash: report.content_hash(),
            unit: "securityhub/123456789012/eu-west-1".parse().unwrap(),
            finding,
            report: report.clone(),
        };
        if let Some(planned) = plan::observe(self.findings.get(&id), vec![seen], rules(LATER)) {
            self.findings.insert(id, planned.finding);
        }
    }

    fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        let mut store = Self::default();
        reports.into_iter().for_each(|report| store.read(report));
        store
    }

    /// What must not depend on the order: the findings that anybody reports, with their facts and
    /// reports, without the times of sightings.
    fn essence(&self) -> BTreeMap<String, (Facts, Vec<HeldEssence>)> {
        let told = self.findings.values().filter(|finding| !finding.reports.is_empty());
        let essence = |finding: &Finding| {
            let mut facts = finding.facts.clone();
            (facts.last_observed, facts.provider_updated) = (None, None);
            let held = finding.reports.iter().map(|held| {
                (held.report.key.clone(), held.content_hash, held.placed.clone(), held.absence)
            });
            (finding.key.clone(), (facts, held.collect()))
        };
        told.map(essence).collect()
    }
}

type HeldEssence = (ReportKey, u64, Placement, Option<Absence>);

/// What products say of one bucket, one group and the account: some of it moves between classes.
fn statements() -> Vec<Vec<Report>> {
    use IdentityRule::{ConfigRule, Control, ExternalAccess, GuardDuty, Macie, TrustedAdvisor};
    let row = |attributes: &[(&str, &str)]| says(TrustedAdvisor, "Pfx0RwqBli", BUCKET, attributes);
    let external = |public, access| {
        let attributes =
            [("public", public), ("resource type", "AWS::S3::Bucket"), ("access", access)];
        let report = says(ExternalAccess, "ExternalAccess", BUCKET, &attributes);
        with_facet(report, if public == "true" { "*" } else { "444455556666" })
    };
    let copy = |report: Report| Report {
        key: ReportKey { path: ReportPath::Asff, ..report.key.clone() },
        source: SourceKind::SecurityHub,
        ..report
    };
    let mirror = |report: Report| Report {
        key: ReportKey { path: ReportPath::Native, ..report.key.clone() },
        source: SourceKind::TrustedAdvisor,
        ..report
    };
    vec![
        vec![says(Control, "S3.2", BUCKET, &[])],
        vec![says(Control, "S3.8", BUCKET, &[])],
        vec![mirror(says(Control, "S3.2", BUCKET, &[]))],
        vec![
            row(&[("row status", "error"), ("access", "read")]),
            row(&[("row status", "warning")]),
            row(&[("row status", "error")]),
            row(&[("row status", "ok")]),
        ],
        vec![external("true", "read"), external("true", "write"), external("false", "read")],
        vec![copy(external("true", "read")), copy(external("false", "read"))],
        vec![says(Macie, "Policy:IAMUser/S3BucketPublic", BUCKET, &[("access", "unknown")])],
        vec![says(ConfigRule, "s3-bucket-level-public-access-prohibited", BUCKET, &[])],
        vec![says(GuardDuty, "Policy:S3/BucketPublicAccessGranted", BUCKET, &[])],
        vec![says(Control, "EC2.13", GROUP, &[])],
        vec![rule_of_group("HCP4007jGY", "22", "22")],
        vec![rule_of_group("HCP4007jGY", "3306", "3306")],
    ]
}

/// The versions of each of these reports, oldest first: statuses and severities vary, and what it says
/// goes through its forms.
fn streams() -> impl Strategy<Value = Vec<Vec<Report>>> {
    let versions =
        vec((select(Status::ALL.to_vec()), 0_u8..=100, any::<prop::sample::Index>()), 1..4);
    vec(versions, statements().len()).prop_map(|drafts| {
        let reports = statements().into_iter().zip(drafts);
        reports
            .map(|(forms, drafts)| {
                let key = forms[0].key.clone();
                let drafts = (1..).zip(drafts).map(|(n, (status, severity, form))| Report {
                    key: key.clone(),
                    status,
                    severity_normalized: severity,
                    severity: Severity::from_normalized(severity),
                    provider_updated: Some(START.plus(n * HOUR_MS)),
                    last_observed: Some(START.plus(n * HOUR_MS)),
                    ..form.get(&forms).clone()
                });
                // No two have the same content: where a source goes back to what it said, an older
                // page that comes later wins until the report is next read; see `plan`.
                let mut versions: Vec<Report> = Vec::new();
                for version in drafts {
                    let hash = version.material_hash();
                    if versions.iter().all(|known| known.material_hash() != hash) {
                        versions.push(version);
                    }
                }
                versions
            })
            .collect()
    })
}

/// All versions, each once or twice, in any order.
fn shuffled() -> impl Strategy<Value = (Vec<Vec<Report>>, Vec<Report>)> {
    testing::shuffled(streams())
}

proptest! {
    #[test]
    fn any_order_with_repeats_gives_the_same_findings((streams, shuffled) in shuffled()) {
        let newest: Vec<&Report> = streams.iter().filter_map(|stream| stream.last()).collect();

        let one = Store::of(&shuffled);

        prop_assert_eq!(one.essence(), Store::of(streams.iter().flatten()).essence());
        prop_assert_eq!(one.essence(), Store::of(newest).essence(), "only the newest version counts");
    }

    #[test]
    fn whatever_is_written_keeps_every_promise((_, shuffled) in shuffled()) {
        let store = Store::of(&shuffled);

        let mut owners = Owners::default();
        for finding in store.findings.values() {
            prop_assert_eq!(invariants::finding(finding, rules(LATER).model), []);
            prop_assert_eq!(owners.claim(finding), []);
        }
        prop_assert!(shuffled.iter().all(|report| store.holder(&report.key).is_some()));
    }

    #[test]
    fn a_threat_never_opens_or_closes_a_weakness((streams, shuffled) in shuffled()) {
        let without: Vec<&Report> =
            shuffled.iter().filter(|report| report.class != FindingClass::Threat).collect();

        let mut all = Store::of(&shuffled).essence();
        all.retain(|key, _| key.starts_with("wk|"));
        let mut weaknesses = Store::of(without).essence();
        weaknesses.retain(|key, _| key.starts_with("wk|"));

        prop_assert_eq!(all, weaknesses);
        prop_assert!(!streams.is_empty());
    }
}
