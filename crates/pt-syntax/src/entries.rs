//! The entries of a map: of equal keys the last counts.

use std::collections::{HashMap, HashSet};

use crate::finding::Findings;
use crate::{Diagnostic, Entry, Node, NodeKind};

/// Up to here comparing all pairs is cheaper than hashing.
const FEW: usize = 12;

/// Drops entries whose key is written again later, and says so.
pub(crate) fn unique(mut entries: Vec<Entry>, findings: &mut Findings) -> Vec<Entry> {
    let repeated = repeated(&entries);
    if repeated.is_empty() {
        return entries;
    }
    let mut dropped = vec![false; entries.len()];
    for (earlier, later) in repeated {
        dropped[earlier] = true;
        let (first, last) = (&entries[earlier], &entries[later]);
        findings.push(
            Diagnostic::warning("duplicate-key", format!("The key `{}` is written twice", last.key))
                .at(last.key_span, "this one counts")
                .at(first.key_span, "this one is ignored")
                .hint("remove one of them"),
        );
    }
    let mut at = 0;
    entries.retain(|_| {
        at += 1;
        !dropped[at - 1]
    });
    entries
}

/// Whether a key is written twice.
pub(crate) fn any_repeated(entries: &[Entry]) -> bool {
    !repeated(entries).is_empty()
}

/// Pairs of neighbouring equal keys: the earlier and the later index.
fn repeated(entries: &[Entry]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    if entries.len() <= FEW {
        for (later, entry) in entries.iter().enumerate() {
            if let Some(earlier) = entries[..later].iter().rposition(|other| other.key == entry.key) {
                pairs.push((earlier, later));
            }
        }
        return pairs;
    }
    let mut seen = HashMap::with_capacity(entries.len());
    for (later, entry) in entries.iter().enumerate() {
        if let Some(earlier) = seen.insert(entry.key.as_str(), later) {
            pairs.push((earlier, later));
        }
    }
    pairs
}

/// Adds the entries of merged maps where their `<<` stood: keys of the map itself win, then earlier maps.
///
/// `merges` holds the index of the entry before which a `<<` stood, and its value: a map or a list of maps.
pub(crate) fn merged(own: Vec<Entry>, merges: Vec<(usize, Node)>) -> Vec<Entry> {
    if merges.is_empty() {
        return own;
    }
    let mut taken: HashSet<String> = own.iter().map(|entry| entry.key.clone()).collect();
    let mut merges = merges.into_iter().peekable();
    let mut all = Vec::with_capacity(own.len());
    let mut insert = |all: &mut Vec<Entry>, value: Node| {
        let maps = if let NodeKind::List(items) = value.kind { items } else { vec![value] };
        let maps = maps.into_iter().filter_map(map_entries);
        all.extend(maps.flatten().filter(|entry| taken.insert(entry.key.clone())));
    };
    for (at, entry) in own.into_iter().enumerate() {
        while let Some((_, value)) = merges.next_if(|(before, _)| *before <= at) {
            insert(&mut all, value);
        }
        all.push(entry);
    }
    merges.for_each(|(_, value)| insert(&mut all, value));
    all
}

fn map_entries(node: Node) -> Option<Vec<Entry>> {
    if let NodeKind::Map(entries) = node.kind { Some(entries) } else { None }
}
