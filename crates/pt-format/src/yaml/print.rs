//! Printing: lines, blanks and comments.

/// What lies between two tokens.
#[derive(Debug, Default)]
pub(super) struct Gap {
    pub(super) comments: Vec<Comment>,
    /// Line ends since the last comment, or else since the token before.
    pub(super) lines: usize,
    /// Where the gap ends.
    pub(super) end: usize,
}

/// A comment and what is white before it.
#[derive(Debug)]
pub(super) struct Comment {
    pub(super) lines: usize,
    pub(super) blanks: usize,
    pub(super) column: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Gap {
    /// The gap that begins at `at`.
    pub(super) fn at(text: &str, at: usize) -> Self {
        let mut gap = Self { end: at, ..Self::default() };
        let mut blanks = 0;
        while let Some(byte) = text.as_bytes().get(gap.end) {
            match byte {
                b' ' | b'\t' => blanks += 1,
                b'\n' => {
                    gap.lines += 1;
                    blanks = 0;
                }
                b'#' => {
                    let start = gap.end;
                    gap.end = text[start..].find('\n').map_or(text.len(), |end| start + end);
                    let end = start + text[start..gap.end].trim_end().len();
                    let (lines, column) = (gap.lines, column(text, start));
                    gap.comments.push(Comment { lines, blanks, column, start, end });
                    (gap.lines, blanks) = (0, 0);
                    continue;
                }
                _ => break,
            }
            gap.end += 1;
        }
        gap
    }

    /// Whether what follows stands on the same line.
    pub(super) fn is_inline(&self) -> bool {
        self.lines == 0 && self.comments.is_empty()
    }
}

/// How many bytes stand before this one on its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    at - text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The text as it comes out.
#[derive(Debug, Default)]
pub(super) struct Printer {
    pub(super) text: String,
}

impl Printer {
    /// Begins a line; `lines` is how many ended before it.
    pub(super) fn line(&mut self, lines: usize, indent: usize) {
        if !self.text.is_empty() {
            self.text.push('\n');
            if lines > 1 {
                self.text.push('\n');
            }
        }
        self.blanks(indent);
    }

    pub(super) fn blanks(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }

    /// How many characters the last line has.
    pub(super) fn column(&self) -> usize {
        self.text.rsplit('\n').next().unwrap_or_default().chars().count()
    }
}
