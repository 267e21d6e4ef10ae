//! Whether a step must run again: what goes into it now, beside what went into it when it ended well.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;
use jiff::Timestamp;
use pt_model::{ContainerSpec, Data, Failure, Mount, MountSource, VolumeScope};
use pt_plan::{Cache, CodeCall};
use pt_spec::tidy;
use pt_store::{Inputs, KeptEnd};

use crate::args::failure;
use crate::call::Question;
use crate::host::StepHost;
use crate::mount::{Places, is_standard};

/// Names, as people read them, and digests.
type Parts = BTreeMap<String, String>;

/// The most changes that are named.
const NAMED: usize = 3;

/// Runs the code of a step, unless nothing has changed since it ended well: then it is not run, and gives what it gave.
#[inline(never)]
pub(crate) fn unless_unchanged(
    cache: &Cache,
    host: &mut StepHost,
    run: impl FnOnce(&mut StepHost) -> Result<Data, Failure>,
) -> Result<Data, Failure> {
    if let Some(why) = cache.refusal(&host.call) {
        return Err(failure(why));
    }
    let before = match inputs(cache, host) {
        Ok(before) => before,
        Err(why) => {
            let output = run(host)?;
            warn(host, &why)?;
            return Ok(output);
        }
    };
    match compare(cache, host, &before)? {
        Compared::Same(end) => {
            let reason = format!("nothing has changed since {}, {} ago", end.job, ago(end.at));
            host.ask(Question::Compared { same_as: Some(end.job), reason })?;
            return Ok(end.output);
        }
        Compared::Other(reason) => host.ask(Question::Compared { same_as: None, reason })?,
    };
    let output = run(host)?;
    match inputs(cache, host) {
        // Images and volumes may come when they are first used; files must be those that the code has seen.
        Ok(inputs) if inputs.files == before.files => {
            let job = host.context.options.job.job.clone();
            let end = KeptEnd { job, at: Timestamp::now(), inputs, output: Data::Null };
            host.ask(Question::Keep(Box::new(end)))?;
        }
        Ok(inputs) => {
            let changed = some_of(&changes([(&before.files, &inputs.files)]));
            let cure = "if it writes that itself, name what goes into it in `cache: {files: […]}`";
            warn(host, &format!("{changed} while it ran; {cure}"))?;
        }
        Err(why) => warn(host, &why)?,
    }
    Ok(output)
}

fn warn(host: &StepHost, why: &str) -> Result<(), Failure> {
    let message = format!("The step will be run again next time, whatever changes: {why}.");
    host.ask(Question::Warn(message)).map(drop)
}

/// What is known of a step that is about to run.
enum Compared {
    /// It ended like this with the same.
    Same(Box<KeptEnd>),
    /// Why it must run.
    Other(String),
}

fn compare(cache: &Cache, host: &StepHost, inputs: &Inputs) -> Result<Compared, Failure> {
    let options = &host.context.options;
    if options.no_cache {
        return Ok(Compared::Other("--no-cache says so".to_owned()));
    }
    let kept = host.context.engine.store.kept_ends(&options.instance.id, &host.step);
    let kept = kept.map_err(|error| failure(error.to_string()))?;
    let Some(same) = kept.iter().find(|end| end.inputs == *inputs) else {
        let changes = |end: &KeptEnd| {
            changes([(&end.inputs.things, &inputs.things), (&end.inputs.files, &inputs.files)])
        };
        let fewest = kept.iter().map(changes).min_by_key(Vec::len);
        let reason = fewest.map_or("no end of it is kept here".to_owned(), |changes| some_of(&changes));
        return Ok(Compared::Other(reason));
    };
    let is_old =
        cache.max_age.is_some_and(|most| Timestamp::now().duration_since(same.at).unsigned_abs() > most);
    Ok(match is_old {
        true => Compared::Other(format!("nothing has changed, but that was {} ago", ago(same.at))),
        false => Compared::Same(Box::new(same.clone())),
    })
}

/// How long ago, in the largest unit.
fn ago(then: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(then).as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

/// What is another, new or gone, in words.
fn changes<'p>(compared: impl IntoIterator<Item = (&'p Parts, &'p Parts)>) -> Vec<String> {
    let mut all = Vec::new();
    for (before, after) in compared {
        all.extend(after.iter().filter_map(|(name, digest)| match before.get(name) {
            Some(was) if was == digest => None,
            Some(_) => Some(format!("{name} has changed")),
            None => Some(format!("{name} is new")),
        }));
        all.extend(
            before.keys().filter(|name| !after.contains_key(*name)).map(|name| format!("{name} is gone")),
        );
    }
    all
}

/// The first few, and how many more there are.
fn some_of(changes: &[String]) -> String {
    match changes.len().saturating_sub(NAMED) {
        0 => changes.join(", "),
        more => format!("{} and {more} more", changes[..NAMED].join(", ")),
    }
}

/// All that goes into a step now.
///
/// # Errors
/// Something of it cannot be read.
fn inputs(cache: &Cache, host: &StepHost) -> Result<Inputs, String> {
    let call = &host.call;
    let mut inputs = Inputs::default();
    let things = &mut inputs.things;
    let code = format!("{:?} {} {}", call.snippet.language, call.module, call.snippet.text);
    things.insert("the code".to_owned(), digest_of(&Data::Str(code)));
    for (name, value) in call.params.iter() {
        things.insert(format!("the arg '{name}'"), digest_of(value));
    }
    if !cache.key.is_null() {
        things.insert("the key".to_owned(), digest_of(&cache.key));
    }
    if let Ok(spec) = ContainerSpec::from_data(&Data::Map(Box::new(call.params.clone()))) {
        let image = host.context.engine.backend.image_id(&spec.image);
        let image = host.context.runtime.block_on(image).map_err(|error| error.to_string())?;
        things.insert("the image".to_owned(), image.unwrap_or_default());
        for mount in &spec.mounts {
            add_mount(mount, cache, host, &mut inputs)?;
        }
    }
    if let Some(patterns) = &cache.files {
        add_patterns(patterns, &dir_of(call, host), host, &mut inputs.files)?;
    }
    Ok(inputs)
}

fn add_mount(mount: &Mount, cache: &Cache, host: &StepHost, inputs: &mut Inputs) -> Result<(), String> {
    let places = Places { context: &host.context, home: &host.call.home };
    match &mount.source {
        // What comes with the runner changes with the code.
        MountSource::Repo { repo: Some(repo), .. } if is_standard(repo) => Ok(()),
        MountSource::Host { .. } | MountSource::Repo { .. } if cache.files.is_none() => {
            let from = places.files(&mount.source)?.path;
            let mut walk = WalkBuilder::new(&from);
            // A mount brings all of it; what Git ignores is made from the rest.
            walk.hidden(false).require_git(false).git_global(false).follow_links(false);
            walk.filter_entry(|entry| entry.file_name() != ".git");
            add_walk(&walk, host, &mut inputs.files, true)
        }
        MountSource::Dataset { .. } => {
            let from = places.files(&mount.source)?.path;
            let from = Data::from(from.display().to_string());
            inputs.things.insert(format!("the dataset at {}", mount.path), digest_of(&from));
            Ok(())
        }
        MountSource::Volume { id: Some(id), scope, .. } => {
            let names = &host.context.names;
            let name = match scope {
                VolumeScope::Job => names.job_volume(id),
                VolumeScope::Project => names.project_volume(id),
            };
            let backend = &host.context.engine.backend;
            let found = host.context.runtime.block_on(backend.volume_id(&name));
            let found = found.map_err(|error| error.to_string())?;
            inputs.things.insert(format!("the volume {id}"), found.unwrap_or_default());
            Ok(())
        }
        // Texts are among the args.
        MountSource::Volume { id: None, .. }
        | MountSource::String { .. }
        | MountSource::Host { .. }
        | MountSource::Repo { .. } => Ok(()),
    }
}

/// What patterns of files are relative to.
fn dir_of(call: &CodeCall, host: &StepHost) -> PathBuf {
    let args = call.home.of_args();
    let root = args.checkout.as_deref().unwrap_or(&host.context.options.instance.root);
    root.join(&*args.dir)
}

/// Adds the files that patterns name: a directory means all that is in it, what Git ignores too.
fn add_patterns(patterns: &[String], dir: &Path, host: &StepHost, files: &mut Parts) -> Result<(), String> {
    if patterns.is_empty() {
        return Ok(());
    }
    let unreadable = |why: ignore::Error| format!("`cache.files` cannot be read: {why}");
    let mut wanted = OverrideBuilder::new(dir);
    for pattern in patterns {
        let (not, path) = pattern.strip_prefix('!').map_or(("", &**pattern), |path| ("!", path));
        let path = path.trim_start_matches("./").trim_matches('/');
        if not.is_empty() && !path.contains(['*', '?', '[', '{']) && !dir.join(path).exists() {
            return Err(format!("`cache.files` names {path}, and {} has no such file", dir.display()));
        }
        wanted.add(&format!("{not}/{path}")).map_err(unreadable)?;
        wanted.add(&format!("{not}/{path}/**")).map_err(unreadable)?;
    }
    let mut walk = WalkBuilder::new(dir);
    walk.standard_filters(false).overrides(wanted.build().map_err(unreadable)?);
    walk.filter_entry(|entry| entry.file_name() != ".git");
    add_walk(&walk, host, files, false)
}

/// Adds the files that a walk finds, and directories, too, if they count.
fn add_walk(
    walk: &WalkBuilder,
    host: &StepHost,
    files: &mut Parts,
    with_directories: bool,
) -> Result<(), String> {
    let root = &host.context.options.instance.root;
    for entry in walk.build() {
        let entry = entry.map_err(|why| why.to_string())?;
        let path = entry.path();
        let unreadable = |why: std::io::Error| format!("{}: {why}", path.display());
        let digest = match entry.file_type() {
            Some(kind) if kind.is_file() => {
                let mode = entry.metadata().map_err(|why| why.to_string())?.permissions().mode() & 0o111;
                let mut hasher = blake3::Hasher::new();
                hasher.update(&mode.to_le_bytes());
                hasher.update_reader(fs::File::open(path).map_err(unreadable)?).map_err(unreadable)?;
                hasher.finalize().to_hex().to_string()
            }
            Some(kind) if kind.is_symlink() => {
                let target = fs::read_link(path).map_err(unreadable)?;
                digest_of(&Data::from(target.display().to_string()))
            }
            Some(kind) if kind.is_dir() && with_directories => "directory".to_owned(),
            Some(_) | None => continue,
        };
        let name = tidy(path.strip_prefix(root).unwrap_or(path)).display().to_string();
        files.insert(name, digest);
    }
    Ok(())
}

/// A digest of data as it is, secrets opened: it is kept sealed.
fn digest_of(data: &Data) -> String {
    let mut hasher = blake3::Hasher::new();
    feed(&mut hasher, data);
    hasher.finalize().to_hex().to_string()
}

fn feed(hasher: &mut blake3::Hasher, data: &Data) {
    let mut add = |kind: u8, bytes: &[u8]| {
        hasher.update(&[kind]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    match data {
        Data::Null => add(0, &[]),
        Data::Bool(value) => add(1, &[u8::from(*value)]),
        Data::Int(value) => add(2, &value.to_le_bytes()),
        Data::Float(value) => add(3, &value.to_bits().to_le_bytes()),
        Data::Str(text) => add(4, text.as_bytes()),
        Data::Secret(text) => add(4, text.expose().as_bytes()),
        Data::List(items) => {
            add(5, &(items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| feed(hasher, item));
        }
        Data::Map(map) => {
            add(6, &(map.len() as u64).to_le_bytes());
            for (key, value) in map.iter() {
                feed(hasher, &Data::from(key.as_str()));
                feed(hasher, value);
            }
        }
    }
}
