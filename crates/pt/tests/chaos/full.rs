//! A disk is full: that of the engine, or that with our own state.

use std::fs::{self, File};

use pt_model::{Job, Status, What};

use crate::project::{Place, Project, Said};
use crate::{apart, docker_answers};

/// The way out that is told.
const CURE: &str = "docker system prune";

#[test]
fn what_the_engines_disk_has_no_room_for_fails_with_the_reason() {
    let Some(mut machine) = apart(60) else { return };
    machine.start_engine(false);
    machine.load_image();
    let project = Project::new(Place::Apart(machine.way()));
    let large = project.dir().join("large");
    fs::create_dir(&large).unwrap();
    fs::write(large.join("Dockerfile"), "FROM alpine:3\nCOPY file /file\n").unwrap();
    File::create(large.join("file")).unwrap().set_len(80 << 20).unwrap();

    fails(&project, "fill", "No space left on device");
    fails(&project, "seed", "no space is left on the disk");
    fails(&project, "build", "no space is left on the disk");
    machine.fill_disk(0);
    fails(&project, "count", "no space is left on the disk");

    machine.free_disk();
    let said = project.say(&["run", "quick"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(project.leftovers(), [""; 0]);
    assert_eq!(machine.end(), [""; 0]);
}

/// The job of a template fails, says why and what to do, and leaves nothing.
fn fails(project: &Project, template: &str, why: &str) {
    let Said { err, code, .. } =
        project.say(&["run", &format!("{template}{{tag: full}}"), "--job-id", template, "--non-interactive"]);
    assert!(code == 1 && err.contains(why) && err.contains(CURE), "{template}: {code} {err}");
    assert_eq!(Job::fold(&project.events(template)).status, Status::Failed, "{template}");
    assert_eq!(project.leftovers(), [""; 0], "{template}");
}

#[test]
fn a_job_that_cannot_be_written_down_ends_and_leaves_nothing() {
    if !docker_answers() {
        return;
    }
    let Some(mut machine) = apart(30) else { return };
    let project = Project::new(Place::OnDisk(machine.way()));
    let works = |project: &Project| {
        let said = project.say(&["run", "quick"]);
        assert!(said.code == 0 && said.out.matches("quick |").count() == 3, "{}{}", said.out, said.err);
    };
    works(&project);

    // The log finds no room. That it does can be written down: what of it nobody has seen makes room.
    machine.fill_disk(2000);
    let said = project.say(&["run", "loud{tag: full}", "--job-id", "loud", "--non-interactive"]);
    assert!(said.code == 1 && said.err.contains("The disk is full"), "{}", said.err);
    assert_eq!(project.leftovers(), [""; 0], "{}", said.err);
    machine.free_disk();
    let events = project.events("loud");
    assert_eq!(Job::fold(&events).status, Status::Failed, "{events:#?}");
    let is_told =
        |what: &What| matches!(what, What::JobStopping { reason } if reason.contains("No space left"));
    assert!(events.iter().any(|event| is_told(&event.what)), "{events:#?}");
    let lines: Vec<String> = project.lines("loud").into_iter().map(|line| line.text).collect();
    let shown: Vec<&str> = said.out.lines().map(|line| line.trim_start_matches("loud | ")).collect();
    assert!(lines.len() > 100, "{}", lines.len());
    assert!(lines.iter().map(String::as_str).take(shown.len()).eq(shown), "what was shown is kept");
    assert!((1..).zip(&lines).all(|(number, line)| line.starts_with(&format!("line {number} "))));
    works(&project);

    // There is no room from the beginning.
    machine.fill_disk(0);
    for command in [&["run", "quick"][..], &["ps"], &["logs", "quick"]] {
        let said = project.say(command);
        assert!(said.code == 1 && said.err.contains("The disk is full"), "{command:?}: {}", said.err);
    }
    machine.free_disk();
    works(&project);

    // An event finds no room: what would follow from it does not happen.
    let target = "late{tag: full}";
    let job = project.start(target, "late");
    project.wait_until("late", "its first step", |job| job.status == Status::Running);
    machine.fill_disk(0);
    let said = job.said();
    assert!(said.contains("The disk is full"), "{said}");
    assert_eq!((project.leftovers(), project.runs("full-late")), (Vec::new(), 0), "{said}");
    machine.free_disk();
    if !Job::fold(&project.events("late")).status.has_ended() {
        assert!(project.say(&["ps"]).out.contains("orphaned"));
        let said = project.say(&["stop", "late"]);
        assert_eq!(said.code, 0, "{}", said.err);
    }
    assert_eq!(Job::fold(&project.events("late")).status, Status::Failed);
    works(&project);
    drop(project);
    assert_eq!(machine.end(), [""; 0]);
}
