//! Many steps, expanded on several threads.

use std::collections::HashMap;
use std::mem::take;

use indexmap::IndexSet;
use pt_model::{Masker, Secret};
use pt_spec::{Definition, Project, Step};
use pt_syntax::{Diagnostic, Span};

use crate::bind::Bound;
use crate::draft::{Draft, DraftDoes, DraftId, ListId, StepList};
use crate::missing::AllMissing;
use crate::plan::{Named, TemplateUse};
use crate::planner::Planner;
use crate::side_by_side;

/// Fewer steps are expanded before threads have started.
const LITTLE: usize = 128;

/// The list into which a part is expanded: the first one that its planner has.
const OWN: ListId = 0;

/// Where a planner stands when parts of its work are handed out.
struct Stand<'p> {
    project: &'p Project,
    named: &'p (dyn Named + Sync),
    stack: Vec<(&'p Definition, String)>,
    templates: Vec<TemplateUse>,
    template_uses: usize,
    level: usize,
    masker: Masker,
}

/// What came of a part of the steps.
struct Part<'p> {
    drafts: Vec<Draft<'p>>,
    lists: Vec<StepList>,
    made: Vec<DraftId>,
    template_uses: usize,
    missing: AllMissing,
    secrets: Vec<Secret>,
    warnings: IndexSet<Diagnostic>,
    unreadable: HashMap<Span, Option<Diagnostic>>,
}

impl<'p> Planner<'p> {
    /// Expands the steps of a body into `list`, parts of them side by side. Nothing comes of it, and nothing has happened,
    /// where that is not worth while or not possible.
    pub(crate) fn steps_in_parts(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        steps: &'p [Step],
        list: ListId,
        parent: Option<DraftId>,
    ) -> Option<Vec<DraftId>> {
        let named = self.named_on_threads.filter(|_| steps.len() >= LITTLE)?;
        let threads = side_by_side::threads();
        if threads < 2 {
            return None;
        }
        let stand = Stand {
            project: self.project,
            named,
            stack: self.stack.clone(),
            templates: self.templates.clone(),
            template_uses: self.template_uses,
            level: self.level,
            masker: self.masker.clone(),
        };
        let chunks: Vec<&[Step]> = steps.chunks(steps.len().div_ceil(threads)).collect();
        let expand = |(): &mut (), steps: &&'p [Step]| stand.part(definition, bound, steps);
        let parts = side_by_side::each(&chunks, |steps| steps.len(), expand);
        let together = parts.iter().map(|part| part.drafts.len()).sum();
        // One after another they stop where there are too many.
        if !self.has_room_for(together) {
            return None;
        }
        let parts = parts.into_iter();
        Some(parts.flat_map(|part| self.join(part, stand.template_uses, list, parent)).collect())
    }

    /// Takes over what came of a part. Whatever it numbers from the beginning goes on from ours.
    fn join(
        &mut self,
        part: Part<'p>,
        uses_before: usize,
        list: ListId,
        parent: Option<DraftId>,
    ) -> Vec<DraftId> {
        let (first_draft, first_list) = (self.drafts.len(), self.lists.len());
        let further_uses = self.template_uses - uses_before;
        let ours = |drafts: &mut Vec<DraftId>| drafts.iter_mut().for_each(|draft| *draft += first_draft);
        let our_list = |theirs: ListId| if theirs == OWN { list } else { first_list + theirs - 1 };
        for mut draft in part.drafts {
            self.hide_earlier_secrets(&mut draft);
            draft.parent = draft.parent.map(|parent| parent + first_draft).or(parent);
            draft.waits.iter_mut().for_each(|(list, _)| *list = our_list(*list));
            if let Some((list, _)) = &mut draft.awaits {
                *list = our_list(*list);
            }
            for used in draft.templates.iter_mut().filter(|used| used.number > uses_before) {
                used.number += further_uses;
            }
            self.drafts.push(draft);
        }
        for (at, mut theirs) in part.lists.into_iter().enumerate() {
            theirs.names.iter_mut().for_each(|(_, drafts)| ours(drafts));
            if at == OWN {
                self.lists[list].names.append(&mut theirs.names);
            } else {
                theirs.parent = theirs.parent.map(our_list);
                self.lists.push(theirs);
            }
        }
        self.template_uses += part.template_uses - uses_before;
        self.missing.extend(part.missing);
        part.secrets.into_iter().for_each(|secret| self.learn(&secret));
        self.warnings.extend(part.warnings);
        self.unreadable.extend(part.unreadable);
        let mut made = part.made;
        ours(&mut made);
        made
    }
}

impl Planner<'_> {
    /// A part does not know the secrets that the parts before it met: what code gave back in it may hold them.
    fn hide_earlier_secrets(&self, draft: &mut Draft<'_>) {
        if self.masker.is_empty() {
            return;
        }
        match &mut draft.does {
            DraftDoes::Code(call) => {
                call.params.values_mut().for_each(|value| *value = self.masker.find_in(take(value)));
            }
            DraftDoes::Fails(found) => {
                found.iter_mut().for_each(|found| found.message = self.masker.mask(&found.message));
            }
            DraftDoes::Group | DraftDoes::Late | DraftDoes::Skip => {}
        }
    }
}

impl<'p> Stand<'p> {
    fn part(&self, definition: &'p Definition, bound: &Bound, steps: &'p [Step]) -> Part<'p> {
        let mut planner = Planner::new(self.project, self.named);
        planner.stack.clone_from(&self.stack);
        planner.templates.clone_from(&self.templates);
        planner.template_uses = self.template_uses;
        planner.level = self.level;
        planner.masker = self.masker.clone();
        let list = planner.new_list(None);
        let made = planner.each_step(definition, bound, steps, list, None);
        let Planner { drafts, lists, template_uses, missing, secrets, warnings, unreadable, .. } = planner;
        Part { drafts, lists, made, template_uses, missing, secrets, warnings, unreadable }
    }
}
