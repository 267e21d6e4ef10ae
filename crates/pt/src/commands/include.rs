//! `pt include`: adds a repository or a directory to what the project includes.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use pt_scaffold::edit::{Include, NotEdited, include};
use pt_scaffold::replace;
use pt_server::{App, Environment};
use pt_spec::{FILE_NAMES, Kind, RepoAddress, format_of};
use pt_syntax::{Severity, count};

use crate::config::LOCAL;
use crate::failure::{Failure, Outcome};
use crate::output::read_text;
use crate::targets;

/// Includes the polytope file of a repository or a directory in the project's.
///
/// Adds it to `include` in polytope.yml, once; comments and layout stay. Without a
/// polytope file, one is made.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct IncludeArgs {
    /// What: gh:owner/name, the URL of a Git repository, or a path.
    #[arg(value_name = "what", required = true)]
    what: String,
    /// Changes this polytope file instead of the one around the working directory.
    #[arg(short = 'f', long, value_name = "path")]
    polytope_file: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &IncludeArgs) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let root = match &args.polytope_file {
        Some(file) => file.clone(),
        None => app.load(None, LOCAL)?.loaded.project.root_file().to_owned(),
    };
    let text = match read_text(&root) {
        Ok(text) => text,
        Err(_) if !root.exists() => String::new(),
        Err(failure) => return Err(failure),
    };
    let path;
    let address = RepoAddress::parse(&args.what);
    let entry = match &address {
        Ok(_) => Include::Repo(&args.what),
        Err(why) if args.what.starts_with("gh:") => {
            return Err(Failure::usage(format!("{}: {why}.", args.what)));
        }
        Err(_) => {
            path = path_from(&root, &app.environment.working_dir, &args.what)?;
            Include::Path(&path)
        }
    };
    let shown = root.strip_prefix(&app.environment.working_dir).unwrap_or(&root).display();
    match include(&text, format_of(&root), entry) {
        Ok(Some(new)) => {
            if let Ok(address) = &address {
                app.reach(address).map_err(|why| {
                    Failure::new(format!("Could not include {}: {why}.", args.what))
                        .hint(format!("{shown} was left as it is."))
                })?;
            }
            replace(&root, &new)
                .map_err(|cause| Failure::new(format!("Could not write {shown}: {cause}")))?;
            writeln!(anstream::stderr(), "{shown} includes {}.", args.what)?;
        }
        Ok(None) => writeln!(anstream::stderr(), "{shown} includes {} already.", args.what)?,
        Err(NotEdited { why }) => {
            return Err(Failure::new(format!("{shown} was left as it is: {why}."))
                .hint(format!("Add `{}` to its `include` yourself.", args.what)));
        }
    }
    tell(&app, &root)
}

/// The path as it stands in the root file: from its directory.
fn path_from(root: &Path, working_dir: &Path, what: &str) -> Result<String, Failure> {
    let full = working_dir.join(what);
    let found = fs::canonicalize(&full).map_err(|cause| {
        if cause.kind() == ErrorKind::NotFound {
            Failure::usage(format!("There is no {what} here."))
        } else {
            Failure::unreadable(what, &cause)
        }
    })?;
    if found.is_dir() && !FILE_NAMES.iter().any(|name| found.join(name).is_file()) {
        return Err(Failure::usage(format!("There is no polytope file in {what}.")));
    }
    let dir = working_dir.join(root);
    let dir = dir.parent().and_then(|dir| fs::canonicalize(dir).ok());
    let within = dir.and_then(|dir| found.strip_prefix(dir).ok().map(|path| path.display().to_string()));
    within
        .filter(|path| !path.is_empty())
        .ok_or_else(|| Failure::usage(format!("{what} is not below the directory of the polytope file.")))
}

/// What the project has now.
fn tell(app: &App, root: &Path) -> Outcome {
    let loaded = app.load(Some(root), LOCAL)?.loaded;
    targets::show(&loaded.diagnostics, loaded.project.sources())?;
    if loaded.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::silent(1));
    }
    let of = |kind| loaded.project.definitions().filter(|definition| definition.kind == kind).count();
    let (tools, modules, templates) = (of(Kind::Tool), of(Kind::Module), of(Kind::Template));
    writeln!(
        anstream::stderr(),
        "The project has {}, {} and {}.",
        count(tools, "tool"),
        count(modules, "module"),
        count(templates, "template")
    )?;
    Ok(())
}
