//! From `DescribeConfigRules` and `GetComplianceDetailsByConfigRule` to reports.
//!
//! | part of the report | native |
//! |---|---|
//! | origin | the rule's ARN and the canonical resource; the copies in Security Hub have both, and a hash that is not stable |
//! | key | the rule's ARN, the resource's type and id |
//! | rule | the rule's name |
//! | attribute `config rule` | the managed rule: `SourceIdentifier` in lower case, or else the name without what deployed it |
//! | status | `NON_COMPLIANT` active; `COMPLIANT` resolved; `NOT_APPLICABLE` archived; `INSUFFICIENT_DATA` unobservable |
//! | exposure, privilege | what a managed rule says that is not complied with |
//! | severity | medium when it does not comply: Config has none, and Security Hub gives its copies that |
//! | product | Security Hub, of a rule that Security Hub deployed: the control says the same |
//!
//! From the `EvaluationResult` and `AggregateEvaluationResult` shapes of the Config API, version
//! 2014-11-12, whose names events write in lower case.

mod native;

use bytes::Bytes;
use muster_core::identity::{Arn, Origin, Place, bounded_part};
use muster_core::report::{
    CustomerFields, Exposure, FindingClass, Privilege, Report, ReportKey, ReportPath, Severity,
    Signals, Status, TEXT_BYTES_MAX,
};
use muster_core::unit::{SourceKind, Unit};

use self::native::{Change, ConfigRule, Evaluation, Qualifier};
use super::rule_name;
use crate::attributes::Attributes;
use crate::body::Answer;
use crate::document::{BodyError, Document, FindingsPage};
use crate::draft::{self, Remarks, partition_or, unmapped, word};
use crate::exposure;
use crate::lenient::{AnyCase, Scalar, excerpt};
use crate::signals;

/// A rule: what its evaluations do not say themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The identifier of the managed rule (`S3_BUCKET_PUBLIC_READ_PROHIBITED`), or the ARN of a custom
    /// rule's function; empty when unknown.
    pub source_identifier: String,
}

/// A page of `DescribeConfigRules`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesPage {
    /// The rules; one without an ARN is left out.
    pub rules: Vec<Rule>,
    /// The token of the next page.
    pub next_token: Option<String>,
}

/// Reads a page of `DescribeConfigRules`: `{"ConfigRules": [..], "NextToken": ".."}`.
pub fn rules_page(body: &Bytes) -> Result<RulesPage, BodyError> {
    let answer = Answer::read(body, "config:DescribeConfigRules")?;
    let mut rules = Vec::new();
    for item in answer.list("ConfigRules")? {
        let rule = draft::parse::<ConfigRule<'_>>(item)
            .map_err(|error| answer.error(format!("ConfigRules: {error}")))?;
        let text = |scalar: &Scalar<'_>| scalar.text().unwrap_or_default().into_owned();
        let arn = text(&rule.arn);
        if !arn.is_empty() {
            let source = rule.source.get().map(|source| text(&source.identifier));
            let (name, source_identifier) = (text(&rule.name), source.unwrap_or_default());
            rules.push(Rule { arn, name, source_identifier });
        }
    }
    Ok(RulesPage { rules, next_token: answer.text("NextToken")? })
}

/// Reads a page of `GetComplianceDetailsByConfigRule`, or of the same for an aggregator:
/// `{"EvaluationResults": [..], "NextToken": ".."}`.
///
/// # Errors
///
/// When the body is not such an object. What is wrong inside of an evaluation costs only that one,
/// which becomes [`Document::Unmapped`].
pub fn evaluations_page(body: &Bytes, rule: &Rule, unit: &Unit) -> Result<FindingsPage, BodyError> {
    let operation = "config:GetComplianceDetailsByConfigRule";
    let answer = Answer::read(body, operation)?;
    let list = ["EvaluationResults", "AggregateEvaluationResults"]
        .into_iter()
        .find(|list| answer.member(list).is_some());
    let documents = answer.list(list.unwrap_or("EvaluationResults"))?;
    Ok(FindingsPage {
        documents: documents.iter().map(|document| evaluation(document, rule, unit)).collect(),
        next_token: answer.text("NextToken")?,
    })
}

/// Maps one evaluation of `rule`, read by `unit`. `raw` is kept as it is.
///
/// Only what is no object, or names no resource, cannot be mapped.
pub fn evaluation(raw: &Bytes, rule: &Rule, unit: &Unit) -> Document {
    match draft::parse_any_case::<Evaluation<'_>>(raw) {
        Ok(evaluation) => {
            let (account, region) = (&evaluation.account, &evaluation.region);
            let subject = qualifier(&evaluation);
            let given = Given { evaluation: Some(&evaluation), account, region, rule, subject };
            document(&given, raw, unit)
        }
        Err(error) => unmapped(error, raw),
    }
}

/// Maps the `detail` of a `Config Rules Compliance Change` event, which names rule, account and
/// Region. Without a new evaluation the resource is no longer evaluated.
pub(crate) fn change(raw: &Bytes, unit: &Unit) -> Document {
    let change = match draft::parse::<Change<'_>>(raw) {
        Ok(change) => change,
        Err(error) => return unmapped(error, raw),
    };
    let Some(arn) = change.rule_arn.text() else {
        return unmapped("configRuleARN: missing", raw);
    };
    let text = |scalar: &Scalar<'_>| scalar.text().unwrap_or_default().into_owned();
    let rule = Rule {
        arn: arn.into_owned(),
        name: text(&change.rule_name),
        source_identifier: String::new(),
    };
    let evaluation = change.new.get();
    let stated = Qualifier { kind: change.kind.clone(), id: change.id.clone() };
    let subject = evaluation.and_then(qualifier).or(Some(&stated));
    let (account, region) = (&change.account, &change.region);
    document(&Given { evaluation, account, region, rule: &rule, subject }, raw, unit)
}

/// The resource that an evaluation is about.
fn qualifier<'e>(evaluation: &'e Evaluation<'_>) -> Option<&'e Qualifier<'e>> {
    let qualifier: &AnyCase<Qualifier<'_>> = &evaluation.identifier.get()?.qualifier;
    qualifier.get()
}

/// What a document gives.
struct Given<'a> {
    evaluation: Option<&'a Evaluation<'a>>,
    account: &'a Scalar<'a>,
    region: &'a Scalar<'a>,
    rule: &'a Rule,
    subject: Option<&'a Qualifier<'a>>,
}

fn document(given: &Given<'_>, raw: &Bytes, unit: &Unit) -> Document {
    match given.subject.and_then(|subject| subject.id.text()) {
        Some(id) => Document::Report(Box::new(report(given, &id, raw, unit))),
        None => unmapped("ResourceId: missing", raw),
    }
}

fn report(given: &Given<'_>, id: &str, document: &Bytes, unit: &Unit) -> Report {
    let Given { rule, subject, .. } = given;
    let mut remarks = Remarks::default();
    let empty = Evaluation::default();
    let evaluation = given.evaluation.unwrap_or(&empty);
    let arn = Arn::parse(&rule.arn);
    // An evaluation says neither account nor Region: the rule's are meant.
    let accounts = [("rule", arn.map_or("", |arn| arn.account))];
    let regions = [("rule", arn.map_or("", |arn| arn.region))];
    let account = remarks.account("AccountId", given.account, &accounts, unit);
    let region = remarks.region("AwsRegion", given.region, &regions, unit);
    let partition = partition_or(arn.map_or("", |arn| arn.partition), &region);
    let place = Place { partition, account, region: &region };
    let kind = subject.and_then(|subject| subject.kind.text()).unwrap_or_default();
    let resource = draft::resource(id, &kind, &place);
    let origin = Origin::ConfigRule { rule: &rule.arn, resource: &resource.id };
    let (status, status_detail) = status(evaluation, &mut remarks);
    let is_open = matches!(status, Status::Active | Status::Unobservable);
    let severity = if is_open { Severity::Medium } else { Severity::Informational };
    let managed = managed(rule);
    let is_failed = status == Status::Active;
    let privilege = if is_failed { signals::of_config_rule(&managed) } else { Privilege::Unknown };
    let is_copy = rule_name::is_of_security_hub(&rule.name);
    let (raw, raw_truncated) = draft::raw(document);
    let name = if rule.name.is_empty() { &rule.arn } else { &rule.name };
    Report {
        key: ReportKey {
            path: ReportPath::Native,
            provider_id: bounded_part(&format!("{}/{kind}/{id}", rule.arn)).into_owned(),
        },
        origin: origin.key(),
        source: SourceKind::Config,
        product: if is_copy { "aws/securityhub" } else { "aws/config" }.to_owned(),
        class: FindingClass::Misconfiguration,
        rule_id: word(name),
        title: draft::title(name),
        description: remarks.text("Annotation", &evaluation.annotation, TEXT_BYTES_MAX),
        severity,
        severity_normalized: severity.floor(),
        status,
        status_detail,
        resources: vec![resource],
        facet: String::new(),
        exposure: if is_failed { exposure::of_config_rule(&managed) } else { Exposure::Unknown },
        signals: Signals { privilege, ..Signals::default() },
        attributes: attributes(&managed).into_vec(),
        sample: false,
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: None,
        last_observed: remarks.time("ConfigRuleInvokedTime", &evaluation.invoked),
        provider_created: None,
        provider_updated: remarks.time("ResultRecordedTime", &evaluation.recorded),
        count: 1,
        account,
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
        region,
    }
}

/// The managed rule that it is an instance of.
fn managed(rule: &Rule) -> String {
    let managed = rule_name::of_identifier(&rule.source_identifier);
    managed.unwrap_or_else(|| rule_name::managed(&rule.name))
}

fn attributes(managed: &str) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.add("config rule", managed);
    attributes
}

fn status(evaluation: &Evaluation<'_>, remarks: &mut Remarks) -> (Status, String) {
    let text = evaluation.compliance.text().unwrap_or_default();
    let status = match text.as_ref() {
        "NON_COMPLIANT" => Status::Active,
        "COMPLIANT" => Status::Resolved,
        "INSUFFICIENT_DATA" => Status::Unobservable,
        "NOT_APPLICABLE" => Status::Archived,
        "" => {
            remarks.note("ComplianceType: missing; the resource is no longer evaluated");
            return (Status::Archived, "NOT_APPLICABLE".to_owned());
        }
        other => {
            remarks.note(format_args!("ComplianceType: `{}` is not known", excerpt(other)));
            Status::Unobservable
        }
    };
    (status, word(&text))
}
