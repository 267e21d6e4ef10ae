//! Runs the tiny shell's commands: control flow, words, output, signals. What single commands do is in [`super::commands`].

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use pt_model::Stream;
use tokio::sync::{mpsc, watch};

use super::files::{Files, absolute};
use super::kept::Kept;
use super::parse::{self, Command, Piece, Redirect, RedirectTo, Simple, Word};
use super::terminal::Terminal;
use super::world::Peers;
use crate::backend::Chunk;

/// Codes of what a signal ended.
const TERMINATED: i64 = 143;
const KILLED: i64 = 137;

/// Most bytes in one chunk.
const CHUNK: usize = 32 * 1024;

/// What was asked of a running container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Run,
    Term,
    Kill,
}

/// What a container does on SIGTERM.
#[derive(Clone, Debug)]
pub(super) enum Trap {
    Die,
    Ignore,
    Run(Command),
    /// It has run: SIGTERM comes once.
    Spent,
    /// An exec: only the container's own command is terminated.
    NotConcerned,
}

/// Why commands are not carried on.
#[derive(Debug)]
pub(super) enum Stop {
    Exit(i64),
    Break,
}

/// The status of a command.
pub(super) type Status = Result<i64, Stop>;

/// Where a stream of a command goes.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Stream(Stream),
    File(String),
    Nowhere,
}

/// A command's stdout and stderr.
pub(super) struct Targets {
    pub(super) out: Target,
    pub(super) err: Target,
}

impl Default for Targets {
    fn default() -> Self {
        Self { out: Target::Stream(Stream::Stdout), err: Target::Stream(Stream::Stderr) }
    }
}

/// A process in a container, and all it can see.
pub(super) struct Process {
    pub(super) env: BTreeMap<String, String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) directory: String,
    pub(super) uid: u32,
    pub(super) hostname: String,
    pub(super) files: Files,
    pub(super) peers: Peers,
    pub(super) output: mpsc::Sender<Chunk>,
    /// What is written is kept here, too.
    pub(super) kept: Kept,
    pub(super) tty: bool,
    pub(super) signals: watch::Receiver<Signal>,
    pub(super) trap: Trap,
    pub(super) status: i64,
    pub(super) terminal: Terminal,
}

impl Process {
    /// Runs a program to its end and tells its exit code.
    pub(super) async fn run_program(mut self, argv: Vec<String>) -> i64 {
        match self.check().await {
            Ok(()) => {}
            Err(stop) => return code_of(Err(stop)),
        }
        let done = self.command(&argv, &Targets::default()).await;
        code_of(done)
    }

    /// Runs a script as a shell of its own.
    pub(super) async fn script(&mut self, script: &str) -> Status {
        match parse::parse(script) {
            Ok(command) => {
                let done = self.run(&command).await;
                Ok(code_of(done))
            }
            Err(error) => {
                self.complain(&Targets::default(), &format!("sh: {error}")).await?;
                Ok(2)
            }
        }
    }

    /// Runs a parsed command.
    pub(super) fn run<'a>(
        &'a mut self,
        command: &'a Command,
    ) -> Pin<Box<dyn Future<Output = Status> + Send + 'a>> {
        Box::pin(async move {
            let status = self.step(command).await?;
            self.status = status;
            Ok(status)
        })
    }

    async fn step(&mut self, command: &Command) -> Status {
        match command {
            Command::Simple(simple) => self.simple(simple).await,
            Command::Sequence(commands) => {
                let mut status = 0;
                for command in commands {
                    status = self.run(command).await?;
                }
                Ok(status)
            }
            Command::And(first, second) => match self.run(first).await? {
                0 => self.run(second).await,
                status => Ok(status),
            },
            Command::Or(first, second) => match self.run(first).await? {
                0 => Ok(0),
                _ => self.run(second).await,
            },
            Command::Not(command) => Ok(i64::from(self.run(command).await? == 0)),
            Command::For { name, words, body } => self.for_loop(name, words, body).await,
            Command::Loop { until, condition, body } => self.while_loop(*until, condition, body).await,
            Command::If { condition, then, otherwise } => {
                if self.run(condition).await? == 0 {
                    self.run(then).await
                } else if let Some(otherwise) = otherwise {
                    self.run(otherwise).await
                } else {
                    Ok(0)
                }
            }
            Command::Subshell(command) => {
                let done = self.run(command).await;
                Ok(code_of(done))
            }
        }
    }

    async fn for_loop(&mut self, name: &str, words: &[Word], body: &Command) -> Status {
        let mut status = 0;
        for value in self.expand(words) {
            self.variables.insert(name.to_owned(), value);
            match self.run(body).await {
                Err(Stop::Break) => break,
                done => status = done?,
            }
        }
        Ok(status)
    }

    async fn while_loop(&mut self, until: bool, condition: &Command, body: &Command) -> Status {
        let mut status = 0;
        while (self.run(condition).await? == 0) != until {
            match self.run(body).await {
                Err(Stop::Break) => break,
                done => status = done?,
            }
        }
        Ok(status)
    }

    async fn simple(&mut self, simple: &Simple) -> Status {
        // Loops without a wait must leave room for others, signals among them.
        tokio::task::yield_now().await;
        self.check().await?;
        let words = self.expand(&simple.words);
        let targets = match self.redirect(&simple.redirects) {
            Ok(targets) => targets,
            Err(error) => {
                self.complain(&Targets::default(), &error).await?;
                return Ok(1);
            }
        };
        let assignments: Vec<(String, String)> =
            simple.assignments.iter().map(|(name, value)| (name.clone(), self.join(value))).collect();
        if words.is_empty() {
            for (name, value) in assignments {
                self.assign(name, value);
            }
            return Ok(0);
        }
        if assignments.is_empty() {
            return self.command(&words, &targets).await;
        }
        let env = self.env.clone();
        self.env.extend(assignments);
        let done = self.command(&words, &targets).await;
        self.env = env;
        done
    }

    fn assign(&mut self, name: String, value: String) {
        let exported = self.env.contains_key(&name);
        let place = if exported { &mut self.env } else { &mut self.variables };
        place.insert(name, value);
    }

    fn redirect(&self, redirects: &[Redirect]) -> Result<Targets, String> {
        let mut targets = Targets::default();
        for redirect in redirects {
            let target = match &redirect.to {
                RedirectTo::Stream(1) => targets.out.clone(),
                RedirectTo::Stream(_) => targets.err.clone(),
                RedirectTo::File { path, append } => {
                    let path = absolute(&self.directory, &self.join(path));
                    if path == "/dev/null" {
                        Target::Nowhere
                    } else {
                        let opened = self.files.write(&path, b"", *append);
                        opened.map_err(|reason| format!("sh: can't create {path}: {reason}"))?;
                        Target::File(path)
                    }
                }
            };
            match redirect.fd {
                1 => targets.out = target,
                _ => targets.err = target,
            }
        }
        Ok(targets)
    }

    /// Expands variables and splits what is not quoted.
    fn expand(&self, words: &[Word]) -> Vec<String> {
        let mut fields = Vec::new();
        for word in words {
            let mut field = word.quoted.then(String::new);
            for piece in &word.pieces {
                match piece {
                    Piece::Variable { quoted: false, .. } => {
                        let value = self.value(piece);
                        let mut parts = value.split_whitespace();
                        if value.starts_with(char::is_whitespace) {
                            fields.extend(field.take());
                        }
                        if let Some(part) = parts.next() {
                            field.get_or_insert_default().push_str(part);
                        }
                        for part in parts {
                            fields.extend(field.replace(part.to_owned()));
                        }
                    }
                    Piece::Text(_) | Piece::Variable { .. } => {
                        field.get_or_insert_default().push_str(&self.value(piece));
                    }
                }
            }
            fields.extend(field);
        }
        fields
    }

    /// A word's value, not split.
    fn join(&self, word: &Word) -> String {
        word.pieces.iter().map(|piece| self.value(piece)).collect()
    }

    fn value(&self, piece: &Piece) -> String {
        match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable { name, .. } if name == "?" => self.status.to_string(),
            Piece::Variable { name, default, .. } => {
                let set = self.variables.get(name).or_else(|| self.env.get(name));
                let set = set.filter(|value| !value.is_empty()).or(default.as_ref());
                set.cloned().unwrap_or_default()
            }
        }
    }

    /// Writes to stderr, a line.
    pub(super) async fn complain(&mut self, targets: &Targets, line: &str) -> Result<(), Stop> {
        self.emit(&targets.err, format!("{line}\n").as_bytes()).await
    }

    /// Writes where a stream goes; waits for a slow reader, but not for one that is gone.
    pub(super) async fn emit(&mut self, target: &Target, bytes: &[u8]) -> Result<(), Stop> {
        let stream = match target {
            Target::Nowhere => return Ok(()),
            Target::File(path) => {
                // It could be opened; that it vanished meanwhile is no matter to who writes.
                drop(self.files.write(path, bytes, true));
                return Ok(());
            }
            Target::Stream(_) if self.tty => Stream::Stdout,
            Target::Stream(stream) => *stream,
        };
        let bytes = if self.tty { with_returns(bytes) } else { bytes.to_vec() };
        let output = self.output.clone();
        for piece in bytes.chunks(CHUNK) {
            let chunk = Chunk { stream, bytes: piece.to_vec() };
            self.kept.keep(&chunk);
            loop {
                tokio::select! {
                    biased;
                    room = output.reserve() => {
                        if let Ok(room) = room {
                            room.send(chunk);
                        }
                        break;
                    }
                    () = self.disturbed() => self.check().await?,
                }
            }
        }
        Ok(())
    }

    /// Waits; for ever without a duration. A signal that does not end the process ends the wait.
    pub(super) async fn pause(&mut self, duration: Option<Duration>) -> Result<(), Stop> {
        let wait = async {
            match duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => Ok(()),
            () = self.disturbed() => self.check().await,
        }
    }

    /// Returns when a signal has come that matters.
    async fn disturbed(&mut self) {
        let heeds_term = matches!(self.trap, Trap::Die | Trap::Run(_));
        // Whoever could signal being gone means that the container is.
        drop(
            self.signals
                .wait_for(|signal| *signal == Signal::Kill || (*signal == Signal::Term && heeds_term))
                .await,
        );
    }

    /// Heeds a signal that has come.
    async fn check(&mut self) -> Result<(), Stop> {
        let gone = self.signals.has_changed().is_err();
        let signal = if gone { Signal::Kill } else { *self.signals.borrow() };
        match (signal, &self.trap) {
            (Signal::Kill, _) => Err(Stop::Exit(KILLED)),
            (Signal::Term, Trap::Die) => Err(Stop::Exit(TERMINATED)),
            (Signal::Term, Trap::Run(command)) => {
                let command = command.clone();
                self.trap = Trap::Spent;
                self.run(&command).await.map(drop)
            }
            (Signal::Term, Trap::Ignore | Trap::Spent | Trap::NotConcerned) | (Signal::Run, _) => Ok(()),
        }
    }
}

fn code_of(done: Status) -> i64 {
    match done {
        Ok(code) | Err(Stop::Exit(code)) => code,
        Err(Stop::Break) => 0,
    }
}

/// A terminal ends lines with both.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut returned = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if *byte == b'\n' {
            returned.push(b'\r');
        }
        returned.push(*byte);
    }
    returned
}
