//! Steps that are run once for each item of a list.
#![expect(clippy::wildcard_enum_match_arm, reason = "a list is wanted, all other data is refused alike")]

use pt_model::Data;
use pt_spec::{Definition, Step};
use pt_syntax::{Diagnostic, Node, is_id};

use crate::bind::Bound;
use crate::draft::{DraftDoes, DraftId, ListId};
use crate::evaluate::{Inside, Trouble};
use crate::expand::name_of;
use crate::planner::Planner;
use crate::terms::Terms;

/// What an item is called in the args and code of its step, and its place in the list, from 0.
const ITEM: &str = "item";
const INDEX: &str = "index";

/// The items of a list.
enum Items {
    Known(Vec<Data>),
    /// Known when other steps have ended.
    Later,
    /// A check knows no values: one item that may be anything stands for all.
    Any,
}

impl<'p> Planner<'p> {
    /// Expands a step to a group with a step for each item.
    pub(crate) fn each_item(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        list: ListId,
        terms: &Terms,
    ) -> Vec<DraftId> {
        let name = name_of(step);
        let span = Some(step.span);
        let Some(node) = &step.terms.for_each else { return Vec::new() };
        let items = match self.items(definition, bound, node) {
            Ok(Items::Known(items)) => items.into_iter().map(Some).collect(),
            Ok(Items::Any) => vec![None],
            Ok(Items::Later) => return vec![self.draft(name, Vec::new(), DraftDoes::Late, span)],
            Err(found) => return vec![self.draft(name, Vec::new(), DraftDoes::Fails(found), span)],
        };
        let group = self.draft(name, Vec::new(), DraftDoes::Group, span);
        self.drafts[group].joins = true;
        let inner = self.new_list(Some(list));
        let around = std::mem::take(&mut self.templates);
        self.level += 1;
        for (index, item) in items.into_iter().enumerate() {
            let part = part_name(item.as_ref(), index);
            let first = self.drafts.len();
            let made = self.part(definition, &with_item(bound, item, index), step, inner, terms);
            self.drafts[first..].iter_mut().for_each(|draft| draft.parent = draft.parent.or(Some(group)));
            if let [only] = *made {
                self.drafts[only].declared.clone_from(&part);
            }
            self.lists[inner].names.push((part, made));
        }
        self.level -= 1;
        self.templates = around;
        vec![group]
    }

    fn part(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        list: ListId,
        terms: &Terms,
    ) -> Vec<DraftId> {
        let (name, drafts) = self.step(definition, bound, step, list);
        match self.set_terms(&drafts, terms.clone(), step) {
            Ok(()) => drafts,
            Err(found) => vec![self.draft(name, Vec::new(), DraftDoes::Fails(found), Some(step.span))],
        }
    }

    fn items(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        node: &'p Node,
    ) -> Result<Items, Vec<Diagnostic>> {
        let mut trouble = Trouble::default();
        let value = self.data(node, &Inside { definition, bound }, &mut trouble);
        if !trouble.errors.is_empty() {
            return Err(trouble.errors);
        }
        if !trouble.holes.is_empty() {
            return match () {
                () if self.checking.is_some() => Ok(Items::Any),
                () if trouble.missing.is_empty() => Ok(Items::Later),
                () => Err(trouble.missing),
            };
        }
        match value {
            Data::Null => Ok(Items::Known(Vec::new())),
            Data::List(items) => Ok(Items::Known(items)),
            other => {
                let message = format!("for-each: Must be a list (got {other})");
                Err(vec![Diagnostic::error("type-mismatch", message).at(node.span, "")])
            }
        }
    }
}

/// An item that could be an id names its step; others are numbered from 1.
fn part_name(item: Option<&Data>, index: usize) -> String {
    let text = item.and_then(Data::as_str).filter(|text| is_id(text));
    text.map_or_else(|| (index + 1).to_string(), str::to_owned)
}

fn with_item(bound: &Bound, item: Option<Data>, index: usize) -> Bound {
    let mut bound = bound.clone();
    match item {
        Some(item) => {
            bound.unknown.remove(ITEM);
            bound.values.insert(ITEM.to_owned(), item);
        }
        None => {
            bound.unknown.insert(ITEM.to_owned(), Vec::new());
            bound.values.insert(ITEM.to_owned(), Data::Null);
        }
    }
    bound.values.insert(INDEX.to_owned(), Data::from(i64::try_from(index).unwrap_or(i64::MAX)));
    bound
}
