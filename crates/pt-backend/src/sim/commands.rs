//! What single commands do in the simulated world.

use std::time::Duration;

use super::files::absolute;
use super::parse;
use super::shell::{Process, Status, Stop, Targets, Trap};

/// Codes of commands that cannot be run.
const NOT_EXECUTABLE: i64 = 126;
const NOT_FOUND: i64 = 127;

impl Process {
    /// Runs a command that is all words.
    pub(super) async fn command(&mut self, argv: &[String], to: &Targets) -> Status {
        let Some((program, args)) = argv.split_first() else { return Ok(0) };
        let name = program.strip_prefix("/bin/").or(program.strip_prefix("/usr/bin/")).unwrap_or(program);
        let first = args.first().map(String::as_str);
        match name {
            "true" | ":" => Ok(0),
            "false" => Ok(1),
            "echo" => self.say(to, echo(args)).await,
            "printf" => self.say(to, printf(args)).await,
            "env" => {
                let lines = self.env.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
                self.say(to, lines).await
            }
            "pwd" => self.say(to, format!("{}\n", self.directory)).await,
            "hostname" => self.say(to, format!("{}\n", self.hostname)).await,
            "id" => self.say(to, format!("{}\n", self.uid)).await,
            "seq" => self.seq(args, to).await,
            "sleep" => self.sleep(args, to).await,
            // Stands for any service: it runs until it is stopped.
            "serve" => loop {
                self.pause(None).await?;
            },
            // Of `stty` only `stty size`.
            "stty" => match self.window() {
                Some((columns, rows)) => self.say(to, format!("{rows} {columns}\n")).await,
                None => self.fail(to, 1, "stty: standard input is no terminal".to_owned()).await,
            },
            "exit" => Err(Stop::Exit(first.map_or(self.status, |code| code.parse().unwrap_or(2)))),
            "break" => Err(Stop::Break),
            "cat" => self.cat(args, to).await,
            "test" => self.test(args, to).await,
            "[" => self.test(args.strip_suffix(&["]".to_owned()]).unwrap_or(args), to).await,
            "touch" => self.each(args, to, "touch", |files, path| files.write(path, b"", true)).await,
            "mkdir" => self.each(args, to, "mkdir", |files, path| files.make_directories(path)).await,
            "rm" => self.each(args, to, "rm", |files, path| files.remove(path)).await,
            "cd" => self.change_directory(first.unwrap_or("/"), to).await,
            "export" => Ok(self.export(args)),
            "trap" => self.set_trap(args, to).await,
            "ping" => self.ping(args, to).await,
            "exec" => {
                let done = Box::pin(self.command(args, to)).await?;
                Err(Stop::Exit(done))
            }
            "sh" | "ash" | "bash" => self.shell(args, to).await,
            _ => self.file_or_nothing(program, to).await,
        }
    }

    async fn say(&mut self, to: &Targets, text: String) -> Status {
        self.emit(&to.out, text.as_bytes()).await?;
        Ok(0)
    }

    async fn fail(&mut self, to: &Targets, code: i64, line: String) -> Status {
        self.complain(to, &line).await?;
        Ok(code)
    }

    async fn shell(&mut self, args: &[String], to: &Targets) -> Status {
        match args {
            [flag, script, ..] if flag == "-c" => {
                let trap = self.trap.clone();
                let done = Box::pin(self.script(script)).await;
                // A shell's traps end with it; that it was terminated does not.
                if !matches!(self.trap, Trap::Spent) {
                    self.trap = trap;
                }
                done
            }
            [path, ..] => self.file_or_nothing(&absolute(&self.directory.clone(), path), to).await,
            // A shell that somebody types at, or pipes a script into.
            [] => {
                let mut status = Ok(0);
                while let Some(line) = self.read_line().await {
                    status = match parse::parse(&String::from_utf8_lossy(&line)) {
                        Ok(command) => Box::pin(self.run(&command)).await,
                        Err(error) => self.fail(to, 2, format!("sh: {error}")).await,
                    };
                    if let Err(Stop::Exit(code)) = status {
                        return Ok(code);
                    }
                }
                status
            }
        }
    }

    /// A file of the container is a script; anything else is not found.
    async fn file_or_nothing(&mut self, program: &str, to: &Targets) -> Status {
        let path = absolute(&self.directory, program);
        if program.contains('/') && self.files.is_file(&path) {
            let script = self.files.read(&path).unwrap_or_default();
            let script = String::from_utf8_lossy(&script).into_owned();
            return Box::pin(self.script(&script)).await;
        }
        if program.contains('/') && self.files.is_directory(&path) {
            return self.fail(to, NOT_EXECUTABLE, format!("sh: {program}: Permission denied")).await;
        }
        self.fail(to, NOT_FOUND, format!("sh: {program}: not found")).await
    }

    async fn seq(&mut self, args: &[String], to: &Targets) -> Status {
        let numbers: Option<Vec<i64>> = args.iter().map(|arg| arg.parse().ok()).collect();
        let (from, last) = match numbers.as_deref() {
            Some([last]) => (1, *last),
            Some([from, last]) => (*from, *last),
            _ => return self.fail(to, 1, "usage: seq [FIRST] LAST".to_owned()).await,
        };
        let lines: String = (from..=last).flat_map(|n| [n.to_string(), "\n".to_owned()]).collect();
        self.say(to, lines).await
    }

    async fn sleep(&mut self, args: &[String], to: &Targets) -> Status {
        let seconds = match args {
            [text] if text == "infinity" => None,
            [text] => match text.trim_end_matches('s').parse::<f64>().map(Duration::try_from_secs_f64) {
                Ok(Ok(duration)) => Some(duration),
                Ok(Err(_)) | Err(_) => {
                    return self.fail(to, 1, format!("sleep: invalid number '{text}'")).await;
                }
            },
            _ => return self.fail(to, 1, "usage: sleep SECONDS".to_owned()).await,
        };
        self.pause(seconds).await?;
        Ok(0)
    }

    async fn cat(&mut self, args: &[String], to: &Targets) -> Status {
        let mut status = 0;
        if args.is_empty() {
            while let Some(line) = self.read_line().await {
                self.emit(&to.out, &line).await?;
            }
        }
        for arg in args {
            match self.files.read(&absolute(&self.directory, arg)) {
                Ok(content) => self.emit(&to.out, &content).await?,
                Err(reason) => {
                    status = self.fail(to, 1, format!("cat: can't open '{arg}': {reason}")).await?;
                }
            }
        }
        Ok(status)
    }

    /// Does something to each path that is named.
    async fn each(
        &mut self,
        args: &[String],
        to: &Targets,
        name: &str,
        deed: impl Fn(&super::files::Files, &str) -> Result<(), String> + Send + Sync,
    ) -> Status {
        let forced = args.iter().any(|arg| arg.starts_with("-") && arg.contains('f'));
        let mut status = 0;
        for arg in args.iter().filter(|arg| !arg.starts_with('-')) {
            let done = deed(&self.files, &absolute(&self.directory, arg));
            if let Err(reason) = done.or_else(|reason| if forced { Ok(()) } else { Err(reason) }) {
                status = self.fail(to, 1, format!("{name}: {arg}: {reason}")).await?;
            }
        }
        Ok(status)
    }

    async fn test(&mut self, args: &[String], to: &Targets) -> Status {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let (negated, words) = match words.as_slice() {
            ["!", rest @ ..] => (true, rest),
            words => (false, words),
        };
        let path = |path: &str| absolute(&self.directory, path);
        let number = |text: &str| text.parse::<i64>().unwrap_or_default();
        let holds = match words {
            ["-e", file] => self.files.is_file(&path(file)) || self.files.is_directory(&path(file)),
            ["-f", file] => self.files.is_file(&path(file)),
            ["-d", file] => self.files.is_directory(&path(file)),
            ["-n", text] | [text] => !text.is_empty(),
            ["-z", text] => text.is_empty(),
            [a, "=" | "==", b] => a == b,
            [a, "!=", b] => a != b,
            [a, "-eq", b] => number(a) == number(b),
            [a, "-ne", b] => number(a) != number(b),
            [a, "-lt", b] => number(a) < number(b),
            [a, "-le", b] => number(a) <= number(b),
            [a, "-gt", b] => number(a) > number(b),
            [a, "-ge", b] => number(a) >= number(b),
            [] => false,
            _ => return self.fail(to, 2, "sh: test: unknown expression".to_owned()).await,
        };
        Ok(i64::from(holds == negated))
    }

    async fn change_directory(&mut self, to_directory: &str, to: &Targets) -> Status {
        let path = absolute(&self.directory, to_directory);
        if !self.files.is_directory(&path) {
            return self.fail(to, 2, format!("sh: cd: can't cd to {to_directory}")).await;
        }
        self.directory = path;
        Ok(0)
    }

    fn export(&mut self, args: &[String]) -> i64 {
        for arg in args {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (arg.as_str(), self.variables.remove(arg).unwrap_or_default()),
            };
            self.variables.remove(name);
            self.env.insert(name.to_owned(), value);
        }
        0
    }

    async fn set_trap(&mut self, args: &[String], to: &Targets) -> Status {
        let [action, signals @ ..] = args else { return Ok(0) };
        if !signals.iter().any(|signal| matches!(signal.as_str(), "TERM" | "SIGTERM" | "15")) {
            return Ok(0);
        }
        let trap = match action.as_str() {
            "" => Trap::Ignore,
            "-" => Trap::Die,
            script => match parse::parse(script) {
                Ok(command) => Trap::Run(command),
                Err(error) => return self.fail(to, 2, format!("sh: {error}")).await,
            },
        };
        if !matches!(self.trap, Trap::NotConcerned) {
            self.trap = trap;
        }
        Ok(0)
    }

    async fn ping(&mut self, args: &[String], to: &Targets) -> Status {
        let Some(name) = args.last() else {
            return self.fail(to, 1, "usage: ping NAME".to_owned()).await;
        };
        if self.peers.answers(name) {
            self.say(to, format!("{name} is alive\n")).await
        } else {
            self.fail(to, 1, format!("ping: bad address '{name}'")).await
        }
    }
}

fn echo(args: &[String]) -> String {
    match args.split_first() {
        Some((flag, rest)) if flag == "-n" => rest.join(" "),
        _ => format!("{}\n", args.join(" ")),
    }
}

/// `\n`, `\t`, `%s`, `%d`, `%%`; the format is used again while arguments are left.
fn printf(args: &[String]) -> String {
    let Some((format, args)) = args.split_first() else { return String::new() };
    let mut args = args.iter();
    let mut printed = String::new();
    loop {
        let left = args.len();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            match (c, if matches!(c, '\\' | '%') { chars.next() } else { None }) {
                ('\\', Some('n')) => printed.push('\n'),
                ('\\', Some('t')) => printed.push('\t'),
                ('\\', Some('r')) => printed.push('\r'),
                ('%', Some('s' | 'd')) => printed.push_str(args.next().map_or("", String::as_str)),
                ('\\' | '%', Some(c)) => printed.push(c),
                (c, _) => printed.push(c),
            }
        }
        if args.len() == 0 || args.len() == left {
            return printed;
        }
    }
}
