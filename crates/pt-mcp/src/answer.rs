//! What a tool answers. Every answer is bounded; what did not fit can be read on with a cursor.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::Value;

/// Characters that an answer has at most, its structured content included.
pub(crate) const LONGEST: usize = 25_000;

/// How many cut answers are kept for who reads on.
const KEPT: usize = 16;

/// Characters of a cut answer that are kept.
const KEPT_CHARS: usize = 4_000_000;

/// What a tool answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// For the agent to read.
    pub(crate) text: String,
    /// For programs.
    pub(crate) structured: Option<Value>,
    /// Images and the like, as content blocks of the protocol.
    pub(crate) blocks: Vec<Value>,
    /// Whether the call failed.
    pub(crate) failed: bool,
    /// Which end counts where not all of it fits.
    pub(crate) keep: End,
    /// The job that the call ran as.
    pub(crate) job: Option<pt_model::JobId>,
}

/// An end of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// How it begins.
    Head,
    /// How it ends, as of a log.
    #[default]
    Tail,
}

impl Answer {
    /// An answer with this text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A text whose beginning matters most.
    pub(crate) fn document(text: impl Into<String>) -> Self {
        Self { keep: End::Head, ..Self::text(text) }
    }

    /// A call that failed, and why.
    pub(crate) fn failure(text: impl Into<String>) -> Self {
        Self { failed: true, keep: End::Head, ..Self::text(text) }
    }

    /// With structured content.
    pub(crate) fn with(mut self, structured: Value) -> Self {
        self.structured = Some(structured);
        self
    }
}

/// Answers that were cut, for who reads on.
#[derive(Debug, Default)]
pub(crate) struct CutAnswers {
    kept: Mutex<Kept>,
}

/// The newest cut answers by their numbers, and how many there were.
#[derive(Debug, Default)]
struct Kept {
    count: u64,
    answers: VecDeque<(u64, Vec<char>)>,
}

impl CutAnswers {
    /// The text, cut to what an answer may have beside `taken` characters; how to read on is said where it was cut.
    pub(crate) fn bound(&self, text: String, keep: End, taken: usize) -> String {
        let room = LONGEST.saturating_sub(taken);
        if text.chars().count() <= room {
            return text;
        }
        let mut chars: Vec<char> = text.chars().collect();
        if chars.len() > KEPT_CHARS {
            match keep {
                End::Head => chars.truncate(KEPT_CHARS),
                End::Tail => drop(chars.drain(..chars.len() - KEPT_CHARS)),
            }
        }
        let (at, number) = match keep {
            End::Head => (0, self.keep(chars.clone())),
            End::Tail => (chars.len(), self.keep(chars.clone())),
        };
        piece(&chars, number, keep, at, room)
    }

    /// The piece that a cursor stands for.
    pub(crate) fn read_on(&self, cursor: &str) -> Option<String> {
        let (number, rest) = cursor.split_once(['<', '>'])?;
        let (number, at): (u64, usize) = (number.parse().ok()?, rest.parse().ok()?);
        let kept = self.kept.lock().ok()?;
        let (_, chars) = kept.answers.iter().find(|(kept, _)| *kept == number)?;
        let keep = if cursor.contains('<') { End::Tail } else { End::Head };
        (at <= chars.len()).then(|| piece(chars, number, keep, at, LONGEST))
    }

    fn keep(&self, chars: Vec<char>) -> u64 {
        let Ok(mut kept) = self.kept.lock() else { return 0 };
        kept.count += 1;
        let number = kept.count;
        if kept.answers.len() == KEPT {
            kept.answers.pop_front();
        }
        kept.answers.push_back((number, chars));
        number
    }
}

/// Room for saying that something was left out.
const NOTE: usize = 120;

/// The characters from `at` on, or up to it, in lines where there are lines.
fn piece(chars: &[char], number: u64, keep: End, at: usize, room: usize) -> String {
    let room = room.saturating_sub(NOTE).max(1);
    match keep {
        End::Head => {
            let mut end = chars.len().min(at + room);
            if end < chars.len()
                && let Some(line) = chars[at..end].iter().rposition(|c| *c == '\n')
                && line > 0
            {
                end = at + line + 1;
            }
            let shown: String = chars[at..end].iter().collect();
            if end == chars.len() {
                return shown;
            }
            let left = chars.len() - end;
            format!("{shown}\n[{left} more characters: read-more {{\"cursor\": \"{number}>{end}\"}}]")
        }
        End::Tail => {
            let mut start = at.saturating_sub(room);
            if start > 0
                && let Some(line) = chars[start..at].iter().position(|c| *c == '\n')
                && start + line + 1 < at
            {
                start += line + 1;
            }
            let shown: String = chars[start..at].iter().collect();
            if start == 0 {
                return shown;
            }
            format!(
                "[{start} characters before this: read-more {{\"cursor\": \"{number}<{start}\"}}]\n{shown}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(text: &str) -> Option<String> {
        text.split("\"cursor\": \"").nth(1)?.split('"').next().map(str::to_owned)
    }

    #[test]
    fn what_fits_is_left_alone() {
        let cut = CutAnswers::default();
        assert_eq!(cut.bound("short".to_owned(), End::Tail, 0), "short");
        let full = "x".repeat(LONGEST);
        assert_eq!(cut.bound(full.clone(), End::Head, 0), full);
    }

    #[test]
    fn a_long_log_is_read_backwards_and_a_long_document_forwards() {
        let log: String = (0..50_000).map(|line| format!("line {line}\n")).collect();
        for (keep, first) in [(End::Tail, "line 49999\n"), (End::Head, "line 0\n")] {
            let cut = CutAnswers::default();
            let mut shown = cut.bound(log.clone(), keep, 0);
            assert!(shown.contains(first));
            let (mut lines, mut pieces) = (0, 0);
            loop {
                assert!(shown.chars().count() <= LONGEST, "{}", shown.chars().count());
                lines += shown.lines().filter(|line| line.starts_with("line ")).count();
                pieces += 1;
                match cursor(&shown) {
                    Some(cursor) => shown = cut.read_on(&cursor).unwrap(),
                    None => break,
                }
            }
            assert_eq!(lines, 50_000, "each line once");
            assert!(pieces > 20);
        }
    }

    #[test]
    fn cursors_of_nothing_give_nothing() {
        let cut = CutAnswers::default();
        for cursor in ["", "1", "1>0", "x<y", "9<99999999999999999999"] {
            assert_eq!(cut.read_on(cursor), None, "{cursor}");
        }
    }
}
