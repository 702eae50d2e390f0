//! What a document says can be done to a resource by those who reach it.
//!
//! That anybody can read a bucket and that anybody can write it are two problems, which Security Hub
//! reports apart (S3.2, S3.3). A document about both makes two statements.

use muster_core::report::{Privilege, Report, bounded};

use crate::attributes;
use crate::document::Document;

/// The attribute that says which access a statement is about.
pub(crate) const ACCESS: &str = "access";

/// Read, write, both, or neither, which means that the document does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Access {
    /// What these actions do, which may have wildcards: `s3:GetObject`, `s3:Put*`, `s3:*`.
    pub(crate) fn of_actions<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut access = Self::default();
        for action in actions.into_iter().map(str::trim).filter(|action| !action.is_empty()) {
            let is_all = action == "*" || action.ends_with(":*");
            let reads = is_read(action);
            access.read |= reads || is_all;
            access.write |= !reads;
        }
        access
    }

    /// The values of the attribute: each a statement of its own.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match (self.read, self.write) {
            (true, true) => &["read", "write"],
            (true, false) => &["read"],
            (false, true) => &["write"],
            (false, false) => &["unknown"],
        }
    }
}

/// Whether an action only reads: `s3:GetObject`, `sqs:ReceiveMessage`.
pub(crate) fn is_read(action: &str) -> bool {
    let name = action.rsplit(':').next().unwrap_or(action);
    ["Get", "List", "Describe", "Head", "BatchGet", "Receive", "Query", "Scan", "Select"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// A statement for each access to what anybody can reach. Where the document says which, the key
/// always names it, so that it does not move when the other one comes or goes.
pub(crate) fn statements(report: &Report, access: Access) -> Document {
    let statement = |name: &&str| {
        let mut report = report.clone();
        attributes::insert(&mut report.attributes, ACCESS, name);
        let privilege = &mut report.signals.privilege;
        *privilege = match *name {
            "read" => Privilege::Read,
            "write" => (*privilege).max(Privilege::Write),
            _ => *privilege,
        };
        if *name != "unknown" {
            mark(&mut report, name);
        }
        report
    };
    Document::of(access.names().iter().map(statement).collect())
}

/// Ends the key of a report with the statement that it makes.
pub(crate) fn mark(report: &mut Report, statement: &str) {
    let text = format!("{}#{statement}", report.key.provider_id);
    report.key.provider_id = muster_core::identity::bounded_part(&text).into_owned();
}

/// Actions in a text such as `s3:GetObject,s3:PutObject`.
pub(crate) fn in_text(text: &str) -> impl Iterator<Item = &str> {
    bounded(text, 16 * 1024).split([',', ' ', ';', '[', ']', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_read_or_write_or_both() {
        for (text, names) in [
            ("s3:GetObject,s3:ListBucket", &["read"][..]),
            ("s3:PutObject", &["write"]),
            ("s3:Delete*", &["write"]),
            ("s3:Get*", &["read"]),
            ("s3:*", &["read", "write"]),
            ("*", &["read", "write"]),
            ("s3:GetObject, s3:PutObject", &["read", "write"]),
            ("", &["unknown"]),
        ] {
            assert_eq!(Access::of_actions(in_text(text)).names(), names, "{text}");
        }
    }
}
