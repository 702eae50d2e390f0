//! How bad it is and what is said now: severity and status of an ASFF finding.

use muster_core::report::{Severity, Status};

use super::asff::{Asff, ProductFields, Severity as AsffSeverity};
use crate::draft::{Remarks, word};
use crate::lenient::{Scalar, excerpt};

/// The label of `scalar`. `FATAL` is how OCSF calls the worst.
fn label(scalar: &Scalar<'_>) -> Option<Severity> {
    let name = scalar.as_str();
    Severity::from_name(name)
        .or_else(|| name.eq_ignore_ascii_case("FATAL").then_some(Severity::Critical))
}

/// A number from 0 to 100.
fn percent(number: Option<f64>) -> Option<u8> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in the range of 0 to 100"
    )]
    number.filter(|n| (0.0..=100.0).contains(n)).map(|n| n.round() as u8)
}

/// The severity and its number.
///
/// `Label` decides, also when a customer changed it. `Normalized` is deprecated; it decides where
/// there is no label, and is kept where it is in the label's band. Without either the finding is
/// `INFORMATIONAL`, as AWS itself reads it, and what says something else than AWS's labels
/// (`UNTRIAGED` of Inspector) is `MEDIUM` unless Inspector scored it.
pub(crate) fn severity(
    asff: &Asff<'_>,
    fields: &ProductFields<'_>,
    product: &str,
    remarks: &mut Remarks,
) -> (Severity, u8) {
    let empty = AsffSeverity::default();
    let stated = remarks.object("Severity", &asff.severity).unwrap_or(&empty);
    let normalized = percent(stated.normalized.number());
    if let Some(label) = label(&stated.label) {
        return (label, number_in_band(label, stated, product, remarks));
    }
    if let Some(text) = stated.label.text() {
        remarks.note(format_args!("Severity.Label: `{}` is none that ASFF has", excerpt(&text)));
        let score = percent(fields.inspector_score.number().map(|score| score * 10.0));
        let number = normalized.or(score).unwrap_or(Severity::Medium.floor());
        return (Severity::from_normalized(number), number);
    }
    if let Some(number) = normalized {
        return (Severity::from_normalized(number), number);
    }
    let provider = asff.finding_provider_fields.get().and_then(|fields| fields.severity.get());
    let other = label(&stated.original).or_else(|| label(&provider?.label));
    let found = other.unwrap_or_default();
    remarks.note(format_args!("Severity.Label: missing; {} is taken", found.as_str()));
    (found, found.floor())
}

/// The number to a label: `Normalized` when it is in the band; for `GuardDuty`, whose numbers are
/// native there, ten times `Product`; else the label's own.
fn number_in_band(
    label: Severity,
    stated: &AsffSeverity<'_>,
    product: &str,
    remarks: &mut Remarks,
) -> u8 {
    let in_band = |number: &u8| Severity::from_normalized(*number) == label;
    let Some(normalized) = percent(stated.normalized.number()) else {
        return label.floor();
    };
    if in_band(&normalized) {
        return normalized;
    }
    remarks.note(format_args!("Severity.Normalized: {normalized} is not {}", label.as_str()));
    let native = stated.product.number().filter(|_| product == "aws/guardduty");
    percent(native.map(|n| n * 10.0)).filter(in_band).unwrap_or(label.floor())
}

/// The label of the product itself, where a customer put another one in its place.
pub(crate) fn provider_severity(asff: &Asff<'_>, severity: Severity) -> Option<Severity> {
    let provider = asff.finding_provider_fields.get()?.severity.get()?;
    label(&provider.label).filter(|provider| *provider != severity)
}

/// The status and the source's word for it.
///
/// | says | status |
/// |---|---|
/// | Inspector `CLOSED`, compliance `PASSED` | resolved |
/// | `RecordState` `ARCHIVED` (with its reason), `GuardDuty` archived | archived |
/// | `NOT_AVAILABLE`, for controls also `WARNING`: AWS cannot tell | unobservable, which is open |
/// | anything else | active |
///
/// An archived record is archived even when it passed: it is no longer evaluated.
pub(crate) fn status(
    asff: &Asff<'_>,
    fields: &ProductFields<'_>,
    product: &str,
    remarks: &mut Remarks,
) -> (Status, String) {
    let record = asff.record_state.as_str();
    let compliance = remarks.object("Compliance", &asff.compliance);
    let compliance = compliance.map_or("", |compliance| compliance.status.as_str());
    let inspector = fields.inspector_status.as_str();
    if product == "aws/inspector" && inspector.eq_ignore_ascii_case("CLOSED") {
        return (Status::Resolved, "CLOSED".to_owned());
    }
    if record.eq_ignore_ascii_case("ARCHIVED") {
        let reason = fields.archival_reason.as_str();
        let detail =
            if reason.is_empty() { "ARCHIVED".to_owned() } else { format!("ARCHIVED: {reason}") };
        return (Status::Archived, word(&detail));
    }
    if !record.is_empty() && !record.eq_ignore_ascii_case("ACTIVE") {
        remarks.note(format_args!("RecordState: `{}` is not known", excerpt(record)));
    }
    let archived = [&fields.archived, &fields.archived_short];
    if product == "aws/guardduty" && archived.iter().any(|flag| flag.flag() == Some(true)) {
        return (Status::Archived, "archived".to_owned());
    }
    let is_control = product == "aws/securityhub";
    let status = match compliance.to_ascii_uppercase().as_str() {
        "PASSED" => Status::Resolved,
        "NOT_AVAILABLE" => Status::Unobservable,
        "WARNING" if is_control => Status::Unobservable,
        "" | "FAILED" | "WARNING" => Status::Active,
        _ => {
            remarks.note(format_args!("Compliance.Status: `{}` is not known", excerpt(compliance)));
            Status::Active
        }
    };
    let detail = [compliance, inspector, record].into_iter().find(|text| !text.is_empty());
    (status, word(detail.unwrap_or("ACTIVE")))
}
