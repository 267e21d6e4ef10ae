//! Text to forms, one at a time.

use crate::duplicate::first_duplicate;
use crate::recovery::Recovery;
use crate::{Form, FormKind, Span, literal};

/// How deep brackets, quotes and tags may nest. Forms are trees that others walk by recursion.
const MAX_DEPTH: usize = 128;

/// Which notation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Data only: what the EDN specification lists, and what `clojure.edn` adds to it (ratios, octal characters).
    Edn,
    /// Everything Clojure's own reader takes, except reading with evaluation (`#=`).
    Clojure,
}

/// Why a text could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What is wrong, in Clojure's words where it has them.
    pub message: String,
    /// Which mistake it is, for those who explain it in other words.
    pub kind: ReadErrorKind,
    /// The text at fault; for an unclosed form, its opening bracket. A reader that goes on names the form of an odd map.
    pub span: Span,
}

/// The mistakes that are made most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// The text ends inside a form.
    Unclosed,
    /// The text ends inside a string.
    UnclosedString,
    /// A closing bracket that does not match the open one, or none is open.
    Unmatched,
    /// A closing bracket too many. Only readers that go on can tell it from the others.
    Surplus,
    /// A key of a map without a value.
    OddMap,
    /// A key or an item of a set twice.
    Duplicate,
    /// Forms in forms, too deep.
    TooDeep,
    /// Any other.
    Other,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// What one step of reading gives: most often a form.
pub(crate) enum Item {
    Form(Form),
    /// `#?@(…)`: forms for the surrounding collection.
    Splice(Vec<Form>),
    /// A discarded form, or a reader conditional without a branch for us.
    Nothing,
    /// The closing bracket at this offset.
    Close(u8),
    End,
}

/// Reads forms from a text.
pub struct Reader<'t> {
    pub(crate) text: &'t str,
    pub(crate) bytes: &'t [u8],
    pub(crate) at: usize,
    pub(crate) mode: Mode,
    depth: usize,
    /// `#()` may not nest.
    pub(crate) in_fn: bool,
    pub(crate) failed: bool,
    warnings: Vec<ReadError>,
    pub(crate) discarded: Vec<Form>,
    /// What `::name` belongs to, and what `::alias/name` may stand for.
    pub(crate) namespace: String,
    /// Whether data may have metadata and namespaced maps, as `clojure.edn` reads them; documents have none.
    pub(crate) metadata: bool,
    pub(crate) aliases: Vec<(String, String)>,
    /// How to go on after a mistake; most readers stop.
    pub(crate) recovery: Option<Box<Recovery>>,
}

impl<'t> Reader<'t> {
    /// Reads Clojure.
    pub fn new(text: &'t str) -> Self {
        Self::with_mode(text, Mode::Clojure)
    }

    /// Reads strict EDN.
    pub fn edn(text: &'t str) -> Self {
        Self::with_mode(text, Mode::Edn)
    }

    /// Reads the notation given.
    pub fn with_mode(text: &'t str, mode: Mode) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            text,
            bytes: text.as_bytes(),
            at,
            mode,
            depth: 0,
            in_fn: false,
            failed: false,
            warnings: Vec::new(),
            discarded: Vec::new(),
            namespace: "user".to_owned(),
            metadata: false,
            aliases: Vec::new(),
            recovery: None,
        }
    }

    /// The next form; `None` at the end of the text and after an error.
    pub fn read_next(&mut self) -> Option<Result<Form, ReadError>> {
        if self.failed {
            return None;
        }
        loop {
            let start = self.at;
            match self.item() {
                Ok(Item::Form(form)) => {
                    self.enter(&form);
                    return Some(Ok(form));
                }
                Ok(Item::Nothing) => {}
                Ok(Item::End) => return None,
                Ok(Item::Splice(_)) => {
                    let message = "Reader conditional splicing not allowed at the top level.";
                    return Some(Err(self.fail(message, start)));
                }
                Ok(Item::Close(bracket)) => {
                    let error = self.unmatched(bracket, self.at - 1);
                    if self.mode == Mode::Edn {
                        return Some(Err(error));
                    }
                    self.failed = false;
                    self.warnings.push(error);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// All remaining forms, or the first error.
    pub fn read_all(mut self) -> Result<Vec<Form>, ReadError> {
        std::iter::from_fn(|| self.read_next()).collect()
    }

    /// The surplus closing brackets skipped so far.
    pub fn warnings(&self) -> &[ReadError] {
        &self.warnings
    }

    /// The forms that `#_` took out: their tags may still mean nothing.
    pub fn discarded(&self) -> &[Form] {
        &self.discarded
    }

    /// How far reading has come, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn fail(&mut self, message: &str, start: usize) -> ReadError {
        self.fail_as(ReadErrorKind::Other, message, start)
    }

    pub(crate) fn fail_as(&mut self, kind: ReadErrorKind, message: &str, start: usize) -> ReadError {
        self.failed = true;
        ReadError { message: message.to_owned(), kind, span: Span { start, end: self.at.max(start) } }
    }

    pub(crate) fn unmatched(&mut self, bracket: u8, at: usize) -> ReadError {
        self.fail_as(ReadErrorKind::Unmatched, &format!("Unmatched delimiter: {}", bracket as char), at)
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b',' | b'\n' | b'\t' | b'\r' | 0x0b | 0x0c | 0x1c..=0x1f => self.at += 1,
                b';' => self.skip_line(),
                b'#' if self.mode == Mode::Clojure && self.bytes.get(self.at + 1) == Some(&b'!') => {
                    self.skip_line();
                }
                0x80.. => match self.text[self.at..].chars().next() {
                    Some(wide) if wide.is_whitespace() && wide != '\u{a0}' => self.at += wide.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|&byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
    }

    /// Moves past a token: up to white space, a bracket or a character that always begins something new.
    pub(crate) fn token(&mut self) -> &'t str {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b',' | b'\n' | b'\t' | b'\r' | 0x0b | 0x0c | 0x1c..=0x1f => break,
                b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' | b';' | b'@' | b'^' | b'`' | b'~' | b'\\' => {
                    break;
                }
                0x80.. => match self.text[self.at..].chars().next() {
                    Some(wide) if !wide.is_whitespace() => self.at += wide.len_utf8(),
                    _ => break,
                },
                _ => self.at += 1,
            }
        }
        &self.text[start..self.at]
    }

    pub(crate) fn item(&mut self) -> Result<Item, ReadError> {
        if self.depth >= MAX_DEPTH && self.is_deeper() {
            return Err(self.fail_as(
                ReadErrorKind::TooDeep,
                &format!("Forms may nest at most {MAX_DEPTH} deep"),
                self.at,
            ));
        }
        self.depth += 1;
        let start = self.at;
        let item = self.item_here();
        self.depth -= 1;
        match item {
            Err(error) if self.recovery.is_some() => self.recovered(error, start),
            item => item,
        }
    }

    /// Whether what stands next holds something.
    fn is_deeper(&mut self) -> bool {
        self.skip_space();
        self.peek().is_some_and(|first| b"([{#'@`~^".contains(&first))
    }

    fn item_here(&mut self) -> Result<Item, ReadError> {
        self.skip_space();
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(Item::End) };
        let kind = match first {
            b'(' => FormKind::List(self.sequence(b')')?),
            b'[' => FormKind::Vector(self.sequence(b']')?),
            b'{' => self.map(start)?,
            b')' | b']' | b'}' => {
                self.at += 1;
                return Ok(Item::Close(first));
            }
            b'"' => FormKind::String(self.string()?),
            b'\\' => self.character()?,
            b'#' => return self.dispatch(),
            b'^' => {
                self.at += 1;
                if !self.metadata {
                    self.clojure_only(start)?;
                }
                return self.with_meta(start).map(Item::Form);
            }
            b'\'' | b'@' | b'`' | b'~' => self.prefix(first)?,
            b'0'..=b'9' => self.number()?,
            b'+' | b'-' if self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) => self.number()?,
            _ => self.name()?,
        };
        Ok(Item::Form(self.finish(kind, start)))
    }

    pub(crate) fn finish(&mut self, kind: FormKind, start: usize) -> Form {
        Form::new(kind, Span { start, end: self.at })
    }

    fn name(&mut self) -> Result<FormKind, ReadError> {
        let start = self.at;
        let token = self.token();
        if token.is_empty() {
            self.at += self.text[start..].chars().next().map_or(0, char::len_utf8);
        }
        if let Some(local) = token.strip_prefix("::").filter(|_| self.mode == Mode::Clojure) {
            let full = match local.split_once('/') {
                None => format!(":{}/{local}", self.namespace),
                Some((alias, local)) => match self.resolved(alias) {
                    Some(namespace) => format!(":{namespace}/{local}"),
                    None => return Err(self.fail(&format!("Invalid token: {token}"), start)),
                },
            };
            return literal::name(&full, self.mode)
                .map_err(|_| self.fail(&format!("Invalid token: {token}"), start));
        }
        literal::name(token, self.mode).map_err(|message| self.fail(&message, start))
    }

    /// The namespace that an alias stands for.
    pub(crate) fn resolved(&self, alias: &str) -> Option<String> {
        self.aliases.iter().rev().find(|(known, _)| known == alias).map(|(_, full)| full.clone())
    }

    /// Reads names from here on as the namespace does, with its aliases, and data as `clojure.edn` does.
    #[must_use]
    pub fn within(mut self, namespace: &str, aliases: Vec<(String, String)>) -> Self {
        namespace.clone_into(&mut self.namespace);
        self.aliases = aliases;
        self.metadata = true;
        self
    }

    /// After `(ns name (:require [other :as alias]))` and its like names are read as that namespace does.
    fn enter(&mut self, form: &Form) {
        if self.mode == Mode::Edn {
            return;
        }
        let FormKind::List(items) = &form.kind else { return };
        let Some(FormKind::Symbol(head)) = items.first().map(|form| &form.kind) else { return };
        match (head.as_str(), items.get(1).map(|form| &form.kind)) {
            ("ns", Some(FormKind::Symbol(name))) => {
                name.as_str().clone_into(&mut self.namespace);
                self.collect_aliases(&items[2..]);
            }
            ("in-ns", Some(FormKind::Quote(name))) => self.namespace = name.to_string(),
            ("require" | "alias", Some(_)) => self.collect_aliases(&items[1..]),
            _ => {}
        }
    }

    fn collect_aliases(&mut self, forms: &[Form]) {
        for form in forms {
            if let FormKind::Quote(inner) = &form.kind {
                self.collect_aliases(std::slice::from_ref(inner));
            }
            let (FormKind::List(items) | FormKind::Vector(items)) = &form.kind else { continue };
            if let Some(FormKind::Symbol(name)) = items.first().map(|form| &form.kind) {
                for pair in items[1..].windows(2) {
                    if let (FormKind::Keyword(key), FormKind::Symbol(alias)) = (&pair[0].kind, &pair[1].kind)
                        && matches!(key.as_str(), "as" | "as-alias")
                    {
                        self.aliases.push((alias.as_str().to_owned(), name.as_str().to_owned()));
                    }
                }
            }
            self.collect_aliases(items);
        }
    }

    fn number(&mut self) -> Result<FormKind, ReadError> {
        let start = self.at;
        let token = self.token();
        literal::number(token).map_err(|message| self.fail(&message, start))
    }

    fn character(&mut self) -> Result<FormKind, ReadError> {
        let start = self.at;
        self.at += 1;
        let Some(first) = self.text[self.at..].chars().next() else {
            return Err(self.fail("EOF while reading character", start));
        };
        self.at += first.len_utf8();
        self.token();
        let token = &self.text[start + 1..self.at];
        literal::character(token).map(FormKind::Char).map_err(|message| self.fail(&message, start))
    }

    /// The form that must follow a prefix such as `'`.
    pub(crate) fn operand(&mut self, start: usize) -> Result<Form, ReadError> {
        loop {
            match self.item()? {
                Item::Form(form) => return Ok(form),
                Item::Nothing => {}
                Item::Splice(_) => {
                    return Err(self.fail("A reader conditional cannot be spliced here", start));
                }
                Item::Close(bracket) => {
                    let at = self.at - 1;
                    if self.recovery.is_some() {
                        self.at = at;
                        return Err(self.fail("Something is missing before this bracket", at));
                    }
                    return Err(self.unmatched(bracket, at));
                }
                Item::End => return Err(self.fail_as(ReadErrorKind::Unclosed, "EOF while reading", start)),
            }
        }
    }

    fn prefix(&mut self, first: u8) -> Result<FormKind, ReadError> {
        let start = self.at;
        self.at += 1;
        self.clojure_only(start)?;
        let splicing = first == b'~' && self.peek() == Some(b'@');
        if splicing {
            self.at += 1;
        }
        let operand = Box::new(self.operand(start)?);
        Ok(match first {
            b'\'' => FormKind::Quote(operand),
            b'@' => FormKind::Deref(operand),
            b'`' => FormKind::SyntaxQuote(operand),
            _ if splicing => FormKind::UnquoteSplicing(operand),
            _ => FormKind::Unquote(operand),
        })
    }

    pub(crate) fn clojure_only(&mut self, start: usize) -> Result<(), ReadError> {
        if self.mode == Mode::Clojure {
            return Ok(());
        }
        let token = &self.text[start..self.at];
        Err(self.fail(&format!("`{token}` is Clojure, not EDN data"), start))
    }

    /// Reads to the closing bracket; `at` stands on the opening one.
    pub(crate) fn sequence(&mut self, close: u8) -> Result<Vec<Form>, ReadError> {
        let start = self.at;
        self.at += 1;
        if self.recovery.is_some() {
            return self.sequence_recovering(start, close);
        }
        let mut items = Vec::new();
        loop {
            match self.item()? {
                Item::Form(form) => items.push(form),
                Item::Splice(forms) => items.extend(forms),
                Item::Nothing => {}
                Item::Close(bracket) if bracket == close => return Ok(items),
                Item::Close(bracket) => {
                    let at = self.at - 1;
                    return Err(self.unmatched(bracket, at));
                }
                Item::End => {
                    let mut error = self.fail_as(ReadErrorKind::Unclosed, "EOF while reading", start);
                    error.span.end = start + 1;
                    return Err(error);
                }
            }
        }
    }

    pub(crate) fn pairs(&mut self, start: usize) -> Result<Vec<(Form, Form)>, ReadError> {
        let told = self.told();
        let mut forms = self.sequence(b'}')?;
        if forms.len() % 2 != 0 {
            let error = self.fail_as(
                ReadErrorKind::OddMap,
                "Map literal must contain an even number of forms",
                start,
            );
            if self.recovery.is_none() {
                return Err(error);
            }
            let odd = forms.remove(odd_one(&forms));
            self.tell_unless_told_since(told, ReadError { span: odd.span, ..error });
        }
        let mut pairs = Vec::with_capacity(forms.len() / 2);
        let mut forms = forms.into_iter();
        while let (Some(key), Some(value)) = (forms.next(), forms.next()) {
            pairs.push((key, value));
        }
        Ok(pairs)
    }

    fn map(&mut self, start: usize) -> Result<FormKind, ReadError> {
        let pairs = self.pairs(start)?;
        self.unique(pairs.iter().map(|(key, _)| key))?;
        Ok(FormKind::Map(pairs))
    }

    pub(crate) fn unique<'a>(
        &mut self,
        keys: impl Iterator<Item = &'a Form> + Clone,
    ) -> Result<(), ReadError> {
        match first_duplicate(keys) {
            None => Ok(()),
            Some(key) => {
                self.failed = true;
                Err(ReadError {
                    message: format!("Duplicate key: {key}"),
                    kind: ReadErrorKind::Duplicate,
                    span: key.span,
                })
            }
        }
    }

    fn string(&mut self) -> Result<Box<str>, ReadError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.find(['"', '\\']) else {
                if self.recovery.is_some() {
                    return Ok(self.string_of_line(start));
                }
                let mut error =
                    self.fail_as(ReadErrorKind::UnclosedString, "EOF while reading string", start);
                error.span.end = start + 1;
                return Err(error);
            };
            text.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                if self.recovery.is_some() && self.swallowed(start) {
                    return Ok(self.string_of_line(start));
                }
                return Ok(text.into());
            }
            match self.escape() {
                Ok(letter) => text.push(letter),
                Err(error) if self.recovery.is_some() && error.kind == ReadErrorKind::Other => {
                    self.tell(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The character after a backslash in a string.
    fn escape(&mut self) -> Result<char, ReadError> {
        let start = self.at - 1;
        let Some(first) = self.text[self.at..].chars().next() else {
            return Err(self.fail_as(ReadErrorKind::UnclosedString, "EOF while reading string", start));
        };
        self.at += first.len_utf8();
        Ok(match first {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' | '\\' => first,
            '0'..='7' => {
                self.at -= 1;
                let digits = self.text[self.at..]
                    .bytes()
                    .take(3)
                    .take_while(|byte| (b'0'..=b'7').contains(byte))
                    .count();
                let code = u32::from_str_radix(&self.text[self.at..self.at + digits], 8).unwrap_or(u32::MAX);
                self.at += digits;
                let valid = char::from_u32(code).filter(|_| code <= 0o377);
                valid.ok_or_else(|| self.fail("Octal escape sequence must be in range [0, 377].", start))?
            }
            'u' => self.unicode(start)?,
            _ => return Err(self.fail(&format!("Unsupported escape character: \\{first}"), start)),
        })
    }

    fn unicode(&mut self, start: usize) -> Result<char, ReadError> {
        let first = self
            .hex4()
            .ok_or_else(|| self.fail("Invalid unicode escape: \\u needs four hex digits", start))?;
        // What JSON and Java write as two halves is one character.
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            if let Some(second) = self.hex4().filter(|second| (0xdc00..0xe000).contains(second)) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).ok_or_else(|| self.fail("Invalid unicode escape", start));
            }
        }
        char::from_u32(first)
            .ok_or_else(|| self.fail("Invalid unicode escape: half of a surrogate pair", start))
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let code = digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())??;
        self.at += 4;
        Some(code)
    }
}

/// Which form of a map has no other: the first that is no key where one should be, or the last.
fn odd_one(forms: &[Form]) -> usize {
    let is_key =
        |form: &Form| matches!(form.kind, FormKind::Keyword(_) | FormKind::Symbol(_) | FormKind::String(_));
    (0..forms.len()).step_by(2).find(|at| !is_key(&forms[*at])).unwrap_or(forms.len() - 1)
}
