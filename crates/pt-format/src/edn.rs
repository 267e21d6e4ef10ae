//! EDN and the Clojure in it: blanks and indentation. Line breaks stay.

mod aligned;

use std::collections::HashMap;

use crate::{Refusal, text_end};

/// Lays a text out that is known to be EDN.
pub(crate) fn format(text: &str) -> Result<String, Refusal> {
    let text = text.trim_start_matches('\u{feff}');
    let tokens = tokens(text)?;
    let laid_out = lay_out(&tokens, &aligned::blanks(&tokens));
    let words = |tokens: &[Token<'_>]| -> Vec<(String, bool)> {
        tokens.iter().map(|token| (token.text.to_owned(), token.touches)).collect()
    };
    match self::tokens(&laid_out) {
        Ok(again) if words(&again) == words(&tokens) => Ok(laid_out),
        _ => Err(Refusal::new("what came out would not say the same", 0)),
    }
}

/// A piece of the text that stays as it is, and the blanks before it.
#[derive(Debug)]
struct Token<'t> {
    kind: Kind,
    text: &'t str,
    /// Blanks, commas and line ends.
    gap: &'t str,
    /// Whether it stands directly behind a word, as the bracket of `#(` or `^{`: what is between them would tell them apart.
    touches: bool,
    /// Where it stands in its line, in characters.
    column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Comment,
    /// A name that may be called.
    Symbol,
    /// Anything else: a keyword, a number, a text, a character, the mark before a form.
    Word,
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, Refusal> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = text;
    let mut column = 0;
    loop {
        let start = rest.find(|c: char| !is_gap(c)).unwrap_or(rest.len());
        let (gap, after) = rest.split_at(start);
        let Some(first) = after.chars().next() else { return Ok(tokens) };
        let at = text.len() - after.len();
        let (kind, length) = match first {
            '(' | '[' | '{' => (Kind::Open, 1),
            ')' | ']' | '}' => (Kind::Close, 1),
            ';' => (Kind::Comment, after.find('\n').unwrap_or(after.len())),
            '"' => (Kind::Word, text_end(after).ok_or(Refusal::new("this text does not end", at))?),
            '\\' => (Kind::Word, character_end(after)),
            _ => (kind_of(after), after.find(ends_word).unwrap_or(after.len())),
        };
        let (token, next) = after.split_at(length);
        let token = if kind == Kind::Comment { token.trim_end() } else { token };
        let is_mark = |before: &Token<'_>| matches!(before.kind, Kind::Word | Kind::Symbol);
        let apart = matches!(kind, Kind::Close | Kind::Comment);
        let touches = gap.is_empty() && !apart && tokens.last().is_some_and(is_mark);
        column = column_after(column, gap);
        tokens.push(Token { kind, text: token, gap, touches, column });
        column = column_after(column, &after[..length]);
        rest = next;
    }
}

fn column_after(column: usize, text: &str) -> usize {
    match text.rsplit_once('\n') {
        Some((_, last)) => last.chars().count(),
        None => column + text.chars().count(),
    }
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn ends_word(c: char) -> bool {
    is_gap(c) || "()[]{}\";".contains(c)
}

fn kind_of(word: &str) -> Kind {
    let unsigned = word.trim_start_matches(['-', '+']);
    let plain = !word.starts_with([':', '#', '\'', '`', '~', '@', '^'])
        && !unsigned.starts_with(|c: char| c.is_ascii_digit());
    if plain { Kind::Symbol } else { Kind::Word }
}

/// Where a character ends: `\(`, `\newline`. The first letter after the backslash belongs to it whatever it is.
fn character_end(text: &str) -> usize {
    let first = text.chars().nth(1).map_or(0, char::len_utf8);
    let more = text[1 + first..].find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len() - 1 - first);
    1 + first + more
}

/// An open bracket.
struct Bracket {
    /// Where it stands.
    column: usize,
    /// Where the lines in it begin.
    indent: usize,
}

struct Layout {
    out: String,
    column: usize,
    open: Vec<Bracket>,
}

/// `blanks` are the blanks before tokens that need more than one.
fn lay_out(tokens: &[Token<'_>], blanks: &HashMap<usize, usize>) -> String {
    let mut layout = Layout { out: String::new(), column: 0, open: Vec::new() };
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        layout.gap(token, before, blanks.get(&at).copied().unwrap_or(1));
        layout.put(token.text);
        match token.kind {
            Kind::Open => {
                let column = layout.column - 1;
                // Calls are indented by two, whatever is called; data stands below its first item.
                let next = tokens.get(at + 1);
                let call = token.text == "("
                    && next.is_some_and(|next| next.kind == Kind::Symbol && !next.gap.contains('\n'));
                layout.open.push(Bracket { column, indent: column + if call { 2 } else { 1 } });
            }
            Kind::Close => drop(layout.open.pop()),
            Kind::Comment | Kind::Symbol | Kind::Word => {}
        }
    }
    if !layout.out.is_empty() {
        layout.out.push('\n');
    }
    layout.out
}

impl Layout {
    /// What stands between two tokens.
    fn gap(&mut self, token: &Token<'_>, before: Option<&Token<'_>>, blanks: usize) {
        let Some(before) = before else { return };
        if token.gap.contains(',') && token.kind != Kind::Close {
            self.put(",");
        }
        let lines = token.gap.matches('\n').count();
        if lines > 0 {
            self.out.push('\n');
            if lines > 1 && before.kind != Kind::Open && token.kind != Kind::Close {
                self.out.push('\n');
            }
            let bracket = self.open.last();
            self.column = 0;
            let indent = match token.kind {
                Kind::Close => bracket.map_or(0, |bracket| bracket.column),
                Kind::Open | Kind::Comment | Kind::Symbol | Kind::Word => {
                    bracket.map_or(0, |bracket| bracket.indent)
                }
            };
            self.put(&" ".repeat(indent));
        } else if token.kind == Kind::Comment {
            // A comment behind something keeps its distance.
            let blanks = token.gap.chars().filter(|c| *c != ',').count();
            let least = usize::from(before.kind != Kind::Open);
            self.put(&" ".repeat(blanks.max(least)));
        } else if !(token.touches || before.kind == Kind::Open || token.kind == Kind::Close) {
            self.put(&" ".repeat(blanks));
        }
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = column_after(self.column, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edn_is_indented_by_its_brackets() {
        let text = r#"; What there is.
{:modules   [ {:id  :a , :info "two
   lines"}   ; one


     {:id :b
   :code (let [x 1
            s \(]
      (str x   #"a b" #(+ %1
        2) ^{:m 1} y 'z)) }
     ; the end
   ]

}"#;
        let expected = r#"; What there is.
{:modules [{:id :a, :info "two
   lines"}   ; one

           {:id :b
            :code (let [x 1
                        s \(]
                    (str x #"a b" #(+ %1
                                     2) ^{:m 1} y 'z))}
           ; the end
          ]
}
"#;
        let once = format(text).unwrap();
        assert_eq!(once, expected);
        assert_eq!(format(&once).unwrap(), expected);
        assert_eq!(format("").unwrap(), "");
        let aligned = "{:a   1 ; one\n :bcd [2\n       {; first\n        :x  1\n        :yz {:a  1}}]}\n";
        let expected = "{:a   1 ; one\n :bcd [2\n       {; first\n        :x  1\n        :yz {:a 1}}]}\n";
        assert_eq!(format(aligned).unwrap(), expected);
        assert_eq!(format("{:a     1\n  :bcd  2}").unwrap(), "{:a   1\n :bcd 2}\n");
        assert_eq!(format("{:a    1\n :bcd   2}").unwrap(), "{:a 1\n :bcd 2}\n");
        assert_eq!(format("[1,2 ,3,]").unwrap(), "[1, 2, 3]\n");
        assert_eq!(format("[a;b\n\"c\"\"d\"]").unwrap(), "[a ;b\n \"c\"\"d\"]\n");
    }
}
