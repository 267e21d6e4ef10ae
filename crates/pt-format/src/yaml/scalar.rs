//! Texts that go over several lines.

/// A block scalar: `|` and what is indented below it.
pub(super) struct BlockScalar<'t> {
    /// `|2-`
    pub(super) header: &'t str,
    /// The comment behind the header, with what is white before it.
    pub(super) comment: &'t str,
    /// The lines, without the indentation that is not part of the text.
    pub(super) lines: Vec<&'t str>,
    /// Columns of indentation that the header tells, if it does.
    pub(super) told: Option<usize>,
    /// Where it ends: before a line end, or at the end of the text.
    pub(super) end: usize,
}

impl<'t> BlockScalar<'t> {
    /// The block scalar that begins at `start`, inside a collection at the column `parent`; none at the top level.
    pub(super) fn at(text: &'t str, start: usize, parent: Option<usize>) -> Self {
        let rest = &text[start..];
        let header_end = rest.find([' ', '\t', '\n']).unwrap_or(rest.len());
        let header = &rest[..header_end];
        let line_end = rest.find('\n').unwrap_or(rest.len());
        let comment = rest[header_end..line_end].trim_end();
        let told = header.chars().find_map(|letter| letter.to_digit(10)).map(|digit| digit as usize);
        let body = rest.get(line_end + 1..).unwrap_or_default();
        let below = parent.map_or(0, |column| column + 1);
        let indent = told.map(|told| parent.unwrap_or(0) + told).or_else(|| {
            let first = body.lines().find(|line| !line.trim_start_matches(' ').is_empty())?;
            Some(first.len() - first.trim_start_matches(' ').len()).filter(|indent| *indent >= below)
        });
        let indent = indent.unwrap_or(usize::MAX);
        let mut lines = Vec::new();
        let (mut at, mut kept, mut end) = (line_end + 1, 0, line_end);
        for line in body.split_inclusive('\n') {
            at += line.len();
            let bare = line.strip_suffix('\n').unwrap_or(line);
            let blanks = bare.len() - bare.trim_start_matches(' ').len();
            let blank = blanks == bare.len() && blanks <= indent;
            if !blank && blanks < indent {
                break;
            }
            lines.push(bare.get(indent.min(bare.len())..).unwrap_or_default());
            if !blank || (header.contains('+') && line.ends_with('\n')) {
                kept = lines.len();
                end = at - (line.len() - bare.len());
            }
        }
        lines.truncate(kept);
        Self { header, comment, lines, told, end: start + end }
    }
}

/// A plain or quoted text over several lines, the lines below the first moved so that the leftmost stands at `indent`.
pub(super) fn moved(text: &str, indent: usize) -> String {
    let white = [' ', '\t'];
    let blanks = |line: &str| line.len() - line.trim_start_matches(white).len();
    let below = || text.split('\n').skip(1).filter(|line| !line.trim_matches(white).is_empty());
    let least = below().map(blanks).min().unwrap_or(0);
    let mut moved = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            moved.push('\n');
            if !line.trim_matches(white).is_empty() {
                moved.extend(std::iter::repeat_n(' ', indent + blanks(line) - least));
            }
        }
        let line = if at > 0 { line.trim_start_matches(white) } else { line };
        let trimmed = line.trim_end_matches(white);
        // In double quotes a backslash may hold the blank behind it.
        moved.push_str(if trimmed.ends_with('\\') { line } else { trimmed });
    }
    moved
}
