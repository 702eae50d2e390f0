//! Descriptions of checks: HTML, in sections with headings.

use muster_core::report::TEXT_BYTES_MAX;

use crate::draft::{body_text, link};

/// A description, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Description {
    /// What comes before the first section.
    pub(super) summary: String,
    /// The section that says what to do.
    pub(super) advice: String,
    /// The first https link of that section, or else of the whole.
    pub(super) link: String,
    /// The Security Hub control that the check mirrors.
    pub(super) control: Option<String>,
}

/// The headings that AWS uses.
const HEADINGS: [&str; 5] =
    ["Alert Criteria", "Recommended Action", "Additional Resources", "Source", "Report columns"];

/// The longest description that is read.
const HTML_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;

impl Description {
    /// Takes `html` apart.
    pub(super) fn read(html: &str) -> Self {
        let html = muster_core::report::bounded(html, HTML_BYTES_MAX);
        let text = plain_text(html);
        let (mut summary, mut advice) = (String::new(), String::new());
        let mut heading = "";
        for line in text.lines().map(str::trim) {
            let found = HEADINGS.iter().find(|heading| line.trim_end_matches(':') == **heading);
            if let Some(found) = found {
                heading = found;
                continue;
            }
            let section = match heading {
                "" => &mut summary,
                "Recommended Action" => &mut advice,
                _ => continue,
            };
            if !line.is_empty() {
                section.push_str(if section.is_empty() { "" } else { "\n" });
                section.push_str(line);
            }
        }
        let action = html.split_once("Recommended Action").map_or("", |(_, after)| after);
        let link = first_link(action).or_else(|| first_link(html)).unwrap_or_default();
        Self {
            summary: body_text(&summary),
            advice: body_text(&advice),
            link,
            control: mirrored_control(&text),
        }
    }
}

/// The text without tags; breaks and headings end a line.
fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else {
            rest = tag;
            continue;
        };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        let ends_line = ["br", "p", "li", "ul", "h4", "div", "b"]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other));
        if ends_line {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest);
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text, |text, (entity, plain)| text.replace(entity, plain))
}

fn first_link(html: &str) -> Option<String> {
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("href=") {
        let quote = after.chars().next()?;
        let inside = after.trim_start_matches(quote);
        let found = link(inside.split(quote).next().unwrap_or_default());
        if !found.is_empty() {
            return Some(found);
        }
        rest = after;
    }
    None
}

/// `Security Hub control ID: S3.1`; AWS also writes `Control Id`.
fn mirrored_control(text: &str) -> Option<String> {
    const MARK: &str = "security hub control id:";
    let at = text.to_ascii_lowercase().find(MARK)?;
    let after = text.get(at + MARK.len()..)?.trim_start();
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(after.len());
    let control = after.get(..end)?.trim_end_matches('.');
    muster_core::identity::is_control_id(control).then(|| control.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_taken_apart() {
        let html = "Checks if it is <b>open</b> &amp; wide.<br>\n<br>\n\
            <h4 class='headerBodyStyle'>Source</h4><br>\n\
            <a href=\"https://console.aws.amazon.com/x\" target=\"_blank\">AWS Security Hub</a><br>\n\
            Security Hub control ID: S3.1<br>\n<br>\n\
            <h4 class='headerBodyStyle'>Alert Criteria</h4><br>\nRed: bad.<br>\n\
            <h4 class='headerBodyStyle'>Recommended Action</h4><br>\n\
            Follow the <a href='https://docs.aws.amazon.com/r' target='_blank'>guide</a>.<br>";

        let read = Description::read(html);

        assert_eq!(read.control.as_deref(), Some("S3.1"));
        assert_eq!(read.summary, "Checks if it is\nopen\n& wide.");
        assert_eq!(read.advice, "Follow the guide.");
        assert_eq!(read.link, "https://docs.aws.amazon.com/r");
    }

    #[test]
    fn a_description_without_sections_is_all_summary() {
        let read = Description::read("Plain < text, no tag");

        assert_eq!(read.summary, "Plain  text, no tag");
        assert_eq!(read, Description { summary: read.summary.clone(), ..Description::default() });
    }

    #[test]
    fn the_control_is_found_in_every_spelling() {
        for (text, control) in [
            ("Security Hub Control Id: CloudTrail.2.", Some("CloudTrail.2")),
            ("security hub control id:EC2.19 and", Some("EC2.19")),
            ("Security Hub control ID: none", None),
            ("AWS Config Managed Rule: x", None),
        ] {
            assert_eq!(mirrored_control(text).as_deref(), control, "{text}");
        }
    }
}
