//! A failure in few words: what failed, with which exit code, why probably, what to try, and its last lines.

use pt_model::{ContainerStatus, Failure, Job, LogLine, Masker, Status, Step, StepId};

use crate::sandbox::{JobView, belongs};

/// How many of a failed step's last lines are told.
const LAST_LINES: usize = 50;

/// Characters of them, of all the steps that are told of: the rest of the digest has its place in an answer, too.
const LOG: usize = 8000;

/// Characters of one line.
const LINE: usize = 300;

/// Characters of a line that tells the cause.
const TELLING_LINE: usize = 200;

/// Characters of a step's message.
const MESSAGE: usize = 2000;

/// How many failed steps are told of in full.
const TOLD: usize = 3;

/// What is known of a failed call.
pub(crate) struct Failed<'a> {
    pub(crate) view: &'a JobView,
    /// The lines of the job, the last last.
    pub(crate) lines: &'a [LogLine],
    /// Mistakes in the user's files, rendered.
    pub(crate) findings: &'a str,
    /// Finds the secrets in what is shortened: half of one would not be found any more.
    pub(crate) masker: &'a Masker,
}

impl Failed<'_> {
    /// The digest.
    pub(crate) fn digest(&self) -> String {
        let job = &self.view.job;
        let failed = failed_steps(job);
        let mut text = String::new();
        let room = LOG / failed.len().clamp(1, TOLD);
        for (id, message) in failed.iter().take(TOLD) {
            text.push_str(&self.step(id, message, room));
        }
        if failed.len() > TOLD {
            let more: Vec<&str> = failed[TOLD..].iter().map(|(id, _)| id.as_str()).collect();
            text.extend([format!("Also failed: {}.\n", more.join(", "))]);
        }
        if failed.is_empty() {
            let reason = job.stop_reason.as_deref().unwrap_or("somebody asked for it");
            let it = job.steps.keys().next().map_or_else(|| "job".to_owned(), |step| format!("step {step}"));
            text.extend([format!("FAILED: {it} was stopped: {reason}.\n")]);
        }
        let canceled: Vec<&str> = job
            .steps
            .iter()
            .filter(|(_, s)| s.status == Status::Canceled)
            .map(|(id, _)| id.as_str())
            .collect();
        if !canceled.is_empty() {
            text.extend([format!("Did not run for that reason: {}.\n", canceled.join(", "))]);
        }
        if !self.findings.is_empty() {
            text.extend([format!("In the polytope file:\n{}\n", self.findings.trim_end())]);
        }
        text
    }

    /// What is told of one step, with lines of it in that many characters.
    fn step(&self, id: &StepId, message: &str, room: usize) -> String {
        let job = &self.view.job;
        let of_it = |step: &StepId| belongs(job, step, id);
        let lines: Vec<&str> =
            self.lines.iter().filter(|line| of_it(&line.step)).map(|line| line.text.as_str()).collect();
        let exited =
            job.containers.iter().filter(|(_, container)| of_it(&container.step)).find(|(_, container)| {
                container.status == ContainerStatus::Failed
                    || container.exit_code.is_some_and(|code| code != 0)
            });
        let code = exited.and_then(|(_, container)| container.exit_code);
        let calls = self.view.references.get(id).map(|name| format!(" ({name})")).unwrap_or_default();
        let of = if self.view.own { String::new() } else { format!(" of job {}", self.view.key.job) };
        let mut text = format!("FAILED: step {id}{calls}{of}: {}\n", self.short(message.trim_end(), MESSAGE));
        if let Some((container, state)) = exited {
            let image = &state.spec.image;
            match code {
                Some(code) => {
                    text.extend([format!("Exit code {code}: container {container}, image {image}\n")]);
                }
                None => text.extend([format!("Container {container} did not start, image {image}\n")]),
            }
        }
        if let Some(Cause { cause, attempt }) =
            likely_cause(code, message, &lines, |line| self.short(line, TELLING_LINE))
        {
            text.extend([format!("Likely cause: {cause}\nTry: {attempt}\n")]);
        }
        let last = self.last_lines(&lines, room);
        if !last.is_empty() {
            text.extend([match (last.len(), lines.len()) {
                (1, 1) => "Its last line:\n".to_owned(),
                (shown, all) if shown == all => format!("Its {all} lines:\n"),
                (shown, all) => format!("Its last {shown} of {all} lines:\n"),
            }]);
            for line in last {
                text.extend([format!("  {line}\n")]);
            }
        }
        text
    }

    /// The last lines, shortened, no more than fit; one in any case.
    fn last_lines(&self, lines: &[&str], room: usize) -> Vec<String> {
        let mut taken = 0;
        let mut last: Vec<String> = Vec::new();
        for line in lines.iter().rev().take(LAST_LINES) {
            let line = self.short(line, LINE);
            taken += line.chars().count();
            if taken > room && !last.is_empty() {
                break;
            }
            last.push(line);
        }
        last.reverse();
        last
    }

    /// How a text begins, and how much more of it there is.
    fn short(&self, text: &str, most: usize) -> String {
        // No text has more characters than bytes.
        if text.len() <= most || text.chars().count() <= most {
            return text.to_owned();
        }
        let safe = self.masker.mask(text);
        let Some((end, _)) = safe.char_indices().nth(most) else { return safe };
        format!("{}… ({} more characters)", &safe[..end], safe[end..].chars().count())
    }
}

/// The steps that failed by themselves, not for a part of theirs nor for what they called, and their messages.
fn failed_steps(job: &Job) -> Vec<(StepId, String)> {
    let failed = || job.steps.iter().filter(|(_, step)| step.status == Status::Failed);
    let caused = |id: &StepId, step: &Step| {
        failed().any(|(other, cause)| {
            let is_told = || cause.failure == step.failure && belongs(job, other, id);
            other != id && (is_part(other, id) || is_told())
        })
    };
    failed()
        .filter(|(id, step)| !caused(id, step))
        .map(|(id, step)| {
            let message = step.failure.as_ref().map(Failure::told);
            (id.clone(), message.unwrap_or_default())
        })
        .collect()
}

pub(crate) fn is_part(part: &StepId, of: &StepId) -> bool {
    part.as_str().strip_prefix(of.as_str()).is_some_and(|rest| rest.starts_with('.'))
}

/// Why something failed, probably.
#[derive(Debug, PartialEq, Eq)]
struct Cause {
    cause: String,
    attempt: &'static str,
}

/// Words that tell a cause: what a line contains, what that means, what to try.
const TELLING: &[(&[&str], &str, &str)] = &[
    (
        &[
            "ModuleNotFoundError",
            "No module named",
            "Cannot find module",
            "Cannot find package",
            "ERR_MODULE_NOT_FOUND",
            "no required module provides package",
        ],
        "a dependency is not installed",
        "add it (bluetext://code-gen-modules/add-package-python, …/add-package-npm), or name the right file in `cmd`",
    ),
    (
        &["EADDRINUSE", "ddress already in use", "port is already allocated"],
        "the port is taken",
        "stop what uses it (list-services), or change the port of the service",
    ),
    (
        &["ECONNREFUSED", "onnection refused"],
        "what it connects to does not listen there yet",
        "let the step run `after` the service is ready (or use polytope/await-service); connect to the service's id, not to localhost",
    ),
    (
        &[
            "ENOTFOUND",
            "EAI_AGAIN",
            "could not translate host name",
            "Name or service not known",
            "Could not resolve host",
            "Temporary failure in name resolution",
            "no such host",
        ],
        "a host name is unknown in the job's network",
        "use the id of a service that the same job opens (list-services)",
    ),
    (
        &["superuser password is not specified", "MYSQL_ROOT_PASSWORD", "password option is not specified"],
        "the database was given no password for its superuser",
        "give it one in `env`: {name: POSTGRES_PASSWORD, value: pt.secret db-password}, which a person sets: pt secrets set \
         db-password DATA; or, for a database that only this job reaches, {name: POSTGRES_HOST_AUTH_METHOD, value: trust}, as \
         polytope/postgres!simple does",
    ),
    (
        &[
            "password authentication failed",
            "Access denied for user",
            "authentication failed",
            "NOAUTH",
            "WRONGPASS",
        ],
        "the credentials are wrong",
        "compare those of the service with those of its client; a data volume keeps the password that it was made with",
    ),
    (
        &["\" does not exist", "no such table", "no such column", "UndefinedTable", "' doesn't exist"],
        "something is not there in the database, or has another name",
        "compare the names; create it first, with a migration or `scripts` (these run only when the data volume is empty)",
    ),
    (
        &["SyntaxError", "IndentationError", "ParseError", "syntax error"],
        "a syntax error in the code",
        "mend the line that is named above, then call the tool again",
    ),
    (
        &["permission denied", "Permission denied", "EACCES"],
        "a file may not be read, written or executed",
        "check the mode of the script (chmod +x), the `user` of the container, and its mounts",
    ),
    (
        &["command not found", ": not found", "executable file not found"],
        "a program is not in the image",
        "use an image that has it, or install it in the command",
    ),
    (
        &["No such file or directory", "ENOENT", "can't open file", "cannot open"],
        "a file is not there",
        "check `mounts` and `workdir`: paths of mounts are relative to the polytope file",
    ),
    (
        &[
            "Remote end closed connection",
            "onnection reset",
            "socket hang up",
            "ECONNRESET",
            "Empty reply from server",
            "HTTP Error 5",
            "Internal Server Error",
            "Bad Gateway",
        ],
        "the service that it called failed while it answered",
        "read the lines of that service: list-services, then get-container-logs with its id",
    ),
    (
        &["AssertionError", "assert ", "FAIL:", "FAILED ", "✗", "Tests failed", "test failed"],
        "a test failed",
        "read the lines below, mend the code or the test, and call the tool again",
    ),
];

/// Why the step failed, as far as its exit code, its message and its last lines tell. `short` makes a line fit.
fn likely_cause(
    code: Option<i64>,
    message: &str,
    lines: &[&str],
    short: impl Fn(&str) -> String,
) -> Option<Cause> {
    let cause = |cause: &str, attempt| Some(Cause { cause: cause.to_owned(), attempt });
    if message.contains("is not set") {
        return cause(
            "a value or secret is not set",
            "set-value; a person sets secrets: pt secrets set NAME DATA",
        );
    }
    if message.contains("Host path not found") {
        return cause(
            "a file or directory that is to be mounted is not there",
            "make it at the path that was looked for, or correct `code` or `mounts`",
        );
    }
    if message.contains("image") && (message.contains("not found") || message.contains("pull")) {
        return cause(
            "the image cannot be had",
            "check its name and tag, or build it first (polytope/build-image)",
        );
    }
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    if let Some(line) = last.iter().rev().find(|line| !line.trim().is_empty())
        && line.starts_with("KeyError:")
        && last.iter().any(|line| line.contains("environ"))
    {
        let cause = format!("an environment variable is not set (`{}`)", short(line.trim()));
        return Some(Cause { cause, attempt: "add it to `env` of the module" });
    }
    for (words, means, attempt) in TELLING {
        let telling = |line: &&&str| words.iter().any(|word| line.contains(word));
        if let Some(line) = last.iter().rev().find(telling) {
            return Some(Cause { cause: format!("{means} (`{}`)", short(line.trim())), attempt });
        }
        if words.iter().any(|word| message.contains(word)) {
            return cause(means, attempt);
        }
    }
    match code? {
        127 => cause("its command is not in the image", "correct `cmd`, or use an image that has it"),
        126 => {
            cause("its command cannot be executed", "make the script executable, and let it begin with #!")
        }
        137 => cause("it was killed, often for want of memory", "give it more memory, or let it use less"),
        139 => cause(
            "it crashed (segmentation fault)",
            "look at its native dependencies and the image's architecture",
        ),
        143 => cause("it was asked to stop", "find out who stopped it: describe-step"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_from_lines_and_codes() {
        for (code, message, lines, cause) in [
            (
                Some(1),
                "",
                &["x", "ModuleNotFoundError: No module named 'flask'"][..],
                "a dependency is not installed (`ModuleNotFoundError: No module named 'flask'`)",
            ),
            (
                Some(1),
                "",
                &["dial tcp: connection refused"],
                "what it connects to does not listen there yet (`dial tcp: connection refused`)",
            ),
            (
                Some(1),
                "",
                &["    import os; os.environ[\"NOPE\"]", "KeyError: 'NOPE'"],
                "an environment variable is not set (`KeyError: 'NOPE'`)",
            ),
            (
                Some(1),
                "",
                &["ERROR:  relation \"nots\" does not exist at character 22"],
                "something is not there in the database, or has another name (`ERROR:  relation \"nots\" does not exist at character 22`)",
            ),
            (
                Some(1),
                "",
                &["http.client.RemoteDisconnected: Remote end closed connection without response"],
                "the service that it called failed while it answered (`http.client.RemoteDisconnected: Remote end closed connection without response`)",
            ),
            (
                Some(1),
                "",
                &["Error: Database is uninitialized and superuser password is not specified."],
                "the database was given no password for its superuser (`Error: Database is uninitialized and superuser password is not specified.`)",
            ),
            (
                None,
                "Host path not found: api (looked for /x/api)",
                &[],
                "a file or directory that is to be mounted is not there",
            ),
            (Some(127), "", &["sh: foo: not found"], "a program is not in the image (`sh: foo: not found`)"),
            (Some(127), "", &[], "its command is not in the image"),
            (Some(137), "", &["working"], "it was killed, often for want of memory"),
            (None, "Secret 'key' is not set.", &[], "a value or secret is not set"),
        ] {
            assert_eq!(likely_cause(code, message, lines, str::to_owned).unwrap().cause, cause);
        }
        let message = "The container exited with a nonzero exit code.";
        assert_eq!(likely_cause(Some(3), message, &["bye"], str::to_owned), None);
    }
}
