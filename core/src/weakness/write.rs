//! Writes classes as the text of which they are read again.

use std::fmt::Write as _;

use super::entry::{Entry, Product};
use super::{About, Class, Facet};

/// The text of `classes`: without comments, in their order, one line a class member.
pub(super) fn text(classes: &[Class]) -> String {
    let mut text = String::from("version = 1\n");
    for class in classes {
        text.push_str("\n[[class]]\n");
        line(&mut text, "id", &quoted(&class.id));
        line(&mut text, "title", &quoted(&class.title));
        match &class.facet {
            Facet::None => {}
            Facet::OfReport => line(&mut text, "facet", "true"),
            Facet::Attributes(names) => line(&mut text, "facet", &list(names)),
        }
        if class.per_region {
            line(&mut text, "per", "\"region\"");
        }
        match &class.about {
            About::Primary => {}
            About::Account => line(&mut text, "resource", "\"account\""),
            About::Kind(kinds) => line(&mut text, "resource", &list(kinds)),
        }
        if !class.parents.is_empty() {
            line(&mut text, "parent", &list(&class.parents));
        }
        if !class.near.is_empty() {
            line(&mut text, "near", &list(&class.near));
        }
        line(&mut text, "merge", &entries(&class.merge));
        if !class.relate.is_empty() {
            line(&mut text, "relate", &entries(&class.relate));
        }
    }
    text
}

fn line(text: &mut String, key: &str, value: &str) {
    writeln!(text, "{key} = {value}").expect("a string takes all");
}

fn entries(entries: &[Entry]) -> String {
    let mut text = String::from("[\n");
    for entry in entries {
        let rules = list(&entry.rules);
        match entry.product {
            Product::Other => {
                let other = quoted(&entry.other);
                write!(text, "  {{ product = {other}, rule = {rules}").expect("a string takes all");
            }
            product => {
                write!(text, "  {{ {} = {rules}", product.as_str()).expect("a string takes all");
            }
        }
        if !entry.when.0.is_empty() {
            let when = entry.when.0.iter();
            let when: Vec<_> =
                when.map(|(name, values)| format!("{} = {}", quoted(name), list(values))).collect();
            write!(text, ", when = {{ {} }}", when.join(", ")).expect("a string takes all");
        }
        text.push_str(" },\n");
    }
    text.push(']');
    text
}

fn list(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A basic string of TOML. What is read has no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
