//! YAML: events of the parser become a tree of nodes.

mod alias;
mod flow;
mod mistake;
mod opened;
mod pieces;
mod straight;
mod tree;

use granit_parser::Parser;

use crate::finding::Findings;
use crate::parse::span;
use crate::{Diagnostic, Node, SourceId};

pub use flow::{Flow, parse_flow};
use mistake::Mistake;
use tree::Tree;

/// Reads a YAML text that begins at `base` of its source.
pub(crate) fn read(source: SourceId, text: &str, base: usize, findings: &mut Findings) -> Node {
    if let Some(root) = pieces::read(source, text, base) {
        return root;
    }
    let strict = strictly(source, text, base, 0);
    let Some(mistake) = &strict.mistake else { return strict.into_root(findings) };
    if !mistake.is_indentation() {
        return strict.into_root(findings);
    }
    // What YAML 1.2 refuses and every other reader accepts: a closing bracket at the column of its key.
    let lenient = attempt(source, text, base, false, 0);
    if lenient.mistake.is_some() || lenient.findings.iter().any(|other| other.id == "second-document") {
        return strict.into_root(findings);
    }
    let at = mistake.at.min(text.len());
    let line_end = text[at..].find(['\r', '\n']).map_or(text.len(), |end| at + end);
    findings.push(
        Diagnostic::warning(
            "loose-indentation",
            "This line should be indented deeper than the key it belongs to",
        )
        .at(span(source, base, at, line_end), "")
        .note("it is read as meant, but YAML 1.2 does not allow it and other programs may refuse the file"),
    );
    lenient.into_root(findings)
}

/// One reading of the text, to its end or to the first mistake in its grammar.
struct Attempt {
    root: Node,
    findings: Vec<Diagnostic>,
    mistake: Option<Mistake>,
    explained: Option<Diagnostic>,
    /// Whether it has anchors.
    anchors: bool,
}

impl Attempt {
    fn into_root(self, findings: &mut Findings) -> Node {
        self.findings.into_iter().chain(self.explained).for_each(|diagnostic| findings.push(diagnostic));
        self.root
    }
}

/// Reads a text that stands so many levels deep in a document, as YAML 1.2 wants it.
fn strictly(source: SourceId, text: &str, base: usize, levels_around: usize) -> Attempt {
    straight::read(source, text, base, levels_around)
        .unwrap_or_else(|| attempt(source, text, base, true, levels_around))
}

/// The same, by a parser of all of YAML.
fn attempt(
    source: SourceId,
    text: &str,
    base: usize,
    strict_indentation: bool,
    levels_around: usize,
) -> Attempt {
    let options = granit_parser::options! {
        strict_indentation: strict_indentation,
        emit_comments: false,
        emit_unresolved_aliases: true,
    };
    let mut tree = Tree::new(source, text, base, levels_around);
    let mut mistake = None;
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, place)) => {
                let place = place.byte_range().unwrap_or(text.len()..text.len());
                if tree.take(event, place).is_break() {
                    break;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                mistake = Some(Mistake { kind: error.kind().clone(), at: at.min(text.len()) });
                break;
            }
        }
    }
    let explained = mistake.as_ref().map(|mistake| mistake.explain(source, text, base, &tree.context()));
    let anchors = tree.has_anchors();
    let (root, findings) = tree.finish();
    Attempt { root, findings: findings.into_vec(), mistake, explained, anchors }
}
