//! What documents say about how urgent they are, in one form for all products.
//!
//! What a document does not say stays unknown. What it says in a way that nobody understands is
//! noted and stays unknown as well.

mod privilege;

use std::net::Ipv4Addr;

use muster_core::report::{
    CVES_MAX, ExploitState, TAGS_MAX, Tag, Vulnerability, arrange_ids, arrange_tags, epss_step,
};

pub(crate) use self::privilege::{
    of_actions, of_config_rule, of_failed_control, of_guardduty_type,
};
use crate::draft::Remarks;
use crate::lenient::{Many, Scalar, Tags, excerpt};

/// A whole number from 0 to 100: ASFF `Criticality` and `Confidence`.
pub(crate) fn percent(field: &str, scalar: &Scalar<'_>, remarks: &mut Remarks) -> Option<u8> {
    if *scalar == Scalar::Absent {
        return None;
    }
    let number = scalar.number().filter(|number| (0.0..=100.0).contains(number));
    if number.is_none() {
        let stated = scalar.text().unwrap_or_default();
        remarks.note(format_args!("{field}: `{}` is not between 0 and 100", excerpt(&stated)));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in the range of 0 to 100"
    )]
    number.map(|number| number.round() as u8)
}

/// The tags in `field`, as a report has them.
pub(crate) fn tags(field: &str, tags: &Tags<'_>, remarks: &mut Remarks) -> Vec<Tag> {
    if let Some(what) = tags.wrong {
        remarks.note(format_args!("{field}: {what} instead of tags"));
    }
    if tags.left_out > 0 {
        remarks.note(format_args!("{field}: {} of them are no tags", tags.left_out));
    }
    let text = |scalar: &Scalar<'_>| scalar.text().unwrap_or_default().into_owned();
    let items = tags.items.iter();
    let mut found: Vec<Tag> =
        items.map(|(key, value)| Tag { key: text(key), value: text(value) }).collect();
    if arrange_tags(&mut found) {
        remarks.note(format_args!("{field}: too many or too long; the first {TAGS_MAX} are kept"));
    }
    found
}

/// What is said about a weakness in software, being collected. A document may list several: the
/// report has the ids of all, and the worst of the rest.
#[derive(Debug, Default)]
pub(crate) struct Weaknesses(Vulnerability);

impl Weaknesses {
    /// Adds the id of an advisory if it is a CVE, or else the CVEs that it is `related` to: a CVE is
    /// related to others as well, which are other problems.
    pub(crate) fn add_id(&mut self, id: &Scalar<'_>, related: &Many<Scalar<'_>>) {
        match cve(id.as_str()) {
            Some(id) => self.0.ids.push(id),
            None => self.0.ids.extend(related.items.iter().filter_map(|one| cve(one.as_str()))),
        }
    }

    /// Adds whether there is an exploit: `YES` or `NO`, or a truth value. Inspector's `YES` means
    /// that code is published, not that it is used against anybody.
    pub(crate) fn add_exploit(&mut self, field: &str, stated: &Scalar<'_>, remarks: &mut Remarks) {
        let exploit = match yes(field, stated, remarks) {
            Some(true) => ExploitState::ProofOfConcept,
            Some(false) => ExploitState::None,
            None => ExploitState::Unknown,
        };
        self.0.exploit = self.0.exploit.max(exploit);
    }

    /// Adds whether there is a fix: `YES`, `NO`, or `PARTIAL` (for some of the packages), or a truth
    /// value.
    pub(crate) fn add_fix(&mut self, field: &str, stated: &Scalar<'_>, remarks: &mut Remarks) {
        let is_partial = stated.as_str().eq_ignore_ascii_case("PARTIAL");
        let fix = if is_partial { Some(true) } else { yes(field, stated, remarks) };
        self.0.fix_available = self.0.fix_available.max(fix);
    }

    /// Adds an EPSS probability from 0 to 1.
    pub(crate) fn add_epss(&mut self, field: &str, stated: &Scalar<'_>, remarks: &mut Remarks) {
        if *stated == Scalar::Absent {
            return;
        }
        let Some(score) = stated.number().filter(|score| (0.0..=1.0).contains(score)) else {
            let stated = stated.text().unwrap_or_default();
            remarks.note(format_args!("{field}: `{}` is not between 0 and 1", excerpt(&stated)));
            return;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "in the range of 0 to 1000"
        )]
        let permille = (score * 1000.0 + 1e-6).floor() as u16;
        self.0.epss_permille = self.0.epss_permille.max(Some(epss_step(permille)));
    }

    /// All of it; `None` when nothing is said.
    pub(crate) fn finish(mut self, remarks: &mut Remarks) -> Option<Vulnerability> {
        if arrange_ids(&mut self.0.ids) {
            remarks.note(format_args!("CVE ids: more than {CVES_MAX}; the newest are kept"));
        }
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// The text in upper case, when it is a CVE id: `CVE-2021-44228` ("CVE ID syntax": a year, and four
/// digits or more).
fn cve(text: &str) -> Option<String> {
    let id = text.trim().to_ascii_uppercase();
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_id =
        year.len() == 4 && digits(year) && (4..=19).contains(&number.len()) && digits(number);
    is_id.then_some(id)
}

fn yes(field: &str, stated: &Scalar<'_>, remarks: &mut Remarks) -> Option<bool> {
    let word = stated.as_str();
    let said = stated.flag().or_else(|| match word.to_ascii_uppercase().as_str() {
        "YES" => Some(true),
        "NO" => Some(false),
        _ => None,
    });
    if said.is_none() && *stated != Scalar::Absent && !word.is_empty() {
        remarks.note(format_args!("{field}: `{}` is neither yes nor no", excerpt(word)));
    }
    said
}

/// Whether the text is an IPv4 address that is reached from the internet, as far as the address
/// says: none of a private, shared, local or reserved network.
pub(crate) fn is_public_address(text: &str) -> bool {
    let Ok(address) = text.trim().parse::<Ipv4Addr>() else { return false };
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_reserved = first == 0 || first >= 224;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || is_shared
        || is_reserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(json: &str) -> Scalar<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_percentage_is_read_or_noted() {
        for (json, number, remark) in [
            ("100", Some(100), None),
            (r#""42""#, Some(42), None),
            ("null", None, None),
            ("101", None, Some("C: `101` is not between 0 and 100")),
            ("-1", None, Some("C: `-1` is not between 0 and 100")),
            (r#""high""#, None, Some("C: `high` is not between 0 and 100")),
            ("{}", None, Some("C: `` is not between 0 and 100")),
        ] {
            let mut remarks = Remarks::default();

            assert_eq!(percent("C", &scalar(json), &mut remarks), number, "{json}");
            assert_eq!(remarks.into_vec().first().map(String::as_str), remark, "{json}");
        }
    }

    #[test]
    fn an_advisory_that_is_no_cve_stands_for_those_it_is_related_to() {
        let ids = |id: &str, related: &str| {
            let mut weaknesses = Weaknesses::default();
            weaknesses.add_id(&scalar(id), &serde_json::from_str(related).unwrap());
            weaknesses.finish(&mut Remarks::default()).map(|found| found.ids).unwrap_or_default()
        };

        assert_eq!(ids(r#""cve-2021-44228""#, r#"["CVE-2021-45046"]"#), ["CVE-2021-44228"]);
        assert_eq!(
            ids(r#""GHSA-p98r-538v-jgw5""#, r#"["CVE-2023-34256", "USN-1", 7]"#),
            ["CVE-2023-34256"]
        );
        for none in [r#""CVE-2021""#, r#""CVE-21-44228""#, r#""CVE-2021-4x28""#, "7", "null"] {
            assert!(ids(none, "[]").is_empty(), "{none}");
        }
    }

    #[test]
    fn what_is_said_of_a_weakness_is_the_worst_of_its_statements() {
        let mut remarks = Remarks::default();
        let mut weaknesses = Weaknesses::default();
        for (exploit, fix, epss) in [
            (r#""NO""#, r#""NO""#, "0.00239"),
            (r#""YES""#, r#""PARTIAL""#, r#""0.94""#),
            ("false", "null", "null"),
        ] {
            weaknesses.add_exploit("E", &scalar(exploit), &mut remarks);
            weaknesses.add_fix("F", &scalar(fix), &mut remarks);
            weaknesses.add_epss("P", &scalar(epss), &mut remarks);
        }
        let found = weaknesses.finish(&mut remarks).unwrap();

        assert_eq!(found.exploit, ExploitState::ProofOfConcept);
        assert_eq!(found.fix_available, Some(true));
        assert_eq!(found.epss_permille, Some(500));
        assert!(remarks.into_vec().is_empty());
    }

    #[test]
    fn what_nobody_understands_is_noted_and_stays_unknown() {
        let mut remarks = Remarks::default();
        let mut weaknesses = Weaknesses::default();
        weaknesses.add_exploit("E", &scalar(r#""MAYBE""#), &mut remarks);
        weaknesses.add_fix("F", &scalar(r#""SOON""#), &mut remarks);
        weaknesses.add_epss("P", &scalar("1.5"), &mut remarks);

        assert_eq!(weaknesses.finish(&mut remarks), None);
        assert_eq!(
            remarks.into_vec(),
            [
                "E: `MAYBE` is neither yes nor no",
                "F: `SOON` is neither yes nor no",
                "P: `1.5` is not between 0 and 1",
            ]
        );
    }

    #[test]
    fn a_public_address_is_of_no_network_of_its_own() {
        for public in ["3.70.160.43", "8.84.11.16", "54.234.69.236"] {
            assert!(is_public_address(public), "{public}");
        }
        for other in [
            "10.0.0.1",
            "172.31.28.155",
            "192.168.0.74",
            "127.0.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "foo",
            "",
            "::1",
        ] {
            assert!(!is_public_address(other), "{other}");
        }
    }
}
