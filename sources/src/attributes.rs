//! The details of a document on which weakness classes decide.

use muster_core::report::{ATTRIBUTE_BYTES_MAX, ATTRIBUTES_MAX, Attribute, bounded};

use crate::draft::word;
use crate::lenient::Scalar;

/// Attributes being collected. What is empty is left out, what is too long is cut, and of more than
/// [`ATTRIBUTES_MAX`] the first are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes(Vec<Attribute>);

impl Attributes {
    /// Adds one; `name` is in lower case.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let cut = |text| bounded(text, ATTRIBUTE_BYTES_MAX).to_owned();
        let attribute = Attribute { name: cut(name), value: cut(value.trim()) };
        let is_new = !attribute.value.is_empty() && !self.0.contains(&attribute);
        if is_new && self.0.len() < ATTRIBUTES_MAX {
            self.0.push(attribute);
        }
    }

    /// Adds `true` or `false`, or nothing when it is not known.
    pub(crate) fn add_flag(&mut self, name: &str, flag: Option<bool>) {
        self.add(name, flag.map_or("", |flag| if flag { "true" } else { "false" }));
    }

    /// Adds `protocol`, `from port` and `to port`, as far as they are known.
    pub(crate) fn add_ports(&mut self, ports: &Ports) {
        self.add("protocol", &ports.protocol);
        if let Some((from, to)) = ports.range {
            self.add("from port", &from.to_string());
            self.add("to port", &to.to_string());
        }
    }

    /// All of them, as a report has them: sorted, without repeats.
    pub(crate) fn into_vec(mut self) -> Vec<Attribute> {
        self.0.sort_unstable();
        self.0
    }
}

/// Adds an attribute to those of a finished report.
pub(crate) fn insert(attributes: &mut Vec<Attribute>, name: &str, value: &str) {
    let mut all = Attributes(std::mem::take(attributes));
    all.0.truncate(ATTRIBUTES_MAX - 1);
    all.add(name, value);
    *attributes = all.into_vec();
}

/// The protocol and the range of ports that something is open on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// `tcp`, `udp`, `icmp`, `all`, or as it is written; empty when unknown.
    pub(crate) protocol: String,
    /// First and last; `None` when unknown.
    pub(crate) range: Option<(u16, u16)>,
    /// The ports as they are written, where they are no range.
    stated: String,
}

/// The ports of a rule that is open on all of them.
const ALL_PORTS: (u16, u16) = (0, u16::MAX);

impl Ports {
    /// A protocol by name or IANA number, and two cells with the ends of the range.
    pub(crate) fn between(protocol: &str, from: &str, to: &str) -> Self {
        let range = match (port(from), port(to)) {
            (Some((from, _)), Some((_, to))) if from <= to => Some((from, to)),
            _ => None,
        };
        Self { protocol: protocol_name(protocol), range, stated: format!("{from}-{to}") }
    }

    /// A protocol, and one cell with a port, a range or a word for all.
    pub(crate) fn of_cell(protocol: &str, cell: &str) -> Self {
        let stated = cell.replace(' ', "");
        let range = match stated.split_once('-').filter(|(from, _)| !from.is_empty()) {
            Some((from, to)) => match (port(from), port(to)) {
                (Some((from, _)), Some((_, to))) if from <= to => Some((from, to)),
                _ => None,
            },
            None => port(&stated),
        };
        Self { protocol: protocol_name(protocol), range, stated }
    }

    /// The same, from fields of a document.
    pub(crate) fn of_fields(
        protocol: &Scalar<'_>,
        from: &Scalar<'_>,
        to: &Scalar<'_>,
    ) -> Option<Self> {
        let text = |scalar: &Scalar<'_>| scalar.text().unwrap_or_default().into_owned();
        let ports = Self::between(&text(protocol), &text(from), &text(to));
        ports.range.is_some().then_some(ports)
    }

    /// `tcp:22-22`: what distinguishes a problem on its resource.
    pub(crate) fn facet(&self) -> String {
        match self.range {
            Some((from, to)) => format!("{}:{from}-{to}", self.protocol),
            None => word(&format!("{}:{}", self.protocol, self.stated)),
        }
    }
}

/// The range that a word for a port stands for.
fn port(text: &str) -> Option<(u16, u16)> {
    let text = text.trim();
    if ["-1", "all", "any"].iter().any(|all| text.eq_ignore_ascii_case(all)) {
        return Some(ALL_PORTS);
    }
    text.parse().ok().map(|port| (port, port))
}

/// A protocol by name, as EC2 writes it in rules of security groups.
fn protocol_name(text: &str) -> String {
    match text.trim().to_ascii_lowercase().as_str() {
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "-1" | "any" => "all".to_owned(),
        other => word(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_sorted_bounded_and_without_repeats() {
        let mut attributes = Attributes::default();
        attributes.add("b", " 2 ");
        attributes.add("b", "2");
        attributes.add("a", &"é".repeat(ATTRIBUTE_BYTES_MAX));
        attributes.add("c", "");
        attributes.add_flag("d", None);
        for number in 0..2 * ATTRIBUTES_MAX {
            attributes.add("n", &number.to_string());
        }
        let mut found = attributes.into_vec();

        assert_eq!(found.len(), ATTRIBUTES_MAX);
        assert!(found.is_sorted());
        assert_eq!(found[0].value.len(), ATTRIBUTE_BYTES_MAX);
        assert_eq!((found[1].name.as_str(), found[1].value.as_str()), ("b", "2"));

        insert(&mut found, "access", "read");

        assert_eq!(found.len(), ATTRIBUTES_MAX);
        assert!(found.is_sorted());
        assert!(found.iter().any(|one| one.name == "access" && one.value == "read"));
    }

    #[test]
    fn ports_have_one_form_however_they_are_written() {
        for (ports, facet) in [
            (Ports::of_cell("TCP", "22"), "tcp:22-22"),
            (Ports::of_cell("6", "22-22"), "tcp:22-22"),
            (Ports::of_cell("tcp", "20 - 21"), "tcp:20-21"),
            (Ports::of_cell("-1", "All"), "all:0-65535"),
            (Ports::of_cell("all", "-1"), "all:0-65535"),
            (Ports::of_cell("tcp", "20,21"), "tcp:20,21"),
            (Ports::of_cell("tcp", ""), "tcp:"),
            (Ports::of_cell("tcp", "30-20"), "tcp:30-20"),
            (Ports::between("17", "53", "53"), "udp:53-53"),
            (Ports::between("tcp", "-1", "-1"), "tcp:0-65535"),
            (Ports::between("tcp", "a", "b"), "tcp:a-b"),
        ] {
            assert_eq!(ports.facet(), facet);
        }
        assert_eq!(Ports::of_cell("tcp", "20,21").range, None);
    }
}
