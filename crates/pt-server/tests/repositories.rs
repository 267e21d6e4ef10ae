//! Repositories are fetched once, pinned, and there when nobody answers.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pt_server::{LOCK_FILE, Repositories};
use pt_spec::{Checkout, Project, RepoRequest, World};
use tempfile::TempDir;

/// A repository of somebody else's, a project of ours and the state of `pt`.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: TempDir::new().unwrap() };
        for dir in ["theirs", "project", "state"] {
            fs::create_dir(place.path(dir)).unwrap();
        }
        place.git(&["init", "--quiet", "--initial-branch=main"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.path("theirs")).env("GIT_CONFIG_GLOBAL", "/dev/null");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]);
        let output = git.args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits a file of theirs; gives the commit.
    fn commit(&self, name: &str, text: &str) -> String {
        let path = self.path("theirs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", text]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn url(&self) -> String {
        format!("file://{}", self.path("theirs").display())
    }

    fn repositories(&self) -> Repositories {
        Repositories::new(&self.path("state"), &self.path("project"))
    }

    fn ask(&self, revision: Option<&str>) -> Result<Checkout, String> {
        let request = RepoRequest { url: self.url(), revision: revision.map(str::to_owned) };
        self.repositories().repository(&request).map_err(|error| error.message)
    }

    /// The lock's lines, without its header and with `URL` for where the repository is.
    fn lock(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("project").join(LOCK_FILE)).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.replace(&self.url(), "URL")).collect()
    }

    /// Whether nobody answers.
    fn go_offline(&self, offline: bool) {
        let (from, to) = if offline { ("theirs", "away") } else { ("away", "theirs") };
        fs::rename(self.path(from), self.path(to)).unwrap();
    }
}

fn text(checkout: &Checkout, name: &str) -> String {
    fs::read_to_string(checkout.dir.join(name)).unwrap()
}

#[test]
fn what_is_pinned_stays_until_it_is_updated() {
    let place = Place::new();
    let one = place.commit("a", "one");
    assert_eq!(text(&place.ask(None).unwrap(), "a"), "one");
    assert_eq!(place.lock(), [format!("URL HEAD {one}")]);
    let two = place.commit("a", "two");
    assert_eq!(text(&place.ask(None).unwrap(), "a"), "one");
    let request = RepoRequest { url: place.url(), revision: None };
    let checkout = place.repositories().updating().repository(&request).unwrap();
    assert_eq!(text(&checkout, "a"), "two");
    assert_eq!(place.lock(), [format!("URL HEAD {two}")]);
}

#[test]
fn branches_tags_and_commits_are_revisions() {
    let place = Place::new();
    let one = place.commit("a", "one");
    place.git(&["tag", "v1"]);
    let two = place.commit("a", "two");
    place.git(&["branch", "feature/x", &one]);
    place.commit("dir/b", "three");
    let short = &two[..8];
    for (revision, expected) in
        [("v1", "one"), ("feature/x", "one"), (&*two, "two"), (short, "two"), ("main", "two")]
    {
        assert_eq!(text(&place.ask(Some(revision)).unwrap(), "a"), expected, "{revision}");
    }
    assert_eq!(place.lock().len(), 5);
    let error = place.ask(Some("nothing")).unwrap_err();
    assert_eq!(error.replace(&place.url(), "URL"), "URL is not to be had: couldn't find remote ref nothing");
}

#[test]
fn without_a_network_the_copy_is_used() {
    let place = Place::new();
    let one = place.commit("a", "one");
    place.ask(None).unwrap();
    place.go_offline(true);
    // Pinned: nobody is asked.
    assert_eq!(place.ask(None).unwrap().warning, None);
    // Not pinned any more: what it was is better than nothing.
    fs::remove_file(place.path("project").join(LOCK_FILE)).unwrap();
    let checkout = place.ask(None).unwrap();
    assert_eq!(text(&checkout, "a"), "one");
    let warning = checkout.warning.unwrap().replace(&place.url(), "URL");
    let short = &one[..8];
    assert!(
        warning.starts_with(&format!("URL cannot be reached, an older copy of it is used ({short}): ")),
        "{warning}"
    );
    assert_eq!(place.lock(), Vec::<String>::new());
    // Never fetched.
    assert!(place.ask(Some("other")).unwrap_err().contains("is not to be had: "));
    // Pinned by somebody else, and not fetched here.
    place.go_offline(false);
    let two = place.commit("a", "two");
    place.commit("a", "three");
    let pinned = format!("{} HEAD {two}\n", place.url());
    fs::write(place.path("project").join(LOCK_FILE), pinned).unwrap();
    assert_eq!(text(&place.ask(None).unwrap(), "a"), "two");
}

#[test]
fn a_damaged_lock_is_not_guessed_at() {
    let place = Place::new();
    place.commit("a", "one");
    fs::write(place.path("project").join(LOCK_FILE), "# yes\n\nURL HEAD ../../etc\n").unwrap();
    let error = place.ask(None).unwrap_err();
    assert!(error.ends_with("polytope.lock:3: must be a URL, a revision and a commit"), "{error}");
}

#[test]
fn an_included_repository_brings_its_modules() {
    let place = Place::new();
    place.commit("polytope.yml", "include: [more]\nmodules: [{id: a, code: nil}]");
    place.commit("more/polytope.edn", "{:modules [{:id :b :code nil}]}");
    let root_file = place.path("project").join("polytope.yml");
    fs::write(&root_file, format!("include: [{{repo: '{}'}}]", place.url())).unwrap();
    let loaded = Project::load(&place.repositories(), root_file);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let shown = |definition: &pt_spec::Definition| {
        let repository = definition.origin.repository.as_ref().unwrap();
        let dir = definition.origin.dir.strip_prefix(&repository.dir).unwrap_or(Path::new("elsewhere"));
        (definition.id.text.clone(), repository.reference == place.url(), dir.to_owned())
    };
    let seen: Vec<_> = loaded.project.definitions().map(shown).collect();
    assert_eq!(seen, [("a".to_owned(), true, PathBuf::new()), ("b".to_owned(), true, PathBuf::from("more"))]);
}
