//! Where a command prints: data to stdout, everything else to stderr.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use muster_api::v1::{PriorityBand, Severity};

use super::failure::Told;
use super::host::Output;
use super::safe_text::SafeText;

/// Makes an error stand out.
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// For what is there but not looked for.
pub(crate) const DIM: Style = Style::new().dimmed();
/// For what is looked for.
pub(crate) const BOLD: Style = Style::new().bold();
/// No style.
pub(crate) const PLAIN: Style = Style::new();

/// A piece of output: text that is safe to show, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    pub(crate) text: SafeText,
    pub(crate) style: Style,
}

impl Span {
    pub(crate) fn new(text: impl Into<SafeText>, style: Style) -> Self {
        Self { text: text.into(), style }
    }

    pub(crate) fn plain(text: impl Into<SafeText>) -> Self {
        Self::new(text, PLAIN)
    }
}

/// The colour of a severity.
pub(crate) fn severity_style(severity: i32) -> Style {
    match Severity::try_from(severity) {
        Ok(Severity::Critical) => AnsiColor::Red.on_default().bold(),
        Ok(Severity::High) => AnsiColor::Red.on_default(),
        Ok(Severity::Medium) => AnsiColor::Yellow.on_default(),
        Ok(Severity::Low) => AnsiColor::Blue.on_default(),
        Ok(Severity::Informational | Severity::Unspecified) | Err(_) => DIM,
    }
}

/// The colour of a priority band.
pub(crate) fn band_style(band: i32) -> Style {
    match PriorityBand::try_from(band) {
        Ok(PriorityBand::P0) => AnsiColor::Red.on_default().bold(),
        Ok(PriorityBand::P1) => AnsiColor::Red.on_default(),
        Ok(PriorityBand::P2) => AnsiColor::Yellow.on_default(),
        Ok(PriorityBand::P3 | PriorityBand::P4 | PriorityBand::Unspecified) | Err(_) => PLAIN,
    }
}

/// Both streams, and how to write to them.
pub(crate) struct Ui {
    pub(crate) out: Output,
    pub(crate) err: Output,
    /// Colour on stdout.
    pub(crate) color_out: bool,
    /// Colour on stderr.
    pub(crate) color_err: bool,
    /// Neither notes, nor warnings, nor hints.
    pub(crate) quiet: bool,
    /// Columns of the terminal that stdout is; `None` when it is none, and nothing is cut.
    pub(crate) width: Option<usize>,
    /// What time it is, for ages.
    pub(crate) now: fn() -> Timestamp,
}

impl Ui {
    /// Prints a line of data.
    pub(crate) fn line(&mut self, spans: &[Span]) -> io::Result<()> {
        let mut line = String::new();
        for span in spans {
            push_styled(&mut line, span, self.color_out);
        }
        line.push('\n');
        self.out.write_all(line.as_bytes())
    }

    /// Prints bytes that are safe already: JSON, CSV, or what was asked for raw.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Hands on what was printed.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Says something beside the data, for example a count.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.quiet {
            self.say("", PLAIN, text);
        }
    }

    /// Says what the reader must know to read the data right.
    pub(crate) fn warn(&mut self, text: &str) {
        if !self.quiet {
            self.say("warning: ", WARNING, text);
        }
    }

    /// Says what to do next.
    pub(crate) fn hint(&mut self, text: &str) {
        if !self.quiet {
            self.say("hint: ", HINT, text);
        }
    }

    /// Asks; the answer is typed on the same line. Not silenced by --quiet: somebody waits.
    pub(crate) fn ask(&mut self, question: &str) {
        let question = SafeText::line(question);
        drop(write!(self.err, "{question}: "));
        drop(self.err.flush());
    }

    /// Says why a command ends.
    pub(crate) fn error(&mut self, told: &Told) {
        self.say("error: ", ERROR, &told.message);
        for detail in &told.details {
            self.say("", PLAIN, &format!("  {detail}"));
        }
        if let Some(hint) = &told.hint {
            self.say("hint: ", HINT, hint);
        }
    }

    /// Writes one line to stderr. If stderr is gone there is nowhere to say so.
    fn say(&mut self, label: &str, style: Style, text: &str) {
        let mut line = String::new();
        push_styled(&mut line, &Span::new(label, style), self.color_err);
        line.push_str(SafeText::line(text).as_str());
        line.push('\n');
        drop(self.err.write_all(line.as_bytes()));
        drop(self.err.flush());
    }
}

/// Appends a span, with its style where colour is wanted.
pub(crate) fn push_styled(line: &mut String, span: &Span, color: bool) {
    let text = span.text.as_str();
    if !color || span.style.is_plain() || text.is_empty() {
        line.push_str(text);
        return;
    }
    line.push_str(&span.style.render().to_string());
    line.push_str(text);
    line.push_str(&span.style.render_reset().to_string());
}
