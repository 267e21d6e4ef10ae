//! Help: every command in one layout, two of them byte for byte as the original has them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output};

fn pt(args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_polytope")).args(args).env("HOME", home.path()).output().unwrap()
}

fn help(args: &[&str]) -> String {
    let output = pt(args);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn values_and_secrets_have_the_originals_help() {
    let (values, secrets) =
        (include_str!("fixtures/values-set-help.txt"), include_str!("fixtures/secrets-set-help.txt"));
    for (args, text) in [
        (&["values", "set", "--help"][..], values),
        (&["value", "set", "-h"], values),
        (&["help", "values", "set"], values),
        (&["values", "set", "x", "y", "--help"], values),
        (&["secrets", "set", "--help"], secrets),
        (&["secret", "add", "--help"], secrets),
    ] {
        assert_eq!(help(args), text, "{args:?}");
    }
}

#[test]
fn other_commands_have_the_same_layout() {
    let globals = include_str!("fixtures/values-set-help.txt");
    let globals = &globals[globals.find("GLOBAL OPTIONS").unwrap()..];
    let expected = "\
Shows what a job said.

USAGE
  $ pt logs [<id>] [optional flags]

DESCRIPTION
  Shows what a job said.
  
  Without an id, the newest job. The id of a step or container shows its lines
  in the newest job that has it.

COMMAND OPTIONS
      --container=<id>                      Shows the lines of this container only.
  -c, --context=<context>                   Runs as a specific user against a specific Polytope instance.
      --field=<path=value>                  Shows the lines that are JSON and have this, as in level=error or http.status=500. Repeatable.
  -f, --follow                              Goes on until the job is over.
      --grep=<regex>                        Shows the lines in which this regular expression is found.
  -o, --output=<(yaml|json|edn)>            Selects output format [default: lines].
      --polytope-file=<path>                Takes the project of this polytope file instead of the one around the working directory.
      --pretty                              Pretty-prints output when supported [default: true].
  -r, --raw                                 If the data is a string, number, or boolean, prints it as a raw string.
      --since=<when>                        Shows the lines from then on: a duration ago, as in 10m, or a time, as in 2026-01-31T12:00:00Z.
      --step=<id>                           Shows the lines of this step or container only.
      --stream=<(stdout|stderr|log|otlp)>   Shows what was written there only: `log` is what code prints, `otlp` what services send.
  -n, --tail=<count>                        Shows the last lines only, this many.
      --until=<when>                        Shows the lines before then.

";
    assert_eq!(help(&["logs", "--help"]), format!("{expected}{globals}"));
    for args in [&["--help"][..], &["values", "--help"], &["run", "--help"], &["clean", "-h"], &["help"]] {
        let text = help(args);
        assert!(text.ends_with(&format!("\n{globals}")), "{text}");
        assert!(text.contains("\nUSAGE\n  $ pt"), "{text}");
    }
}

/// Every command there is, with those below it.
fn all(help: &str, path: &str) -> Vec<String> {
    let commands = help.split_once("\nCOMMANDS\n").map_or("", |(_, rest)| rest);
    let lines = commands.lines().take_while(|line| line.starts_with("  "));
    lines
        .map(|line| format!("{path} {}", line.split_whitespace().next().unwrap()).trim().to_owned())
        .collect()
}

#[test]
fn every_command_has_help_and_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let out = pt(&["man", &dir.path().display().to_string()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut left = all(&help(&["--help"]), "");
    assert!(left.len() > 30, "{left:?}");
    while let Some(path) = left.pop() {
        let words: Vec<&str> = path.split(' ').chain(["--help"]).collect();
        let text = help(&words);
        assert!(text.contains(&format!("\nUSAGE\n  $ pt {path}")), "{text}");
        assert!(text.lines().next().unwrap().ends_with(['.', ':']), "{path} begins with a sentence: {text}");
        let longest =
            text.lines().take_while(|line| !line.ends_with(" OPTIONS")).map(str::len).max().unwrap();
        assert!(longest < 120, "{path}: {longest}");
        let page = dir.path().join(format!("pt-{}.1", path.replace(' ', "-")));
        let page =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
        left.extend(all(&text, &path));
    }
}

#[test]
fn a_group_without_a_command_shows_its_commands() {
    let output = pt(&["secrets"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    let text = String::from_utf8(output.stderr).unwrap();
    let commands = "
COMMANDS
  set        Sets the value of a secret.
  get        Shows the value of a secret.
  list       Lists the secrets that are set.
  delete     Deletes a secret.
  defaults   Writes a script that sets every value and secret the project refers to.
";
    assert!(text.contains(commands), "{text}");
    assert!(text.contains("\n  $ pt secrets <command> [optional flags]\n"), "{text}");
}

#[test]
fn the_version_says_what_was_built_where() {
    let text = help(&["--version"]);
    let parts: Vec<&str> =
        text.strip_prefix("- The current CLI version is: ").unwrap().trim_end().split('-').collect();
    assert_eq!((parts.len(), parts[0]), (4, env!("CARGO_PKG_VERSION")), "{text}");
    assert_eq!(help(&["values", "--version"]), text);
}

#[test]
fn what_is_called_wrongly_says_so_and_where_to_look() {
    for (args, message) in [
        (&["valeus"][..], "Error: There is no command 'valeus'.\nDid you mean 'values'?\nSee: pt --help\n"),
        (
            &["values", "lst"],
            "Error: There is no command 'lst'.\nDid you mean 'list'?\nSee: pt values --help\n",
        ),
        (
            &["values", "set", "--fil", "x"],
            "Error: There is no option '--fil' here.\nDid you mean '--file'?\nSee: pt values set --help\n",
        ),
        (
            &["secrets", "list", "extra"],
            "Error: There is no place for 'extra' here.\nSee: pt secrets list --help\n",
        ),
        (
            &["values", "list", "-o", "xml"],
            "Error: 'xml' is no value for '--output=<format>': yaml, json, edn.\nSee: pt values list --help\n",
        ),
        (&["secrets", "get"], "Error: <secret-id> is missing.\nSee: pt secrets get --help\n"),
        (&["exec", "db"], "Error: <command> is missing.\nSee: pt exec --help\n"),
        (
            &["values", "set", "x", "y", "--stdin"],
            "Error: '[data]' and '--stdin' do not go together.\nSee: pt values set --help\n",
        ),
        (
            &["logs", "-n", "few"],
            "Error: 'few' is no value for '--tail=<count>': invalid digit found in string.\nSee: pt logs --help\n",
        ),
    ] {
        let output = pt(args);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), message);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{args:?}");
    }
}
