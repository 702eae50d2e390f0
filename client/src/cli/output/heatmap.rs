//! The maturity report as a picture: a cell for each phase and domain, for a report or a slide.
//!
//! One SVG file that needs nothing else: no script, no font, no style sheet. Every text is escaped, and
//! characters that no XML may hold are taken out.

use std::fmt::Write;

use muster_api::v1::{GetMaturityResponse, MaturityVerdict, VerdictCounts};

use crate::cli::safe_text::SafeText;
use crate::cli::time::rfc3339;
use crate::cli::words::{Word, count};

/// Verdicts with their colours, in the order of a bar.
const COLOURS: [(MaturityVerdict, &str); 5] = [
    (MaturityVerdict::Met, "#2e7d32"),
    (MaturityVerdict::Attested, "#1565c0"),
    (MaturityVerdict::Partly, "#f9a825"),
    (MaturityVerdict::Unmet, "#c62828"),
    (MaturityVerdict::Unknown, "#b0b7bf"),
];

/// The names of the phases.
pub(crate) const PHASES: [&str; 4] = ["Quick Wins", "Foundational", "Efficient", "Optimized"];

const WIDTH: usize = 960;
const LEFT: usize = 250;
const CELL: usize = 135;
const ROW: usize = 44;
const TOP: usize = 130;
/// Lines of what to do next.
const LINE: usize = 20;
/// The most characters of such a line.
const LINE_CHARS: usize = 120;

/// A document under construction.
struct Svg(String);

impl Svg {
    /// Adds an element; `text` is escaped already or has nothing to escape.
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        self.0.write_fmt(element).expect("writing to a string does not fail");
        self.0.push('\n');
    }

    /// A text at a place.
    fn text(&mut self, x: usize, y: usize, how: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!("<text x=\"{x}\" y=\"{y}\" {how}>{text}</text>"));
    }
}

/// The picture of a report.
pub(crate) fn svg(report: &GetMaturityResponse) -> String {
    let totals = report.totals.clone().unwrap_or_default();
    let rows = totals.domains.len() + 1;
    let next = TOP + rows * ROW + 40;
    let height = next + (report.next.len() + 1) * LINE + 20;
    let of = match report.account_id.as_str() {
        "" => format!("the organization ({})", count(report.account_count.into(), "account")),
        account => format!("account {account}"),
    };
    let title = format!("AWS Security Maturity Model: {of}");
    let mut svg = Svg(String::new());
    svg.add(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{WIDTH}\" \
         height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"#1c2733\">"
    ));
    svg.add(format_args!("<title>{}</title>", escaped(&title)));
    svg.add(format_args!("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"));
    svg.text(20, 34, "font-size=\"20\" font-weight=\"bold\"", &title);
    svg.text(20, 58, "", &place(report));
    legend(&mut svg);
    for (index, phase) in PHASES.iter().enumerate() {
        let x = LEFT + index * CELL + CELL / 2;
        let how = "text-anchor=\"middle\" font-weight=\"bold\"";
        svg.text(x, TOP - 10, how, &format!("{} {phase}", index + 1));
    }
    svg.text(LEFT + 4 * CELL + CELL / 2, TOP - 10, "text-anchor=\"middle\"", "all");
    for (row, domain) in totals.domains.iter().enumerate() {
        let y = TOP + row * ROW;
        svg.text(20, y + 26, "", &domain_name(&domain.domain));
        for (column, counts) in domain.phases.iter().take(PHASES.len()).enumerate() {
            cell(&mut svg, column, y, counts);
        }
        cell(&mut svg, PHASES.len(), y, &domain.all.unwrap_or_default());
    }
    let y = TOP + totals.domains.len() * ROW;
    svg.text(20, y + 26, "font-weight=\"bold\"", "all");
    for (column, counts) in totals.phases.iter().take(PHASES.len()).enumerate() {
        cell(&mut svg, column, y, counts);
    }
    cell(&mut svg, PHASES.len(), y, &totals.all.unwrap_or_default());
    steps(&mut svg, report, next);
    svg.0.push_str("</svg>\n");
    svg.0
}

/// Where it stands, in one line.
fn place(report: &GetMaturityResponse) -> String {
    let made = rfc3339(report.create_time.as_ref()).unwrap_or_default();
    let phase = phase_name(report.phase);
    let place = if report.complete {
        "everything is met or attested".to_owned()
    } else {
        format!("at work on phase {} ({phase})", report.phase)
    };
    format!("{place}. Made {made} from what Muster has seen; what was not seen is unknown.")
}

/// The name of a phase by its number.
pub(crate) fn phase_name(phase: i32) -> &'static str {
    let index = usize::try_from(phase).ok().and_then(|phase| phase.checked_sub(1));
    index.and_then(|index| PHASES.get(index)).copied().unwrap_or("unknown")
}

/// A domain for people: `threat detection`.
pub(crate) fn domain_name(domain: &str) -> String {
    domain.replace('_', " ")
}

fn legend(svg: &mut Svg) {
    for (index, (verdict, colour)) in COLOURS.into_iter().enumerate() {
        let x = 20 + index * 110;
        let word = MaturityVerdict::lower(verdict.into());
        svg.add(format_args!(
            "<rect x=\"{x}\" y=\"74\" width=\"14\" height=\"14\" rx=\"2\" fill=\"{colour}\"/>"
        ));
        svg.text(x + 20, 86, "", &word);
    }
}

/// How many of how many are done, over a bar of the verdicts. Empty where there is nothing to do.
fn cell(svg: &mut Svg, column: usize, y: usize, counts: &VerdictCounts) {
    let x = LEFT + column * CELL;
    let total = total(counts);
    let done = counts.met + counts.attested;
    let (width, height) = (CELL - 6, ROW - 6);
    svg.add(format_args!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\" fill=\"#2e7d32\" \
         fill-opacity=\"{}\" stroke=\"#d5dae0\"/>",
        opacity(done, total)
    ));
    if total == 0 {
        return;
    }
    svg.text(x + width / 2, y + 20, "text-anchor=\"middle\"", &format!("{done} of {total}"));
    let bar = width - 16;
    let (mut sum, mut start) = (0, 0);
    for (verdict, colour) in COLOURS {
        sum += of(counts, verdict);
        let end = bar * sum as usize / total as usize;
        if end > start {
            svg.add(format_args!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"6\" fill=\"{colour}\"/>",
                x + 8 + start,
                y + height - 11,
                end - start
            ));
        }
        start = end;
    }
}

/// How strongly a cell is coloured, in hundredths: nothing where nothing is done.
fn opacity(done: u32, total: u32) -> String {
    let share = (45 * done).checked_div(total).unwrap_or(0);
    format!("0.{share:02}")
}

fn steps(svg: &mut Svg, report: &GetMaturityResponse, top: usize) {
    if report.next.is_empty() {
        return;
    }
    svg.text(20, top, "font-weight=\"bold\"", "What to do next");
    for (index, step) in report.next.iter().enumerate() {
        let verdict = MaturityVerdict::lower(step.verdict);
        let risk = if step.risk == 0 { String::new() } else { format!(", removes {}", step.risk) };
        let line = format!("{}. {} ({verdict}{risk}): {}", index + 1, step.id, step.action);
        let line = SafeText::line(&line).truncated(LINE_CHARS);
        svg.text(20, top + (index + 1) * LINE, "", line.as_str());
    }
}

/// All that have a verdict.
pub(crate) fn total(counts: &VerdictCounts) -> u32 {
    COLOURS.iter().map(|(verdict, _)| of(counts, *verdict)).sum()
}

fn of(counts: &VerdictCounts, verdict: MaturityVerdict) -> u32 {
    match verdict {
        MaturityVerdict::Met => counts.met,
        MaturityVerdict::Attested => counts.attested,
        MaturityVerdict::Partly => counts.partly,
        MaturityVerdict::Unmet => counts.unmet,
        MaturityVerdict::Unknown => counts.unknown,
        MaturityVerdict::Unspecified => 0,
    }
}

/// A text as XML holds it.
fn escaped(text: &str) -> String {
    let safe = SafeText::line(text);
    let mut escaped = String::with_capacity(safe.as_str().len());
    for character in safe.as_str().chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use muster_api::v1::MaturityStep;

    use super::*;

    #[test]
    fn no_text_can_be_markup() {
        let step = MaturityStep {
            id: "P1-X-1".to_owned(),
            action: "</text><script>alert('x')</script>\u{0}\u{202e}\u{ffff}&\"".to_owned(),
            ..MaturityStep::default()
        };
        let report = GetMaturityResponse {
            account_id: "<b>".to_owned(),
            next: vec![step],
            ..GetMaturityResponse::default()
        };

        let picture = svg(&report);

        assert!(!picture.contains("<script") && !picture.contains("<b>"), "{picture}");
        assert!(picture.contains("&lt;script&gt;alert(&#39;x&#39;)"), "{picture}");
        assert!(!picture.contains(['\u{0}', '\u{202e}', '\u{ffff}']));
        assert!(picture.ends_with("</svg>\n"));
    }

    #[test]
    fn a_bar_has_the_verdicts_in_proportion() {
        let mut picture = Svg(String::new());

        cell(&mut picture, 0, 0, &VerdictCounts { met: 1, unknown: 3, ..Default::default() });

        assert!(picture.0.contains(">1 of 4<"), "{}", picture.0);
        assert!(picture.0.contains("width=\"28\" height=\"6\" fill=\"#2e7d32\""), "{}", picture.0);
        assert!(picture.0.contains("width=\"85\" height=\"6\" fill=\"#b0b7bf\""), "{}", picture.0);
        assert!(picture.0.contains("fill-opacity=\"0.11\""), "{}", picture.0);
    }
}
