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
    /// Expands a step to a group with a part for each item.
    pub(crate) fn each_item(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        items: &'p Node,
        list: ListId,
    ) -> DraftId {
        let (name, span) = (name_of(step), Some(step.span));
        let items = match self.items(definition, bound, items) {
            Ok(Items::Known(items)) => items.into_iter().map(Some).collect(),
            Ok(Items::Any) => vec![None],
            Ok(Items::Later) => return self.draft(name, Vec::new(), DraftDoes::Late, span),
            Err(found) => return self.draft(name, Vec::new(), DraftDoes::Fails(found), span),
        };
        let group = self.draft(name, Vec::new(), DraftDoes::Group, span);
        self.drafts[group].joins = true;
        let inner = self.new_list(Some(list));
        let around = std::mem::take(&mut self.templates);
        self.level += 1;
        for (index, item) in items.into_iter().enumerate() {
            let part = part_name(item.as_ref(), index);
            let bound = with_item(bound, item, index);
            let made = self.part(definition, &bound, step, &part, group, inner);
            self.lists[inner].names.push((part, vec![made]));
        }
        self.level -= 1;
        self.templates = around;
        group
    }

    /// The part of one item: the step on its terms, or a group if it stands for the steps of a template.
    fn part(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        name: &str,
        group: DraftId,
        list: ListId,
    ) -> DraftId {
        let first = self.drafts.len();
        let (part, parent) = if self.stands_for_template(definition, step) {
            let part = self.draft(name.to_owned(), Vec::new(), DraftDoes::Group, Some(step.span));
            let inner = self.new_list(Some(list));
            self.level += 1;
            self.step_on_terms(definition, bound, step, inner);
            self.level -= 1;
            (part, part)
        } else {
            self.step_on_terms(definition, bound, step, list);
            (first, group)
        };
        for draft in first..self.drafts.len() {
            let parent = if draft == part { group } else { parent };
            self.drafts[draft].parent.get_or_insert(parent);
        }
        name.clone_into(&mut self.drafts[part].declared);
        part
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
            bound.values.insert(ITEM.into(), item);
        }
        None => {
            bound.unknown.insert(ITEM.to_owned(), Vec::new());
            bound.values.insert(ITEM.into(), Data::Null);
        }
    }
    bound.values.insert(INDEX.into(), Data::from(i64::try_from(index).unwrap_or(i64::MAX)));
    bound
}
