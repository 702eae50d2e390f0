//! Text that a terminal only shows.
//!
//! Titles, resource names and comments come from whoever can create a resource in any account. They
//! must not move the cursor, set the window's title, reverse the reading direction or hide behind
//! characters without a width. [`SafeText`] is the only text that the output modules take, and its
//! constructors are the only way in.

use std::borrow::Cow;
use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Combining marks in a row that are kept: enough for every script, too few to climb over the lines
/// above.
const MARKS_MAX: usize = 4;

/// Text without anything that a terminal or a reader could take for more than text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SafeText(String);

impl SafeText {
    /// One line: line breaks and tabs become spaces.
    pub(crate) fn line(text: &str) -> Self {
        Self(clean(text, false))
    }

    /// Several lines: line feeds and tabs stay. For detail views only.
    pub(crate) fn block(text: &str) -> Self {
        Self(clean(text, true))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Columns it takes on a terminal.
    pub(crate) fn width(&self) -> usize {
        self.0.width()
    }

    /// The text cut to `columns`, with an ellipsis in the last one when something is missing.
    pub(crate) fn truncated(&self, columns: usize) -> Self {
        if self.width() <= columns {
            return self.clone();
        }
        let mut kept = String::new();
        let mut used = 0;
        for character in self.0.chars() {
            let width = character.width().unwrap_or(0);
            if used + width + 1 > columns {
                break;
            }
            used += width;
            kept.push(character);
        }
        if columns > 0 {
            kept.truncate(kept.trim_end().len());
            kept.push('…');
        }
        Self(kept)
    }
}

impl SafeText {
    /// The text cut to its last `columns`, with an ellipsis in the first one when something is
    /// missing.
    pub(crate) fn truncated_start(&self, columns: usize) -> Self {
        if self.width() <= columns {
            return self.clone();
        }
        let mut start = self.0.len();
        let mut used = 1;
        for (at, character) in self.0.char_indices().rev() {
            used += character.width().unwrap_or(0);
            if used > columns {
                break;
            }
            start = at;
        }
        let kept = self.0.get(start..).unwrap_or_default();
        Self(if columns == 0 { String::new() } else { format!("…{}", kept.trim_start()) })
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self::line(text)
    }
}

impl From<Cow<'_, str>> for SafeText {
    fn from(text: Cow<'_, str>) -> Self {
        Self::line(&text)
    }
}

impl From<String> for SafeText {
    fn from(text: String) -> Self {
        Self::line(&text)
    }
}

/// Whether a character is invisible, moves something, or changes the reading direction. It never
/// reaches a terminal, neither as text nor inside JSON, where it is written as an escape.
pub(crate) fn is_hostile(character: char) -> bool {
    matches!(character,
        // C0, DEL and C1: terminals act on them, some also on C1 in UTF-8.
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Line and paragraph separators.
        | '\u{2028}' | '\u{2029}'
        // Bidirectional marks, embeddings, overrides and isolates.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        // Zero width: soft hyphen, joiners, fillers, invisible operators, the byte order mark.
        | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        // Tags, which spell invisible text, and supplementary variation selectors.
        | '\u{e0000}'..='\u{e0fff}'
    )
}

fn clean(text: &str, keep_lines: bool) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut marks = 0;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\n' | '\t' if keep_lines => safe.push(character),
            '\r' if rest.peek() == Some(&'\n') => continue,
            '\n' | '\t' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => safe.push(' '),
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_csi(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            _ if is_hostile(character) => {}
            _ if character.width() == Some(0) => {
                marks += 1;
                if marks <= MARKS_MAX {
                    safe.push(character);
                }
                continue;
            }
            _ => safe.push(character),
        }
        marks = 0;
    }
    safe
}

/// Skips what follows ESC: a control sequence, a control string, or one more character.
fn skip_escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_csi(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            skip_string(rest);
        }
        // Intermediate characters, then a final one: `ESC ( B`.
        Some(' '..='/') => {
            while rest.next_if(|next| matches!(next, ' '..='/')).is_some() {}
            rest.next_if(|next| matches!(next, '0'..='~'));
        }
        Some('0'..='~') => {
            rest.next();
        }
        _ => {}
    }
}

/// Skips the parameters and the final character of a control sequence (ECMA-48, 5.4).
fn skip_csi(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|next| matches!(next, ' '..='?')).is_some() {}
    rest.next_if(|next| matches!(next, '@'..='~'));
}

/// Skips a control string with its terminator (BEL, ST). One that does not end is not skipped, so
/// that it cannot swallow the text after it; its introducer is gone all the same.
fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    let mut ahead = rest.clone();
    while let Some(next) = ahead.next() {
        let ends = match next {
            '\u{7}' | '\u{9c}' => true,
            '\u{1b}' => ahead.next_if_eq(&'\\').is_some(),
            _ => false,
        };
        if ends {
            *rest = ahead;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        SafeText::line(text).as_str().to_owned()
    }

    #[test]
    fn plain_text_of_any_script_passes_unchanged() {
        for text in [
            "S3 bucket `a-b` is public",
            "Größe übergroß",
            "公開バケット",
            "шлюз",
            "e\u{301}",
            "🔥",
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn escape_sequences_are_taken_out_whole() {
        for (text, safe) in [
            ("a\u{1b}[31mred\u{1b}[0m", "ared"),
            ("a\u{1b}[2J\u{1b}[1;1Hb", "ab"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("a\u{1b}Pq#0\u{1b}\\b", "ab"),
            ("a\u{9b}31mb", "ab"),
            ("a\u{9d}0;title\u{9c}b", "ab"),
            ("a\u{1b}(Bb", "ab"),
            ("a\u{1b}cb", "ab"),
            ("a\u{1b}", "a"),
            ("a\u{1b}\u{1b}[31mb", "ab"),
        ] {
            assert_eq!(line(text), safe, "{text:?}");
        }
    }

    #[test]
    fn an_unfinished_control_string_does_not_hide_what_follows() {
        assert_eq!(line("a\u{1b}]0;rest of the title"), "a0;rest of the title");
    }

    #[test]
    fn controls_bidi_and_zero_width_characters_are_taken_out() {
        assert_eq!(line("a\u{0}\u{8}\u{7f}\u{88}b"), "ab");
        assert_eq!(line("user\u{202e}gpj.exe\u{2066}x\u{2069}\u{200f}"), "usergpj.exex");
        assert_eq!(line("a\u{200b}\u{200d}\u{feff}\u{ad}\u{e0041}b"), "ab");
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(line("a\nb\r\nc\td\re\u{2028}f\u{85}g"), "a b c d e f g");
        assert_eq!(SafeText::block("a\n\tb\r\nc\rd").as_str(), "a\n\tb\nc d");
    }

    #[test]
    fn stacked_marks_are_cut() {
        let stacked = format!("z{}", "\u{301}".repeat(40));

        assert_eq!(line(&stacked).chars().count(), 1 + MARKS_MAX);
    }

    #[test]
    fn nothing_hostile_passes_whatever_the_input() {
        // Every pair of a suspicious character with every other, between ordinary ones.
        let suspicious: Vec<char> = (0..0xe1000_u32)
            .filter_map(char::from_u32)
            .filter(|character| is_hostile(*character))
            .filter(|character| *character < '\u{300}' || (*character as u32).is_multiple_of(7))
            .collect();
        for first in &suspicious {
            for second in suspicious.iter().take(80) {
                let text = format!("a{first}b{second}[1m{second}{first}\\c");
                assert!(!line(&text).chars().any(is_hostile), "{text:?}");
            }
        }
    }

    #[test]
    fn what_matters_at_its_end_is_cut_at_its_beginning() {
        let arn = SafeText::line("ec2 security-group/sg-0abc");

        assert_eq!(arn.truncated_start(12).as_str(), "…oup/sg-0abc");
        assert_eq!(arn.truncated_start(40), arn);
    }

    #[test]
    fn width_counts_columns_and_truncation_keeps_to_them() {
        let wide = SafeText::line("公開バケット");
        assert_eq!(wide.width(), 12);

        for (columns, cut) in
            [(12, "公開バケット"), (11, "公開バケッ…"), (6, "公開…"), (1, "…"), (0, "")]
        {
            let truncated = wide.truncated(columns);
            assert_eq!(truncated.as_str(), cut);
            assert!(truncated.width() <= columns);
            assert!(wide.truncated_start(columns).width() <= columns);
        }
    }
}
