//! From drafts to steps with ids and order.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use pt_model::StepId;
use pt_spec::{Condition, Name};
use pt_syntax::{Diagnostic, suggest};

use crate::draft::{Draft, DraftDoes, DraftId, ListId, StepList, Wait};
use crate::plan::{Awaits, Does, RunWhen, StepPlan};

/// Gives every draft its id, finds what it waits for, and puts the groups together. Drafts whose order makes no sense
/// fail; the others are unharmed.
pub(crate) fn settle(mut drafts: Vec<Draft<'_>>, lists: &[StepList]) -> Vec<StepPlan> {
    let ids = unique_ids(&drafts);
    let mut waits: Vec<Vec<Wait>> = Vec::with_capacity(drafts.len());
    let mut mistaken = Vec::new();
    let names = Names::of(&drafts, lists);
    for draft in 0..drafts.len() {
        match waits_of(draft, &drafts, &names) {
            Ok(found) => waits.push(found),
            Err(found) => {
                mistaken.push((draft, found));
                waits.push(Vec::new());
            }
        }
    }
    for (draft, found) in mistaken {
        fail(&mut drafts[draft], found);
    }
    for (draft, cycle) in cycles(&drafts, &waits) {
        let names: Vec<&str> = cycle.iter().map(|draft| ids[*draft].as_str()).collect();
        let found = Diagnostic::error(
            "cyclic-after",
            format!("The order of steps is a cycle: {}", names.join(" -> ")),
        );
        let at = drafts[draft].waits.iter().flat_map(|(_, after)| &after.steps).map(|name| name.span).next();
        let found = match at {
            Some(span) => found.at(span, "this can never have ended"),
            None => found,
        };
        fail(&mut drafts[draft], vec![found.hint("remove one `after` of the cycle")]);
        waits[draft].clear();
    }
    assemble(drafts, lists, &ids, waits)
}

/// The step fails for this reason too.
fn fail(draft: &mut Draft<'_>, mut reasons: Vec<Diagnostic>) {
    if let DraftDoes::Fails(known) = &mut draft.does {
        known.append(&mut reasons);
    } else {
        draft.does = DraftDoes::Fails(reasons);
    }
}

/// A later step whose id is taken gets a number.
fn unique_ids(drafts: &[Draft<'_>]) -> Vec<StepId> {
    let mut taken: HashSet<String> = HashSet::new();
    let declared: HashSet<&str> = drafts.iter().map(|draft| draft.declared.as_str()).collect();
    // Where the search for a free number goes on: very many steps may have the same id.
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    drafts
        .iter()
        .map(|draft| {
            let mut id = draft.declared.clone();
            let number = numbers.entry(&draft.declared).or_insert(2);
            while taken.contains(&id) || (id != draft.declared && declared.contains(id.as_str())) {
                id = format!("{}-{number}", draft.declared);
                *number += 1;
            }
            taken.insert(id.clone());
            StepId::new(id)
        })
        .collect()
}

/// Whom names stand for.
struct Names<'a> {
    lists: &'a [StepList],
    /// For each list, the places of its entries by their names.
    places: Vec<HashMap<&'a str, Vec<usize>>>,
    /// All drafts by their declared ids.
    declared: HashMap<&'a str, Vec<DraftId>>,
    /// The group of each draft.
    parents: Vec<Option<DraftId>>,
}

impl<'a> Names<'a> {
    fn of(drafts: &'a [Draft<'_>], lists: &'a [StepList]) -> Self {
        let mut declared: HashMap<&str, Vec<DraftId>> = HashMap::new();
        for (at, draft) in drafts.iter().enumerate() {
            declared.entry(&draft.declared).or_default().push(at);
        }
        let places = lists.iter().map(|list| {
            let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
            for (at, (name, _)) in list.names.iter().enumerate() {
                places.entry(name).or_default().push(at);
            }
            places
        });
        let parents = drafts.iter().map(|draft| draft.parent).collect();
        Self { lists, places: places.collect(), declared, parents }
    }

    /// The steps that a name means to `draft`: the earliest declared with it in the step's own list, else in the lists
    /// around it, else in the whole job; never itself.
    fn meant(&self, name: &Name, list: ListId, draft: DraftId) -> Option<&[DraftId]> {
        let mut list = Some(list);
        while let Some(at) = list {
            let places = self.places[at].get(name.text.as_str()).into_iter().flatten();
            let mut entries = places.map(|place| &self.lists[at].names[*place].1);
            if let Some(steps) = entries.find(|steps| !steps.contains(&draft)) {
                return Some(steps);
            }
            list = self.lists[at].parent;
        }
        // What groups consist of is known inside of them only.
        let others = self.declared.get(name.text.as_str())?;
        let is_seen = |other: &&DraftId| **other != draft && self.parents[**other].is_none();
        others.iter().find(is_seen).map(std::slice::from_ref)
    }
}

fn waits_of(draft: DraftId, drafts: &[Draft<'_>], names: &Names<'_>) -> Result<Vec<Wait>, Vec<Diagnostic>> {
    let mut waits = Vec::new();
    let mut found = Vec::new();
    for (list, after) in &drafts[draft].waits {
        let mut on = Vec::new();
        for name in &after.steps {
            match names.meant(name, *list, draft) {
                Some(steps) => on.extend(steps),
                None => found.push(unknown(name, &drafts[draft].declared, *list, names.lists)),
            }
        }
        if !on.is_empty() {
            waits.push(Wait { drafts: on, condition: after.condition });
        }
    }
    if !drafts[draft].follows.is_empty() {
        waits.push(Wait { drafts: drafts[draft].follows.clone(), condition: Condition::Success });
    }
    if found.is_empty() { Ok(waits) } else { Err(found) }
}

fn unknown(name: &Name, step: &str, list: ListId, lists: &[StepList]) -> Diagnostic {
    if name.text == step {
        return Diagnostic::error("cyclic-after", format!("Step '{step}' waits for itself."))
            .at(name.span, "this is the step's own id")
            .hint("name the step that must have ended before this one, or remove the `after`");
    }
    let known = lists[list].names.iter().map(|(known, _)| known.as_str()).filter(|known| *known != step);
    let found =
        Diagnostic::error("unknown-after", format!("Step '{step}' waits for unknown step '{}'.", name.text))
            .at(name.span, "no step of this job has this id");
    if let Some(first) = numbered(&name.text).filter(|first| known.clone().any(|known| known == *first)) {
        return found.hint(format!(
            "a second step '{first}' becomes '{}' only when it runs: give it an id, and wait for that",
            name.text
        ));
    }
    found.did_you_mean(suggest(&name.text, known))
}

/// `x` of `x-2`.
fn numbered(id: &str) -> Option<&str> {
    let (first, number) = id.rsplit_once('-')?;
    number.parse::<u32>().is_ok_and(|number| number > 1).then_some(first)
}

/// Every draft that waits for itself, by way of whom.
fn cycles(drafts: &[Draft<'_>], waits: &[Vec<Wait>]) -> Vec<(DraftId, Vec<DraftId>)> {
    if waits.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let awaited = |draft: DraftId| waits[draft].iter().flat_map(|wait| wait.drafts.iter().copied());
    let mut edges: Vec<Vec<DraftId>> = (0..drafts.len()).map(|draft| awaited(draft).collect()).collect();
    for (draft, parent) in drafts.iter().enumerate().filter_map(|(at, draft)| Some((at, draft.parent?))) {
        // A group ends with its steps; a step begins after whatever its group waits for.
        edges[parent].push(draft);
        edges[draft].extend(awaited(parent));
    }
    let open = never_ending(&edges);
    open.iter().filter_map(|draft| way_back(*draft, &edges).map(|way| (*draft, way))).collect()
}

/// Drafts that are left when all that can end have ended.
fn never_ending(edges: &[Vec<DraftId>]) -> Vec<DraftId> {
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut waiters: Vec<Vec<DraftId>> = vec![Vec::new(); edges.len()];
    for (draft, on) in edges.iter().enumerate() {
        on.iter().for_each(|other| waiters[*other].push(draft));
    }
    let mut ended: Vec<DraftId> = (0..edges.len()).filter(|draft| waiting[*draft] == 0).collect();
    while let Some(draft) = ended.pop() {
        for waiter in &waiters[draft] {
            waiting[*waiter] -= 1;
            if waiting[*waiter] == 0 {
                ended.push(*waiter);
            }
        }
    }
    (0..edges.len()).filter(|draft| waiting[*draft] > 0).collect()
}

/// The shortest way from a draft back to itself.
fn way_back(draft: DraftId, edges: &[Vec<DraftId>]) -> Option<Vec<DraftId>> {
    let mut from: Vec<Option<DraftId>> = vec![None; edges.len()];
    let mut queue = std::collections::VecDeque::from([draft]);
    while let Some(at) = queue.pop_front() {
        for next in &edges[at] {
            if *next == draft {
                let mut way = vec![draft];
                let mut back = at;
                while back != draft {
                    way.push(back);
                    back = from[back]?;
                }
                way.reverse();
                // Whoever tells of a cycle tells it the same way.
                let first = way.iter().enumerate().min_by_key(|(_, draft)| **draft)?.0;
                way.rotate_left(first);
                way.push(way[0]);
                return Some(way);
            }
            if from[*next].is_none() {
                from[*next] = Some(at);
                queue.push_back(*next);
            }
        }
    }
    None
}

fn assemble(
    drafts: Vec<Draft<'_>>,
    lists: &[StepList],
    ids: &[StepId],
    waits: Vec<Vec<Wait>>,
) -> Vec<StepPlan> {
    let parents: Vec<Option<DraftId>> = drafts.iter().map(|draft| draft.parent).collect();
    let mut inside: Vec<Vec<StepPlan>> = drafts.iter().map(|_| Vec::new()).collect();
    let mut top = Vec::new();
    // Groups come before their steps, so going backwards every group's steps are complete when its turn comes.
    for (at, (draft, waits)) in drafts.into_iter().zip(waits).enumerate().rev() {
        let mut steps = std::mem::take(&mut inside[at]);
        steps.reverse();
        let run_when = waits
            .into_iter()
            .map(|wait| RunWhen {
                steps: wait.drafts.iter().map(|draft| ids[*draft].clone()).collect(),
                condition: wait.condition,
            })
            .collect();
        let does = match draft.does {
            DraftDoes::Code(call) => Does::Code(*call),
            DraftDoes::Group => Does::Group(steps),
            DraftDoes::Late => Does::Late,
            DraftDoes::Skip => Does::Skip,
            DraftDoes::Fails(mut found) => {
                // What is wrong inside of a group is wrong whether or not its turn comes.
                steps.iter().for_each(|step| failures(step, &mut found));
                Does::Fails(found)
            }
        };
        let awaits = draft.awaits.map(|(list, names)| Awaits {
            declared: names.iter().map(|name| name.text.clone()).collect(),
            steps: awaited(names, &lists[list]).map(|draft| ids[draft].clone()).collect(),
        });
        let (chain, templates, span) = (draft.chain, draft.templates, draft.span);
        let (id, terms, joins) = (ids[at].clone(), draft.terms, draft.joins);
        let step = StepPlan { id, run_when, chain, does, terms, joins, awaits, templates, span };
        match parents[at] {
            Some(parent) => inside[parent].push(step),
            None => top.push(step),
        }
    }
    top.reverse();
    top
}

fn failures(step: &StepPlan, found: &mut Vec<Diagnostic>) {
    match &step.does {
        Does::Fails(more) => found.extend(more.iter().cloned()),
        Does::Group(steps) => steps.iter().for_each(|step| failures(step, found)),
        Does::Code(_) | Does::Late | Does::Skip => {}
    }
}

/// The drafts that the names stand for; names that stand for none are no mistake.
fn awaited(names: &[Name], list: &StepList) -> impl Iterator<Item = DraftId> {
    let meant = |name: &Name| list.names.iter().find(|(known, _)| *known == name.text);
    names.iter().filter_map(meant).flat_map(|(_, drafts)| drafts.iter().copied())
}
