//! What code prints and logs.

use pt_model::{Data, Stream};

use super::StepHost;
use crate::log::Written;

impl StepHost {
    /// `(pt/log "text")` or `(pt/log :warn "text")`; gives back the text.
    pub(super) fn log(&mut self, given: &[Data]) -> Data {
        let (level, texts) = match given {
            [level, rest @ ..] if !rest.is_empty() => (Some(level.to_text().masked()), rest),
            texts => (None, texts),
        };
        let text: Vec<String> = texts.iter().map(|data| data.to_text().masked()).collect();
        let text = text.join(" ");
        match level.as_deref() {
            Some(level @ ("error" | "warn" | "warning" | "debug")) => {
                self.print_text(&format!("{level}: {text}"));
            }
            Some("info") | None => self.print_text(&text),
            Some(other) => self.print_text(&format!("{other} {text}")),
        }
        Data::Str(text)
    }

    /// `(pt/log-chunk "text")`: a piece of a line, which the next line that is logged completes.
    pub(super) fn log_chunk(&mut self, given: &[Data]) -> Data {
        let text: String = given.iter().map(|data| data.to_text().masked()).collect();
        let mut pieces = text.split('\n').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_some() {
                self.print_line(piece);
            } else {
                self.line.push_str(piece);
            }
        }
        Data::Str(text)
    }

    fn print_text(&mut self, text: &str) {
        text.split('\n').for_each(|line| self.print_line(line));
    }

    /// Logs a line; an empty one is one too.
    pub(super) fn print_line(&mut self, line: &str) {
        let mut text = std::mem::take(&mut self.line);
        text.push_str(line);
        let (step, lines) = (self.step.clone(), vec![text]);
        self.logged.set(true);
        self.log.blocking_send(Written { step, container: None, stream: Stream::Log, lines, beside: false });
    }

    /// Logs the line that nothing has completed.
    pub(crate) fn finish_line(&mut self) {
        if !self.line.is_empty() {
            self.print_line("");
        }
    }
}
