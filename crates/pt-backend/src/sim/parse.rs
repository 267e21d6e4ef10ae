//! The tiny shell's language: text → commands.
//!
//! A subset of POSIX: words with quotes and `$NAME`, `;` `&&` `||` `!`, redirections, `for`, `while`, `until`, `if`, `{ }` and
//! `( )`. What is beyond it is a syntax error, never guessed at.

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// `NAME=value command arg > file`
    Simple(Simple),
    /// One after the other.
    Sequence(Vec<Self>),
    /// The second if the first succeeds.
    And(Box<Self>, Box<Self>),
    /// The second if the first fails.
    Or(Box<Self>, Box<Self>),
    /// Succeeds if it fails.
    Not(Box<Self>),
    /// `for NAME in WORDS; do BODY; done`
    For { name: String, words: Vec<Word>, body: Box<Self> },
    /// `while` and `until`.
    Loop { until: bool, condition: Box<Self>, body: Box<Self> },
    /// `if CONDITION; then THEN; else OTHERWISE; fi`
    If { condition: Box<Self>, then: Box<Self>, otherwise: Option<Box<Self>> },
    /// `( … )`: an exit inside ends it alone.
    Subshell(Box<Self>),
}

/// A command without structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// A redirection of stream 1 or 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) fd: u8,
    pub(super) to: RedirectTo,
}

/// Where a stream goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RedirectTo {
    File { path: Word, append: bool },
    Stream(u8),
}

/// A word before expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) pieces: Vec<Piece>,
    /// Whether it stays a word even if it is empty.
    pub(super) quoted: bool,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `$NAME`, `${NAME}`, `${NAME:-default}`, `$?`
    Variable {
        name: String,
        default: Option<String>,
        quoted: bool,
    },
}

impl Word {
    /// Its text if nothing in it is quoted or expanded: what keywords are.
    fn bare(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] if !self.quoted => Some(text),
            _ => None,
        }
    }
}

/// Parses a script.
pub(super) fn parse(script: &str) -> Result<Command, String> {
    let tokens = Lexer { rest: script.chars().collect(), at: 0 }.tokens()?;
    let mut parser = Parser { tokens, at: 0 };
    let command = parser.list()?;
    match parser.peek() {
        None => Ok(command),
        Some(token) => Err(unexpected(token)),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    Operator(&'static str),
    /// Stream, and whether to append; the target follows as a word, or is the stream given.
    Redirect {
        fd: u8,
        append: bool,
        stream: Option<u8>,
    },
}

const OPERATORS: [&str; 8] = ["&&", "||", ";", "\n", "(", ")", "|", "&"];

fn unexpected(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("syntax error: unexpected \"{}\"", word.bare().unwrap_or("word")),
        Token::Operator("\n") => "syntax error: unexpected newline".to_owned(),
        Token::Operator(operator) => format!("syntax error: unexpected \"{operator}\""),
        Token::Redirect { .. } => "syntax error: unexpected redirection".to_owned(),
    }
}

struct Lexer {
    rest: Vec<char>,
    at: usize,
}

impl Lexer {
    fn tokens(mut self) -> Result<Vec<Token>, String> {
        let mut tokens = Vec::new();
        while let Some(c) = self.peek() {
            if let Some(redirect) = self.redirect()? {
                tokens.push(redirect);
            } else if c == '#' {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
            } else if let Some(operator) = self.operator() {
                tokens.push(Token::Operator(operator));
            } else if c.is_whitespace() {
                self.at += 1;
            } else {
                tokens.push(Token::Word(self.word()?));
            }
        }
        Ok(tokens)
    }

    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(n, c)| self.rest.get(self.at + n) == Some(&c))
    }

    fn operator(&mut self) -> Option<&'static str> {
        let operator = OPERATORS.into_iter().find(|operator| self.starts_with(operator))?;
        self.at += operator.len();
        Some(operator)
    }

    /// `>`, `>>`, `2>`, `>&2`, `2>&1`
    fn redirect(&mut self) -> Result<Option<Token>, String> {
        let (fd, skip) = match (self.peek(), self.rest.get(self.at + 1)) {
            (Some('>'), _) => (1, 1),
            (Some('1'), Some('>')) => (1, 2),
            (Some('2'), Some('>')) => (2, 2),
            (Some('<'), _) => return Err("syntax error: input redirection is not known here".to_owned()),
            _ => return Ok(None),
        };
        self.at += skip;
        let append = self.starts_with(">");
        let stream = [(1, "&1"), (2, "&2")].into_iter().find(|(_, text)| self.starts_with(text));
        self.at += usize::from(append) + if stream.is_some() { 2 } else { 0 };
        Ok(Some(Token::Redirect { fd, append, stream: stream.map(|(stream, _)| stream) }))
    }

    fn word(&mut self) -> Result<Word, String> {
        let mut word = Word::default();
        let mut quote = None;
        while let Some(c) = self.peek() {
            match (quote, c) {
                (None, c) if c.is_whitespace() || ";&|()<>".contains(c) => break,
                (None, '\'' | '"') => {
                    quote = Some(c);
                    word.quoted = true;
                }
                (Some(open), c) if c == open => quote = None,
                (None | Some('"'), '\\') => self.escape(&mut word, quote.is_some()),
                (None | Some('"'), '$') => {
                    self.at += 1;
                    self.variable(&mut word, quote.is_some())?;
                    continue;
                }
                (None | Some('"'), '`') => return Err("syntax error: ` is not known here".to_owned()),
                (_, c) => word.push(c),
            }
            self.at += 1;
        }
        match quote {
            Some(_) => Err("syntax error: unterminated quoted string".to_owned()),
            None => Ok(word),
        }
    }

    fn escape(&mut self, word: &mut Word, quoted: bool) {
        self.at += 1;
        match self.peek() {
            Some('\n') => {}
            Some(c) if quoted && !"\"\\$`".contains(c) => {
                word.push('\\');
                word.push(c);
            }
            Some(c) => {
                word.quoted = true;
                word.push(c);
            }
            None => word.push('\\'),
        }
    }

    /// What follows a `$`.
    fn variable(&mut self, word: &mut Word, quoted: bool) -> Result<(), String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, default) = match self.peek() {
            Some('?') => {
                self.at += 1;
                ("?".to_owned(), None)
            }
            Some('{') => {
                let inside: String = self.rest[self.at + 1..].iter().take_while(|c| **c != '}').collect();
                self.at += inside.chars().count() + 2;
                match inside.split_once(":-") {
                    Some((name, default)) => (name.to_owned(), Some(default.to_owned())),
                    None => (inside, None),
                }
            }
            Some('(') => return Err("syntax error: $( ) is not known here".to_owned()),
            Some(c) if is_name(c) => {
                let name: String = self.rest[self.at..].iter().copied().take_while(|c| is_name(*c)).collect();
                self.at += name.len();
                (name, None)
            }
            _ => {
                word.push('$');
                return Ok(());
            }
        };
        if name != "?" && (name.is_empty() || !name.chars().all(is_name)) {
            return Err(format!("syntax error: ${{{name}}} is not known here"));
        }
        word.pieces.push(Piece::Variable { name, default, quoted });
        Ok(())
    }
}

impl Word {
    fn push(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.pieces.push(Piece::Text(c.to_string())),
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

const CLOSERS: [&str; 7] = ["do", "done", "then", "elif", "else", "fi", "}"];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn keyword(&self) -> Option<&str> {
        match self.peek()? {
            Token::Word(word) => word.bare(),
            Token::Operator(_) | Token::Redirect { .. } => None,
        }
    }

    /// Skips the word if it comes next.
    fn skip(&mut self, keyword: &str) -> bool {
        let found = self.keyword() == Some(keyword);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, keyword: &str) -> Result<(), String> {
        if self.skip(keyword) {
            return Ok(());
        }
        Err(self
            .peek()
            .map_or_else(|| format!("syntax error: \"{keyword}\" is missing at the end"), unexpected))
    }

    fn operator(&mut self, operator: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Operator(next)) if *next == operator);
        self.at += usize::from(found);
        found
    }

    fn separators(&mut self) -> bool {
        let mut any = false;
        while self.operator(";") || self.operator("\n") {
            any = true;
        }
        any
    }

    fn list(&mut self) -> Result<Command, String> {
        let mut commands = Vec::new();
        self.separators();
        while self.peek().is_some_and(|token| *token != Token::Operator(")"))
            && !self.keyword().is_some_and(|word| CLOSERS.contains(&word))
        {
            commands.push(self.and_or()?);
            if !self.separators() {
                break;
            }
        }
        Ok(match commands.len() {
            1 => commands.remove(0),
            _ => Command::Sequence(commands),
        })
    }

    fn and_or(&mut self) -> Result<Command, String> {
        let mut command = self.command()?;
        loop {
            let and = self.operator("&&");
            if !and && !self.operator("||") {
                return Ok(command);
            }
            while self.operator("\n") {}
            let (first, second) = (Box::new(command), Box::new(self.command()?));
            command = if and { Command::And(first, second) } else { Command::Or(first, second) };
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        if self.skip("!") {
            return Ok(Command::Not(Box::new(self.command()?)));
        }
        if self.skip("for") {
            return self.for_loop();
        }
        if self.skip("if") {
            return self.condition();
        }
        if self.skip("{") {
            let body = self.list()?;
            self.expect("}")?;
            return Ok(body);
        }
        for (keyword, until) in [("while", false), ("until", true)] {
            if self.skip(keyword) {
                let condition = Box::new(self.list()?);
                return Ok(Command::Loop { until, condition, body: Box::new(self.body()?) });
            }
        }
        if self.operator("(") {
            let body = Box::new(self.list()?);
            return if self.operator(")") {
                Ok(Command::Subshell(body))
            } else {
                Err("syntax error: \")\" is missing".to_owned())
            };
        }
        self.simple()
    }

    fn body(&mut self) -> Result<Command, String> {
        self.expect("do")?;
        let body = self.list()?;
        self.expect("done")?;
        Ok(body)
    }

    fn for_loop(&mut self) -> Result<Command, String> {
        let name = self.keyword().ok_or("syntax error: bad for loop variable")?.to_owned();
        self.at += 1;
        self.expect("in")?;
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.peek() {
            words.push(word.clone());
            self.at += 1;
        }
        self.separators();
        Ok(Command::For { name, words, body: Box::new(self.body()?) })
    }

    /// After `if` or `elif`.
    fn condition(&mut self) -> Result<Command, String> {
        let condition = Box::new(self.list()?);
        self.expect("then")?;
        let then = Box::new(self.list()?);
        if self.skip("elif") {
            let otherwise = Some(Box::new(self.condition()?));
            return Ok(Command::If { condition, then, otherwise });
        }
        let otherwise = if self.skip("else") { Some(Box::new(self.list()?)) } else { None };
        self.expect("fi")?;
        Ok(Command::If { condition, then, otherwise })
    }

    fn simple(&mut self) -> Result<Command, String> {
        let mut simple = Simple::default();
        loop {
            match self.peek() {
                Some(Token::Word(word)) => {
                    let word = word.clone();
                    self.at += 1;
                    match assignment(&word).filter(|_| simple.words.is_empty()) {
                        Some(assignment) => simple.assignments.push(assignment),
                        None => simple.words.push(word),
                    }
                }
                Some(Token::Redirect { fd, append, stream }) => {
                    let (fd, append, stream) = (*fd, *append, *stream);
                    self.at += 1;
                    let to = match (stream, stream.is_none().then(|| self.next()).flatten()) {
                        (Some(stream), _) => RedirectTo::Stream(stream),
                        (None, Some(Token::Word(path))) => RedirectTo::File { path, append },
                        (None, _) => return Err("syntax error: a redirection without a file".to_owned()),
                    };
                    simple.redirects.push(Redirect { fd, to });
                }
                Some(Token::Operator(operator @ ("|" | "&"))) => {
                    return Err(format!("syntax error: {operator} is not known here"));
                }
                Some(token @ Token::Operator(_)) if simple == Simple::default() => {
                    return Err(unexpected(token));
                }
                Some(Token::Operator(_)) => return Ok(Command::Simple(simple)),
                None if simple == Simple::default() => {
                    return Err("syntax error: unexpected end".to_owned());
                }
                None => return Ok(Command::Simple(simple)),
            }
        }
    }
}

/// `NAME=value`
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Piece::Text(first)) = word.pieces.first() else { return None };
    let (name, value) = first.split_once('=')?;
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let value = Some(Piece::Text(value.to_owned())).filter(|_| !value.is_empty());
    let pieces = value.into_iter().chain(word.pieces.iter().skip(1).cloned()).collect();
    Some((name.to_owned(), Word { pieces, quoted: true }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_shell_is_a_syntax_error() {
        for (script, error) in [
            ("echo 'a", "syntax error: unterminated quoted string"),
            ("a | b", "syntax error: | is not known here"),
            ("a &", "syntax error: & is not known here"),
            ("echo $(a)", "syntax error: $( ) is not known here"),
            ("while true; done", "syntax error: unexpected \"done\""),
            ("if true; then a", "syntax error: \"fi\" is missing at the end"),
            ("a && && b", "syntax error: unexpected \"&&\""),
            ("done", "syntax error: unexpected \"done\""),
            ("echo ${a%b}", "syntax error: ${a%b} is not known here"),
        ] {
            assert_eq!(parse(script), Err(error.to_owned()), "{script}");
        }
    }
}
