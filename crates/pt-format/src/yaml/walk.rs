//! The walk along the events.
//!
//! The text between two words is made of dashes, colons, commas, brackets, anchors, tags, comments and what is white. The
//! events say which of them must come next; one that is not there ends the walk.

use std::ops::Range;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::Placed;
use super::frame::{Block, Flow, Frame};
use super::print::{Gap, Printer, column};
use super::scalar::{BlockScalar, moved};
use crate::Refusal;

/// Where lists under a key stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListStyle {
    /// Two columns further in than the key.
    Indented,
    /// At the column of the key.
    Flat,
}

/// A walk that came to its end.
pub(super) struct Walked {
    /// What it printed.
    pub(super) text: String,
    /// Lists that stood further in than their key.
    pub(super) indented_lists: usize,
    /// Lists that stood at the column of their key.
    pub(super) flat_lists: usize,
}

/// A walk along a text.
pub(super) struct Walk<'t> {
    text: &'t str,
    /// How far it came.
    at: usize,
    printer: Printer,
    open: Vec<Frame>,
    /// Collections without brackets that ended since the last token.
    ended: Vec<Block>,
    last: Last,
    style: ListStyle,
    indented_lists: usize,
    flat_lists: usize,
}

/// What was printed last, as far as it matters for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Word,
    Bracket,
    Colon,
    /// An alias or a property: a colon behind it would be part of it.
    Mark,
    BlockScalar {
        /// Whether the end of the last line is part of it.
        line_end: bool,
    },
}

impl<'t> Walk<'t> {
    /// Walks along the events of a text.
    pub(super) fn along(text: &'t str, events: &[Placed<'t>], style: ListStyle) -> Result<Walked, Refusal> {
        let mut walk = Self {
            text,
            at: 0,
            printer: Printer::default(),
            open: Vec::new(),
            ended: Vec::new(),
            last: Last::Bracket,
            style,
            indented_lists: 0,
            flat_lists: 0,
        };
        for (event, place) in events {
            walk.step(event, place)?;
        }
        walk.finish()
    }

    fn step(&mut self, event: &Event<'_>, place: &Range<usize>) -> Result<(), Refusal> {
        match event {
            Event::DocumentStart(explicit, _) => self.document(*explicit)?,
            Event::DocumentEnd => {
                if self.text[self.next().end..].starts_with("...") {
                    self.token("...", 0, "")?;
                }
            }
            Event::Scalar(_, style, anchor, tag) => {
                let indent = self.part()?;
                self.properties(usize::from(*anchor > 0) + usize::from(tag.is_some()), indent)?;
                self.scalar(*style, place, indent)?;
                self.part_ended();
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let indent = self.part()?;
                self.token(&self.text[place.clone()], indent, self.space())?;
                self.last = Last::Mark;
                self.part_ended();
            }
            Event::SequenceStart(style, anchor, tag) | Event::MappingStart(style, anchor, tag) => {
                let indent = self.part()?;
                self.properties(usize::from(*anchor > 0) + usize::from(tag.is_some()), indent)?;
                let is_list = matches!(event, Event::SequenceStart(..));
                match style {
                    StructureStyle::Block => self.open_block(is_list)?,
                    StructureStyle::Flow => self.open_flow(is_list, place.is_empty(), indent)?,
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::StreamStart | Event::StreamEnd | Event::Comment(..) | Event::Anchor(..) => {}
            _ => return Err(self.refusal("this is not known")),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Walked, Refusal> {
        let gap = self.next();
        if gap.end < self.text.len() {
            self.at = gap.end;
            return Err(self.refusal("this is not known"));
        }
        // Where a block scalar breaks off with the text, the end of the line would become a part of it.
        let bare = self.last == Last::BlockScalar { line_end: true }
            && gap.is_inline()
            && !self.text.ends_with('\n');
        self.comments(&gap);
        if !self.printer.text.is_empty() && !bare {
            self.printer.text.push('\n');
        }
        let Self { printer, indented_lists, flat_lists, .. } = self;
        Ok(Walked { text: printer.text, indented_lists, flat_lists })
    }

    fn refusal(&self, why: &'static str) -> Refusal {
        Refusal::new(why, self.at)
    }

    /// The gap before the next token.
    fn next(&self) -> Gap {
        Gap::at(self.text, self.at)
    }

    fn next_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.next().end).copied()
    }

    /// Prints the comments before a token, and the token: after `space`, or on a line of its own after `indent`.
    fn token(&mut self, token: &str, indent: usize, space: &str) -> Result<(), Refusal> {
        self.put(token, token, indent, space)
    }

    /// The same for a token that is printed otherwise than it was written.
    fn put(&mut self, written: &str, printed: &str, indent: usize, space: &str) -> Result<(), Refusal> {
        let gap = self.next();
        self.at = gap.end;
        if !self.text[gap.end..].starts_with(written) {
            return Err(self.refusal("this is written in an unusual way"));
        }
        self.comments(&gap);
        if gap.lines > 0 {
            self.printer.line(gap.lines, indent);
        } else if !self.printer.text.is_empty() {
            self.printer.text.push_str(space);
        } else {
            self.printer.blanks(indent);
        }
        self.printer.text.push_str(printed);
        self.at += written.len();
        self.ended.clear();
        self.last = Last::Word;
        Ok(())
    }

    fn comments(&mut self, gap: &Gap) {
        for comment in &gap.comments {
            if comment.lines == 0 && !self.printer.text.is_empty() {
                self.printer.blanks(comment.blanks.max(1));
            } else {
                let indent = self.comment_indent(comment.column);
                self.printer.line(comment.lines, indent);
            }
            self.printer.text.push_str(&self.text[comment.start..comment.end]);
        }
    }

    /// A comment moves with the collection it was aligned with, or stood next to.
    fn comment_indent(&self, column: usize) -> usize {
        if let Some(Frame::FlowList { flow, .. } | Frame::FlowMap { flow, .. } | Frame::Pair { flow, .. }) =
            self.open.last()
        {
            return flow.items;
        }
        let open = self.open.iter().filter_map(Frame::block).filter(|block| block.was <= column);
        let mut nearest = open.max_by_key(|block| block.was);
        for ended in self.ended.iter().filter(|block| block.was <= column).rev() {
            if nearest.is_none_or(|nearest| nearest.was < ended.was) {
                nearest = Some(*ended);
            }
        }
        match nearest {
            // Below a block scalar, what is indented is a part of it.
            Some(block) if column > block.was && !matches!(self.last, Last::BlockScalar { .. }) => {
                block.is + 2
            }
            Some(block) => block.is,
            None => 0,
        }
    }

    /// What stands between the last word and the next on one line.
    fn space(&self) -> &'static str {
        if self.last == Last::Bracket { "" } else { " " }
    }

    fn document(&mut self, explicit: bool) -> Result<(), Refusal> {
        if self.next_byte() == Some(b'%') {
            self.at = self.next().end;
            return Err(self.refusal("directives are not known"));
        }
        if explicit { self.token("---", 0, "") } else { Ok(()) }
    }

    /// Prints what comes before a part of the open collection: a dash, a comma, a colon. Gives the column of the part.
    fn part(&mut self) -> Result<usize, Refusal> {
        let top = self.open.last().copied();
        let explicit = self.next().end;
        if !matches!(top, Some(Frame::List(_)))
            && self.text[explicit..].starts_with('?')
            && self.text[explicit + 1..].starts_with([' ', '\t', '\n'])
        {
            self.at = explicit;
            return Err(self.refusal("keys with `?` are not known"));
        }
        match top {
            None => return Ok(0),
            Some(Frame::List(block)) => self.token("-", block.is, self.space())?,
            Some(Frame::Map { value: true, block }) => self.colon(block.is)?,
            Some(
                Frame::FlowList { first: false, flow } | Frame::FlowMap { first: false, value: false, flow },
            ) => {
                self.token(",", flow.items, self.before_mark())?;
            }
            Some(Frame::FlowMap { value: true, flow, .. } | Frame::Pair { value: true, flow }) => {
                // `{a}` has no colon.
                if self.next_byte() == Some(b':') {
                    self.colon(flow.items)?;
                }
            }
            Some(
                Frame::Map { value: false, .. }
                | Frame::FlowList { first: true, .. }
                | Frame::FlowMap { first: true, value: false, .. }
                | Frame::Pair { value: false, .. },
            ) => {}
        }
        if let Some(Frame::FlowList { first, .. } | Frame::FlowMap { first, value: false, .. }) =
            self.open.last_mut()
        {
            *first = false;
        }
        Ok(top.map_or(0, |frame| frame.part()))
    }

    fn colon(&mut self, indent: usize) -> Result<(), Refusal> {
        let space = if self.last == Last::Mark { " " } else { "" };
        self.token(":", indent, space)?;
        self.last = Last::Colon;
        Ok(())
    }

    /// Before commas and closing brackets: nothing, but `{a: , b: }`.
    fn before_mark(&self) -> &'static str {
        if self.last == Last::Colon { " " } else { "" }
    }

    /// A part of the open collection has ended.
    fn part_ended(&mut self) {
        match self.open.last_mut() {
            Some(Frame::Map { value, .. } | Frame::FlowMap { value, .. } | Frame::Pair { value, .. }) => {
                *value = !*value;
            }
            Some(Frame::List(_) | Frame::FlowList { .. }) | None => {}
        }
    }

    /// Anchor and tag.
    fn properties(&mut self, count: usize, indent: usize) -> Result<(), Refusal> {
        for _ in 0..count {
            let start = self.next().end;
            let rest = &self.text[start..];
            let in_flow = self.open.last().is_some_and(Frame::is_flow);
            let end = if rest.starts_with("!<") {
                rest.find('>').map(|end| end + 1)
            } else if rest.starts_with(['&', '!']) {
                let ends = |letter: char| letter.is_whitespace() || (in_flow && ",[]{}".contains(letter));
                Some(rest.find(ends).unwrap_or(rest.len()))
            } else {
                None
            };
            let Some(end) = end else {
                self.at = start;
                return Err(self.refusal("an anchor or a tag is missing here"));
            };
            self.token(&rest[..end], indent, self.space())?;
            self.last = Last::Mark;
        }
        Ok(())
    }

    fn scalar(&mut self, style: ScalarStyle, place: &Range<usize>, indent: usize) -> Result<(), Refusal> {
        match style {
            ScalarStyle::Literal | ScalarStyle::Folded => self.block_scalar(),
            ScalarStyle::Plain if place.is_empty() => Ok(()),
            ScalarStyle::Plain => {
                let written = self.text[place.clone()].trim_end();
                self.put(written, &moved(written, indent), indent, self.space())
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let written = &self.text[place.clone()];
                self.put(written, &moved(written, indent), indent, self.space())
            }
        }
    }

    fn block_scalar(&mut self) -> Result<(), Refusal> {
        let parent = self.open.iter().rev().find_map(Frame::block);
        let scalar = BlockScalar::at(self.text, self.next().end, parent.map(|block| block.was));
        let indent = parent.map_or(0, |block| block.is) + scalar.told.unwrap_or(2);
        self.token(scalar.header, parent.map_or(0, |block| block.is + 2), " ")?;
        self.printer.text.push_str(scalar.comment);
        for line in &scalar.lines {
            self.printer.text.push('\n');
            if !line.is_empty() {
                self.printer.blanks(indent);
                self.printer.text.push_str(line);
            }
        }
        self.at = scalar.end;
        self.last = Last::BlockScalar { line_end: !scalar.header.contains('-') };
        Ok(())
    }

    fn open_block(&mut self, is_list: bool) -> Result<(), Refusal> {
        let was = column(self.text, self.next().end);
        let is = match self.open.last() {
            None => 0,
            Some(Frame::Map { block, value: true }) if is_list => {
                if was > block.was {
                    self.indented_lists += 1;
                } else {
                    self.flat_lists += 1;
                }
                if self.style == ListStyle::Flat { block.is } else { block.is + 2 }
            }
            Some(Frame::Map { value: false, .. }) => return Err(self.refusal("this key is no word")),
            Some(frame) => frame.part(),
        };
        let block = Block { was, is };
        self.open.push(if is_list { Frame::List(block) } else { Frame::Map { block, value: false } });
        Ok(())
    }

    fn open_flow(&mut self, is_list: bool, is_pair: bool, indent: usize) -> Result<(), Refusal> {
        if is_pair {
            let flow = Flow { items: indent, close: indent };
            self.open.push(Frame::Pair { flow, value: false });
            return Ok(());
        }
        self.token(if is_list { "[" } else { "{" }, indent, self.space())?;
        let column = self.printer.column();
        let flow = if self.next().is_inline() {
            Flow { items: column, close: column - 1 }
        } else {
            Flow { items: indent + 2, close: indent }
        };
        self.last = Last::Bracket;
        self.open.push(if is_list {
            Frame::FlowList { flow, first: true }
        } else {
            Frame::FlowMap { flow, first: true, value: false }
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let closing = match self.open.last() {
            Some(Frame::FlowList { flow, .. }) => Some(("]", *flow)),
            Some(Frame::FlowMap { flow, .. }) => Some(("}", *flow)),
            Some(Frame::List(block) | Frame::Map { block, .. }) => {
                self.ended.push(*block);
                None
            }
            Some(Frame::Pair { .. }) | None => None,
        };
        if let Some((bracket, flow)) = closing {
            if self.next_byte() == Some(b',') {
                self.token(",", flow.items, self.before_mark())?;
            }
            self.token(bracket, flow.close, self.before_mark())?;
        }
        self.open.pop();
        self.part_ended();
        Ok(())
    }
}
