//! Triggers as they are read: when they fire, what they start, and what is wrong with them.

use std::io;
use std::path::Path;

use pt_spec::{Project, Trigger, TriggerTemplate, World};

struct OneFile(&'static str);

impl World for OneFile {
    fn read(&self, _: &Path) -> io::Result<String> {
        Ok(self.0.to_owned())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }

    fn is_dir(&self, _: &Path) -> bool {
        false
    }
}

fn shown(trigger: &Trigger) -> String {
    let on: Vec<String> = trigger
        .on
        .iter()
        .map(|on| {
            let events = on.events.iter().map(|event| event.word().to_owned());
            let schedule = on.schedule.map(|cron| format!("hours {:b}", cron.hours));
            let when = on.when.as_ref().map(|_| "when".to_owned());
            events.chain(schedule).chain(when).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let template = match &trigger.template {
        Some(TriggerTemplate::Named(name)) => name.text.clone(),
        Some(TriggerTemplate::Inline(_)) => "inline".to_owned(),
        Some(TriggerTemplate::Code(_)) => "code".to_owned(),
        None => "nothing".to_owned(),
    };
    let wrong: String =
        trigger.diagnostics.iter().map(|found| format!("\n  {}: {}", found.id, found.message)).collect();
    format!("{}: {} -> {template}{wrong}", trigger.id.text, on.join(" or "))
}

fn triggers(text: &'static str) -> Vec<String> {
    let loaded = Project::load(&OneFile(text), "/p/polytope.yml".into());
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    loaded.project.triggers().iter().map(shown).collect()
}

#[test]
fn triggers_fire_at_events_and_at_times() {
    let list = r##"
triggers:
- id: nightly
  info: Every night.
  on: [{schedule: 15 3 * * *}, 0 1 * * *]
  template: stack
- id: review
  on:
  - events: [pr-created, git-tag-added]
    when: "#pt-clj (:open event)"
  template:
    run: [polytope/noop]
- id: chosen
  on: "@daily"
  template: "#pt-clj (:template event)"
"##;
    assert_eq!(
        triggers(list),
        [
            "nightly: hours 1000 or hours 10 -> stack",
            "review: pr-created git-tag-added when -> inline",
            "chosen: hours 1 -> code",
        ]
    );
    assert_eq!(
        triggers("triggers: {a: {on: [{events: issue-created}], template: b}}"),
        ["a: issue-created -> b"]
    );
}

#[test]
fn what_is_wrong_with_a_trigger_stays_with_it() {
    let text = r#"
triggers:
- id: Bad
  on: [{events: [pr-creatd], schedule: 60 * * * *, at: noon}, 5]
- id: empty
  template: [1]
- id: inline
  on: "* * * * *"
  template: {rum: [a]}
"#;
    assert_eq!(
        triggers(text),
        [
            r#"Bad:  -> nothing
  invalid-id: Must be a valid ID (got "Bad")
  unknown-event: There is no event "pr-creatd"
  invalid-schedule: Not a schedule: "60" is no minute; a minute is a number from 0 to 59
  unknown-key: The key 'at' is not known in `on`
  wrong-shape: `on` must be a list of maps with `events` or `schedule`
  missing-body: The trigger 'Bad' does not say what it starts"#,
            r#"empty:  -> nothing
  missing-on: The trigger 'empty' does not say when it fires
  wrong-shape: `template` must name a template, be one, or be code"#,
            r#"inline: hours 111111111111111111111111 -> inline
  missing-body: The template 'inline' does not say what it does"#,
        ]
    );
}
