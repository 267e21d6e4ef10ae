//! `pt fmt`: lays polytope files out well.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use pt_scaffold::replace;
use pt_server::{App, Disk, Environment};
use pt_spec::file_in;
use pt_syntax::Sources;
use similar::TextDiff;

use crate::cli::{LockArgs, ProjectArgs};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::targets;

/// Formats polytope files: indentation, blank lines, spaces in braces.
///
/// Words, quotes, comments and the order of keys stay as they are. Without
/// files, those of the project are formatted; `-` is stdin, formatted to stdout.
/// A file that cannot be formatted without risk is left as it is, and told.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct FmtArgs {
    /// The files.
    #[arg(value_name = "file")]
    pub(crate) files: Vec<PathBuf>,
    /// Changes nothing, but names the files that would change, and fails if there are any.
    #[arg(long)]
    pub(crate) check: bool,
    /// Changes nothing, but shows what would change.
    #[arg(long)]
    pub(crate) diff: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Runs the command.
pub(crate) fn run(args: &FmtArgs) -> Outcome {
    let mut good = true;
    for path in files(args)? {
        let (name, text, notation) = if path == Path::new("-") {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            let notation = Format::of_text(&text);
            ("<stdin>".to_owned(), text, notation)
        } else {
            (path.display().to_string(), output::read_text(&path)?, Format::of(&path))
        };
        let mut sources = Sources::default();
        let source = sources.add(&*name, &*text);
        match pt_format::format(source, &text, notation.into()) {
            Ok(laid_out) => good &= deliver(args, &path, &name, &text, &laid_out)?,
            Err(found) => {
                targets::show(&found, &sources)?;
                good = false;
            }
        }
    }
    if good { Ok(()) } else { Err(Failure::silent(1)) }
}

/// The files named, or else those of the project.
fn files(args: &FmtArgs) -> Result<Vec<PathBuf>, Failure> {
    if !args.files.is_empty() {
        let of_dir = |path: &PathBuf| file_in(&Disk, path).unwrap_or_else(|| path.clone());
        return Ok(args
            .files
            .iter()
            .map(|path| if path.is_dir() { of_dir(path) } else { path.clone() })
            .collect());
    }
    let app = App::open(Environment::read()?)?;
    let project = targets::project(&app, &args.project, &LockArgs::default())?;
    // What is wrong inside a file is told when it is formatted; that there is none to format, now.
    let nothing = project.loaded.project.files().is_empty();
    let project = if nothing { targets::readable(project)? } else { project }.loaded.project;
    let here = &app.environment.working_dir;
    let shown = |path: &Path| path.strip_prefix(here).unwrap_or(path).to_owned();
    Ok(project.files().iter().map(|(path, _)| shown(path)).collect())
}

/// Shows or writes what came out; whether all is well.
fn deliver(args: &FmtArgs, path: &Path, name: &str, text: &str, laid_out: &str) -> Result<bool, Failure> {
    let changed = text != laid_out;
    let mut out = anstream::stdout().lock();
    if args.diff && changed {
        let diff = TextDiff::from_lines(text, laid_out);
        write!(out, "{}", diff.unified_diff().header(name, name))?;
    }
    if args.check {
        if changed && !args.diff {
            writeln!(out, "{name}")?;
        }
        return Ok(!changed);
    }
    if args.diff {
        return Ok(true);
    }
    if path == Path::new("-") {
        out.write_all(laid_out.as_bytes())?;
    } else if changed {
        replace(path, laid_out)
            .map_err(|cause| Failure::new(format!("Could not write {}: {cause}", path.display())))?;
        writeln!(anstream::stderr(), "{name} was formatted")?;
    }
    Ok(true)
}
