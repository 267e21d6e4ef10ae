//! `pt values defaults`: the script that sets every value and secret that the project refers to.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Args;
use pt_model::{HostDirs, Text};
use pt_plan::{Around, Named};
use pt_server::Disk;

use crate::cli::{ContextArgs, LockArgs, ProjectArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::targets;

/// The script with defaults, beside the root polytope file.
pub(crate) const SCRIPT: &str = ".values_and_secrets.defaults.sh";

/// The script with real values and secrets, which Git is to ignore.
pub(crate) const LOCAL_SCRIPT: &str = ".values_and_secrets.sh";

const HEAD: &str = r#"#!/bin/sh
# Sets every value and secret that polytope.yml names to a default for work on one's own machine. Real ones belong into
# .values_and_secrets.sh, which is not for Git. `pt values defaults` adds what is missing here.
set -e
cd "$(dirname "$0")"
pt=${PT:-pt}
"#;

/// Writes a script that sets every value and secret the project refers to.
///
/// The script is .values_and_secrets.defaults.sh beside polytope.yml. What it sets
/// already stays as it is; what is missing is added: values as they are set here, or
/// as their names suggest, secrets with a placeholder.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DefaultsArgs {
    #[command(flatten)]
    context: ContextArgs,
    /// Adds .values_and_secrets.sh, where real values belong, to .gitignore.
    #[arg(long)]
    ignore: bool,
    #[command(flatten)]
    project: ProjectArgs,
    /// Prints the script instead of writing it.
    #[arg(long)]
    stdout: bool,
}

/// Runs the command.
pub(crate) fn run(args: &DefaultsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let locks = LockArgs::default();
    targets::project(&app, &args.project, &locks)?;
    let project = targets::readable(targets::load(&app, &args.project, &locks)?)?;
    let root = project.loaded.project.root_dir().to_owned();
    let dirs = HostDirs {
        home: app.environment.person.home.as_deref(),
        working_dir: &app.environment.working_dir,
        root: &root,
    };
    // Nobody but the planner knows what is referred to, in code too. What is asked for can depend on what is answered.
    let asked = Asked::default();
    for answer in [None, Some("1")] {
        let named = Listener { asked: &asked, answer };
        pt_plan::check(&project.loaded, &Around { named: &named, world: &Disk, dirs });
    }
    let path = root.join(SCRIPT);
    let old = match fs::read_to_string(&path) {
        Ok(old) => old,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(Failure::new(format!("Could not read {SCRIPT}: {cause}"))),
    };
    let text =
        script(&old, &asked, |name| Ok(app.store.value(&project.scope, name)?.map(|value| value.data)))?;
    if args.stdout {
        return Ok(anstream::stdout().write_all(text.as_bytes())?);
    }
    if text == old {
        writeln!(anstream::stderr(), "{SCRIPT} sets everything already.")?;
        return keep_from_git(&root, args.ignore);
    }
    write(&path, &text).map_err(|cause| Failure::new(format!("Could not write {SCRIPT}: {cause}")))?;
    let said = if old.is_empty() { "was made" } else { "sets what was missing, too" };
    writeln!(anstream::stderr(), "{SCRIPT} {said}. Look it through, and run it: ./{SCRIPT}")?;
    keep_from_git(&root, args.ignore)
}

/// Sees to it that Git ignores the script with real values, or says that it does not.
fn keep_from_git(root: &Path, add: bool) -> Outcome {
    if is_ignored(root) != Some(false) {
        return Ok(());
    }
    let mut err = anstream::stderr();
    if add {
        super::init::ignore(&root.join(".gitignore"))?;
        writeln!(err, "Git ignores {LOCAL_SCRIPT} from now on: .gitignore says so.")?;
        return Ok(());
    }
    writeln!(
        err,
        "Warning: Git does not ignore {LOCAL_SCRIPT}, where real values and secrets belong: pt values defaults --ignore"
    )?;
    Ok(())
}

/// Whether Git ignores the script with real values; nobody knows outside of a work tree, or without Git.
fn is_ignored(root: &Path) -> Option<bool> {
    let mut asked = Command::new("git");
    asked.arg("-C").arg(root).args(["check-ignore", "--quiet", LOCAL_SCRIPT]);
    match asked.stdin(Stdio::null()).stderr(Stdio::null()).status().ok()?.code()? {
        0 => Some(true),
        1 => Some(false),
        _ => None,
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// The script with a line for everything that was asked for and that it does not set yet.
fn script(
    old: &str,
    asked: &Asked,
    set: impl Fn(&str) -> Result<Option<String>, Failure>,
) -> Result<String, Failure> {
    let mut text = if old.is_empty() { HEAD.to_owned() } else { old.to_owned() };
    let is_set = |noun: &str, name: &str| {
        old.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let plural = format!("{noun}s");
            words.windows(3).any(|three| {
                (three[0] == noun || three[0] == plural)
                    && three[1] == "set"
                    && same(three[2].trim_matches(['"', '\'']), name)
            })
        })
    };
    let mut ports = 8000..;
    let mut lines = String::new();
    for name in locked(&asked.values).iter().filter(|name| !is_set("value", name)) {
        let value = match set(name)? {
            Some(value) => value,
            None => guess(name, &mut ports),
        };
        lines.extend(["\"$pt\" values set ", &quoted(name), " ", &quoted(&value), "\n"]);
    }
    for name in locked(&asked.secrets).iter().filter(|name| !is_set("secret", name)) {
        lines.extend(["\"$pt\" secrets set ", &quoted(name), " for-development-only\n"]);
    }
    if !lines.is_empty() {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        if old.is_empty() {
            text.push('\n');
        }
        text.push_str(&lines);
    }
    Ok(text)
}

/// A default that fits the name.
fn guess(name: &str, ports: &mut impl Iterator<Item = u32>) -> String {
    let words: Vec<String> = name.split(['_', '-', '.']).map(str::to_lowercase).collect();
    match words.last().map(String::as_str) {
        Some("port") => ports.next().unwrap_or(8000).to_string(),
        Some("host" | "hostname") => match words.split_last() {
            // The hostname in a job's network is the service's id.
            Some((_, rest)) if !rest.is_empty() => rest.join("-"),
            _ => "localhost".to_owned(),
        },
        Some("url" | "uri") => "http://localhost:8000".to_owned(),
        Some("username" | "user" | "name" | "database" | "db") => "app".to_owned(),
        _ => "change-me".to_owned(),
    }
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    let plain =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn same(a: &str, b: &str) -> bool {
    pt_store::same_name(a, b)
}

/// What was asked for, in the order of asking, in the spelling of the first who asked.
#[derive(Debug, Default)]
struct Asked {
    values: Mutex<Vec<String>>,
    secrets: Mutex<Vec<String>>,
}

impl Asked {
    fn hear(&self, secret: bool, name: &str) {
        let mut names = locked(if secret { &self.secrets } else { &self.values });
        // A name that looks like an option cannot be set this way.
        if !name.starts_with('-') && !names.iter().any(|known| same(known, name)) {
            names.push(name.to_owned());
        }
    }
}

fn locked(names: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears what is asked for, and answers all the same.
struct Listener<'a> {
    asked: &'a Asked,
    answer: Option<&'static str>,
}

impl Named for Listener<'_> {
    fn value(&self, name: &str) -> Option<String> {
        self.asked.hear(false, name);
        self.answer.map(str::to_owned)
    }

    fn secret(&self, name: &str) -> Option<Text> {
        self.asked.hear(true, name);
        self.answer.map(Text::from)
    }

    fn minds_order(&self) -> bool {
        true
    }
}
