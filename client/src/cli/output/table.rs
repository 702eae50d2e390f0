//! Tables for people: one line a row, no borders.
//!
//! On a terminal a table is never wider than it: the columns that can shrink are cut, and columns
//! that matter less are left out when even that is not enough. In a pipe nothing is cut.

use std::io;

use unicode_width::UnicodeWidthStr;

use crate::cli::safe_text::SafeText;
use crate::cli::ui::{BOLD, Span, Ui, push_styled};

/// Between two columns.
const GAP: usize = 2;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    right: bool,
    /// The narrowest it may be cut to; `None` when it is never cut.
    least: Option<usize>,
    /// Cut at its beginning instead of its end.
    keeps_end: bool,
    /// When the table does not fit, columns with a larger number are left out first; 0 stays.
    drop_order: u8,
}

impl Column {
    /// A column that is never cut and never left out.
    pub(crate) const fn new(title: &'static str) -> Self {
        Self { title, right: false, least: None, keeps_end: false, drop_order: 0 }
    }

    /// Aligned to the right, as numbers are.
    pub(crate) const fn right(self) -> Self {
        Self { right: true, ..self }
    }

    /// May be cut down to `least` columns.
    pub(crate) const fn shrinks_to(self, least: usize) -> Self {
        Self { least: Some(least), ..self }
    }

    /// Loses its beginning when it is cut: the end of a resource's name tells it apart.
    pub(crate) const fn keeps_end(self) -> Self {
        Self { keeps_end: true, ..self }
    }

    /// Is left out when there is no room, before those with smaller numbers.
    pub(crate) const fn dropped(self, drop_order: u8) -> Self {
        Self { drop_order, ..self }
    }
}

/// Rows to print together.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Span>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn push(&mut self, row: Vec<Span>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// Prints the header and the rows; an empty table prints nothing.
    pub(crate) fn print(self, ui: &mut Ui) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let layout = self.layout(ui.width);
        let titles = self.columns.iter().map(|column| Span::new(column.title, BOLD)).collect();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let line = self.render(row, &layout, ui.color_out);
            ui.bytes(line.as_bytes())?;
        }
        Ok(())
    }

    /// The columns that are shown, by index, with their widths.
    fn layout(&self, available: Option<usize>) -> Vec<(usize, usize)> {
        let mut shown: Vec<(usize, usize)> =
            (0..self.columns.len()).map(|index| (index, self.natural_width(index))).collect();
        let Some(available) = available else { return shown };
        while self.least_total(&shown) > available {
            let droppable = shown.iter().enumerate().max_by_key(|(_, (index, _))| {
                self.columns.get(*index).map_or(0, |column| column.drop_order)
            });
            match droppable {
                Some((at, (index, _))) if self.columns[*index].drop_order > 0 => {
                    shown.remove(at);
                }
                _ => break,
            }
        }
        self.shrink(&mut shown, available);
        shown
    }

    /// Takes columns away from the widest column that can shrink, until the table fits.
    fn shrink(&self, shown: &mut [(usize, usize)], available: usize) {
        let mut excess = total(shown).saturating_sub(available);
        while excess > 0 {
            let widest = shown
                .iter_mut()
                .filter(|(index, width)| {
                    self.columns[*index].least.is_some_and(|least| *width > least)
                })
                .max_by_key(|(_, width)| *width);
            let Some((_, width)) = widest else { return };
            *width -= 1;
            excess -= 1;
        }
    }

    fn natural_width(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.text.width());
        cells.chain([self.columns[index].title.width()]).max().unwrap_or(0)
    }

    fn least_total(&self, shown: &[(usize, usize)]) -> usize {
        let least = |(index, width): &(usize, usize)| {
            let width = self.columns[*index].least.map_or(*width, |least| least.min(*width));
            (*index, width)
        };
        total(&shown.iter().map(least).collect::<Vec<_>>())
    }

    fn render(&self, row: &[Span], layout: &[(usize, usize)], color: bool) -> String {
        let mut line = String::new();
        for (at, (index, width)) in layout.iter().enumerate() {
            let Some(cell) = row.get(*index) else { continue };
            let column = self.columns[*index];
            let text = if column.keeps_end {
                cell.text.truncated_start(*width)
            } else {
                cell.text.truncated(*width)
            };
            let padding = " ".repeat(width.saturating_sub(text.width()));
            let is_last = at + 1 == layout.len();
            let cell = Span { text, style: cell.style };
            if column.right {
                line.push_str(&padding);
                push_styled(&mut line, &cell, color);
            } else {
                push_styled(&mut line, &cell, color);
                if !is_last {
                    line.push_str(&padding);
                }
            }
            if !is_last {
                line.push_str(&" ".repeat(GAP));
            }
        }
        let mut line = line.trim_end().to_owned();
        line.push('\n');
        line
    }
}

fn total(shown: &[(usize, usize)]) -> usize {
    let widths: usize = shown.iter().map(|(_, width)| width).sum();
    widths + GAP * shown.len().saturating_sub(1)
}

/// One line of spans, cut to the width of the terminal.
pub(crate) fn cut_line(spans: Vec<Span>, width: Option<usize>) -> Vec<Span> {
    let Some(width) = width else { return spans };
    let mut left = width;
    let mut kept = Vec::new();
    for span in spans {
        let text: SafeText = span.text.truncated(left);
        let was_cut = text != span.text;
        left -= text.width().min(left);
        kept.push(Span { text, style: span.style });
        if was_cut || left == 0 {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::new("ID"),
        Column::new("REGION").dropped(2),
        Column::new("SCORE").right().dropped(1),
        Column::new("TITLE").shrinks_to(8),
    ];

    fn lines(width: Option<usize>) -> Vec<String> {
        let mut table = Table::new(COLUMNS);
        for row in [
            ["abcd", "eu-central-1", "12", "A title of some length"],
            ["b", "x", "1000", "短い題名です"],
        ] {
            table.push(row.map(Span::plain).to_vec());
        }
        let layout = table.layout(width);
        table.rows.iter().map(|row| table.render(row, &layout, false)).collect()
    }

    #[test]
    fn in_a_pipe_nothing_is_cut() {
        assert_eq!(
            lines(None),
            [
                "abcd  eu-central-1     12  A title of some length\n",
                "b     x              1000  短い題名です\n"
            ]
        );
    }

    #[test]
    fn on_a_terminal_what_can_shrink_is_cut() {
        assert_eq!(
            lines(Some(38)),
            [
                "abcd  eu-central-1     12  A title of…\n",
                "b     x              1000  短い題名で…\n"
            ]
        );
    }

    #[test]
    fn columns_that_matter_less_are_left_out_first() {
        assert_eq!(
            lines(Some(30)),
            ["abcd     12  A title of some…\n", "b      1000  短い題名です\n"]
        );
        assert_eq!(lines(Some(14)), ["abcd  A title…\n", "b     短い題…\n"]);
    }

    #[test]
    fn a_terminal_too_narrow_for_anything_still_gets_lines() {
        assert_eq!(lines(Some(3)), ["abcd  A title…\n", "b     短い題…\n"]);
    }

    #[test]
    fn a_line_is_cut_once() {
        let spans = vec![Span::plain("one two "), Span::plain("three four"), Span::plain("five")];

        for width in 0..30 {
            let line = cut_line(spans.clone(), Some(width));
            let line: String = line.iter().map(|span| span.text.as_str()).collect();
            assert!(line.width() <= width, "{width}: {line}");
            assert!(line.matches('…').count() <= 1, "{width}: {line}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 14..60 {
            for line in lines(Some(width)) {
                assert!(line.trim_end().width() <= width, "{width}: {line}");
            }
        }
    }
}
