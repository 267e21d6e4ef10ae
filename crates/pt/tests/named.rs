//! `pt values` and `pt secrets`, as a person or a script uses them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A home with a project `shop` in it.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("shop/api")).unwrap();
        fs::write(dir.path().join("shop/polytope.yml"), "templates: []\n").unwrap();
        Self { dir }
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.dir.path().join("shop").join(file), text).unwrap();
    }

    /// Calls `pt` in a directory with this on stdin. Gives all that is said, and the exit code unless it is 0.
    fn pt_in(&self, dir: &str, args: &[&str], stdin: &str) -> String {
        let mut child = Command::new(env!("CARGO_BIN_EXE_polytope"))
            .args(args)
            .current_dir(self.dir.path().join(dir))
            .env_clear()
            .env("HOME", self.dir.path())
            .env("POLYTOPE_STATE_DIR", self.state())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who does not read stdin may be gone already.
        drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let mut said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        if !output.status.success() {
            said.extend([format!("[exit {}]\n", output.status.code().unwrap())]);
        }
        said
    }

    fn pt(&self, args: &[&str]) -> String {
        self.pt_in("shop", args, "")
    }

    fn raw(&self, noun: &str, id: &str) -> String {
        self.pt(&[noun, "get", id, "-r"])
    }
}

#[test]
fn a_value_is_set_shown_listed_and_deleted() {
    let home = Home::new();
    assert_eq!(home.pt(&["values", "set", "port", "5433"]), "id: port\ndata: \"5433\"\n");
    assert_eq!(
        home.pt(&["value", "add", "db-host", "db", "-o", "json"]),
        "{\n  \"id\": \"db-host\",\n  \"data\": \"db\"\n}\n"
    );
    assert_eq!(home.pt(&["values", "set", "port", "5434", "-r"]), "5434\n");
    assert_eq!(home.pt(&["values", "get", "dbHost", "-r"]), "db\n");
    assert_eq!(home.pt(&["values", "get", "port", "-o", "edn"]), "\"5434\"\n");
    assert_eq!(home.pt(&["values", "list", "-r"]), "db-host\nport\n");
    let listed = home.pt(&["values", "list", "--output=json", "--pretty=false"]);
    assert!(listed.starts_with(r#"[{"id":"db-host","data":"db","modified-ts":"20"#), "{listed}");
    assert_eq!(home.pt(&["values", "rm", "port"]), "Value 'port' is deleted.\n");
    assert_eq!(
        home.pt(&["values", "delete", "db-hots"]),
        "Error: There is no value 'db-hots' here.\nDid you mean 'db-host'?\n[exit 1]\n"
    );
    assert_eq!(
        home.pt(&["values", "get", "port"]),
        "Error: There is no value 'port' here.\n`pt values list` shows those that are set.\n[exit 1]\n"
    );
}

#[test]
fn data_keeps_the_spelling_of_scalars_and_reads_the_rest() {
    let home = Home::new();
    for (data, text) in [
        ("1.10", "1.10"),
        ("007", "007"),
        ("true", "true"),
        ("'quoted # text'", "quoted # text"),
        ("a #b: ", "a #b:"),
        ("p@ss#w0rd", "p@ss#w0rd"),
        ("{a: [1, x]}", r#"{"a":[1,"x"]}"#),
        ("- one\n- two", r#"["one","two"]"#),
        ("", ""),
        ("-1", "-1"),
    ] {
        let set = home.pt(&["values", "set", "x", data, "-o", "json", "--no-pretty"]);
        assert!(set.starts_with(r#"{"id":"x","data":"#), "{set}");
        assert_eq!(home.raw("values", "x"), format!("{text}\n"), "{data}");
    }
    assert_eq!(home.pt(&["values", "set", "--raw", "x", " {a: "]), " {a: \n");
    assert_eq!(
        home.pt(&["secrets", "set", "x", "{hunter2"]),
        "Error: The data could not be read as YAML.\nWith --raw it is taken as it stands, whatever it holds.\n[exit 2]\n"
    );
}

#[test]
fn a_specification_is_one_a_list_or_a_map_of_names() {
    let home = Home::new();
    home.write("one.json", r#"{"id": "a", "data": 1.50}"#);
    home.write("list.yml", "- {id: b, data: x}\n- id: c\n  data: [1]\n");
    home.write("map.edn", "{:d \"x yz\" :e 5000}");
    home.write("key.pem", "-----BEGIN-----\nabc\n");
    assert_eq!(home.pt(&["values", "set", "--file", "one.json"]), "id: a\ndata: \"1.50\"\n");
    assert_eq!(home.pt(&["values", "set", "-f", "list.yml", "-r"]), "x\n[1]\n");
    assert_eq!(home.pt(&["secrets", "set", "--file=map.edn"]), "- id: d\n- id: e\n");
    assert_eq!(home.raw("secrets", "d") + &home.raw("secrets", "e"), "x yz\n5000\n");
    home.pt_in("shop", &["values", "set", "--stdin"], "{:f \"edn\"}");
    home.pt_in("shop", &["values", "set", "g", "--stdin"], "{data: 7}");
    home.pt_in("shop", &["values", "set", "h", "--stdin"], "[7]");
    assert_eq!(
        home.raw("values", "f") + &home.raw("values", "g") + &home.raw("values", "h"),
        "edn\n7\n[7]\n"
    );
    home.pt(&["secrets", "set", "key", "--raw", "-f", "key.pem"]);
    assert_eq!(home.raw("secrets", "key"), "-----BEGIN-----\nabc\n\n");

    home.write("bad.yml", "- id: a\n");
    home.write("broken.yml", "a: [1\n");
    let bad = home.pt(&["values", "set", "-f", "bad.yml"]);
    assert!(bad.starts_with("Error: bad.yml is no value specification: 'a' has no `data`.\n"), "{bad}");
    let broken = home.pt(&["values", "set", "-f", "broken.yml"]);
    assert!(
        broken.starts_with("Error: Could not read broken.yml:\n") && broken.ends_with("[exit 2]\n"),
        "{broken}"
    );
    let missing = home.pt(&["values", "set", "-f", "none.yml"]);
    assert_eq!(missing, "Error: Could not read none.yml: No such file or directory.\n[exit 2]\n");
    assert_eq!(
        home.pt(&["values", "set", "a b", "x"]),
        "Error: 'a b' is no name for a value.\nNames have letters, digits, `_`, `-` and `.`, and begin with a letter, a \
         digit or `_`.\n[exit 2]\n"
    );
    assert!(
        home.pt(&["values", "set"]).starts_with("Error: Which value? Neither a name nor --file nor --stdin")
    );
}

#[test]
fn a_secret_comes_through_a_pipe_and_never_lies_on_disk_in_clear() {
    let home = Home::new();
    assert_eq!(
        home.pt_in("shop", &["secret", "set", "db-password"], "correct horse: battery\n"),
        "id: db-password\n"
    );
    assert_eq!(home.raw("secrets", "db-password"), "correct horse: battery\n");
    assert_eq!(
        home.pt(&["secrets", "set", "db-password", "-o", "json"]),
        "Error: No data came for 'db-password'.\nSee: pt secrets set --help\n[exit 2]\n"
    );
    assert_eq!(home.pt(&["secrets", "set", "other", "staple", "-r"]), "");
    let listed = home.pt(&["secrets", "list"]);
    assert!(listed.contains("db-password") && !listed.contains("horse"), "{listed}");

    let files = files_below(home.dir.path());
    assert!(files.iter().any(|path| path.ends_with("state/polytope.db")), "{files:?}");
    for path in &files {
        let bytes = fs::read(path).unwrap();
        for plaintext in ["correct horse", "staple"] {
            let found = bytes.windows(plaintext.len()).any(|window| window == plaintext.as_bytes());
            assert!(!found, "{plaintext} in {}", path.display());
        }
        if path.starts_with(home.state()) {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        }
    }
}

#[test]
fn values_belong_to_a_project_and_a_context() {
    let home = Home::new();
    home.pt_in("shop/api", &["values", "set", "x", "shop"], "");
    home.pt_in(".", &["values", "set", "x", "outside"], "");
    fs::create_dir_all(home.dir.path().join(".config/polytope")).unwrap();
    fs::write(home.dir.path().join(".config/polytope/config.yaml"), "contexts: {work: {user: me}}\n")
        .unwrap();
    home.pt(&["values", "set", "-c", "work", "x", "at work"]);
    assert_eq!(home.raw("values", "x"), "shop\n");
    assert_eq!(home.pt_in(".", &["values", "get", "x", "-r"], ""), "outside\n");
    assert_eq!(home.pt_in("shop/api", &["values", "get", "x", "-r", "-c=work"], ""), "at work\n");
    let unknown = home.pt(&["values", "list", "--context", "wrok"]);
    assert!(
        unknown
            .starts_with("Error: There is no context 'wrok'.\nDid you mean 'work'? `pt contexts list` shows"),
        "{unknown}"
    );
    assert!(unknown.ends_with("[exit 2]\n"), "{unknown}");
}

#[test]
fn the_log_tells_of_commands_and_not_of_what_they_were_given() {
    let home = Home::new();
    home.pt(&["secrets", "set", "x", "hunter2"]);
    home.pt(&["values", "get", "nothing"]);
    let log = fs::read_to_string(home.dir.path().join(".local/state/polytope/cli.log")).unwrap();
    let said: Vec<&str> = log.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap()).collect();
    assert_eq!(said, ["pt secrets", "done", "pt values", "failed: There is no value 'nothing' here."]);
    assert!(home.pt(&["-v", "values", "list"]).contains("pt values\n"));
    let unwritable = home.pt(&["values", "list", "--log-file", "/proc/x/cli.log"]);
    assert!(unwritable.starts_with("Error: Could not write the log /proc/x/cli.log: "), "{unwritable}");
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
