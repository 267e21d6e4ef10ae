//! Completions in the shells themselves, where these are installed: what pressing the tab key makes of a line. bash is tried in
//! cases/completions. PowerShell could not be had so far: of its script nothing is tried but that it is made.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "what is left out is told")]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use tempfile::TempDir;

/// A project, and beside it a home and `pt`.
fn world() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path);
    fs::create_dir_all(at("bin")).unwrap();
    fs::create_dir_all(at("home")).unwrap();
    fs::create_dir_all(at("shop/.git")).unwrap();
    for name in ["pt", "polytope"] {
        symlink(env!("CARGO_BIN_EXE_polytope"), at("bin").join(name)).unwrap();
    }
    let text = "templates: [{id: stack, run: []}]\nmodules: [{id: 'api!dev', module: polytope/noop}]\n";
    fs::write(at("shop/polytope.yml"), text).unwrap();
    dir
}

/// What a shell says; nothing if it is not installed.
fn shell(shell: &str, args: &[&str]) -> Option<String> {
    let dir = world();
    let path = format!("{}:{}", dir.path().join("bin").display(), std::env::var("PATH").unwrap());
    let said = Command::new("timeout")
        .args(["60", shell])
        .args(args)
        .env("PATH", path)
        .env("HOME", dir.path().join("home"))
        .env("POLYTOPE_BACKEND", "sim")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_DATA_HOME")
        .current_dir(dir.path().join("shop"))
        .output()
        .unwrap();
    if said.status.code() == Some(127) {
        println!("SKIPPED: {shell} is not installed");
        return None;
    }
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    Some(format!("{out}{err}"))
}

#[test]
fn fish_offers_what_comes_next() {
    for (line, offered) in [
        ("pt val", "values\t"),
        ("pt run st", "stack"),
        ("pt modules get polytope/ngr", "polytope/ngrok!http"),
        ("polytope run --mcp-", "--mcp-port\t"),
        ("pt values get -o j", "json"),
        ("pt explain unknown-par", "unknown-param"),
    ] {
        let script =
            format!("pt completions fish | source; polytope completions fish | source; complete -C '{line}'");
        let Some(said) = shell("fish", &["--no-config", "-c", &script]) else { return };
        assert!(said.lines().any(|candidate| candidate.starts_with(offered)), "{line}:\n{said}");
    }
}

/// A shell in a terminal, which is typed into. The word after the quotes is whole in what is said, not in what is typed.
const ZSH: &str = r#"
zmodload zsh/zpty
TERM=dumb zpty shell zsh -f -i
until_said() { local piece; while zpty -r shell piece; do said+=$piece; [[ $said == *$1* ]] && return; done }
zpty -w shell 'PS1=; autoload -U compinit; compinit -D; source <(pt completions zsh); echo re""ady'
until_said ready
said=
zpty -w -n shell "$LINE; echo do\"\"ne
"
until_said done
print -r -- "$said"
"#;

#[test]
fn zsh_completes_what_was_begun() {
    for (line, printed) in [
        ("pt val\tlist -o json", "[]"),
        ("pt run --non-int\tst\t", "Job stack-1 succeeded"),
        ("pt templates get -o json st\t", r#""ref": "stack""#),
    ] {
        let script = format!("LINE={}\n{ZSH}", quoted(line));
        let Some(said) = shell("zsh", &["-f", "-c", &script]) else { return };
        assert!(said.contains(printed), "{line}:\n{said}");
    }
}

/// As zsh has it, with the tab key in it.
fn quoted(line: &str) -> String {
    format!("$'{}'", line.replace('\t', "\\t"))
}
