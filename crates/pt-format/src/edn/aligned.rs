//! Maps whose values stand below each other: they go on doing so.

use std::collections::HashMap;

use super::{Kind, Token};

/// An open bracket, and the forms in it so far.
#[derive(Default)]
struct Open {
    is_map: bool,
    forms: usize,
    /// The key whose value comes next, if it begins its line.
    key: Option<usize>,
    /// Keys that begin their lines, and their values.
    pairs: Vec<(usize, usize)>,
}

/// How many blanks stand before the values of maps that are aligned, by the places of these values among the tokens.
pub(super) fn blanks(tokens: &[Token<'_>]) -> HashMap<usize, usize> {
    let mut blanks = HashMap::new();
    let mut open: Vec<Open> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Close {
            if let Some(closed) = open.pop() {
                align(&closed.pairs, tokens, &mut blanks);
            }
            continue;
        }
        if token.kind == Kind::Comment {
            continue;
        }
        // What touches a word is a part of the same form.
        if let Some(around) = open.last_mut().filter(|_| !token.touches) {
            around.forms += 1;
            let is_key = around.forms % 2 == 1;
            let begins_line = token.gap.contains('\n') || around.forms == 1;
            match around.key.take() {
                Some(key) if !is_key && !begins_line => around.pairs.push((key, at)),
                _ => around.key = Some(at).filter(|_| is_key && begins_line && around.is_map),
            }
        }
        if token.kind == Kind::Open {
            open.push(Open { is_map: token.text == "{", ..Open::default() });
        }
    }
    blanks
}

fn align(pairs: &[(usize, usize)], tokens: &[Token<'_>], blanks: &mut HashMap<usize, usize>) {
    let [(_, first), _, ..] = pairs else { return };
    let column = tokens[*first].column;
    // A key of several words is measured by none of them.
    let is_plain = |(key, value): &(usize, usize)| *value == key + 1;
    if !pairs.iter().all(|pair| is_plain(pair) && tokens[pair.1].column == column) {
        return;
    }
    let width = |key: usize| tokens[key].text.chars().count();
    let widest = pairs.iter().map(|(key, _)| width(*key)).max().unwrap_or_default();
    blanks.extend(pairs.iter().map(|(key, value)| (*value, widest - width(*key) + 1)));
}
