//! What engine and init write into the output of a container that cannot execute its command.
//!
//! With an init in the container the engine itself cannot know: the start succeeds, the init writes its own line and exits
//! with 127 or 126. Of an exec the engine tells in its output why it did not come about. Both speak of programs nobody asked
//! for, so they are put into words about the command.

use super::error::reason;

/// Whose the first words of an output are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FirstWords {
    /// The command's own.
    Own,
    /// Not its own: so they are in ours.
    Translated(Vec<u8>),
    /// More must come to tell.
    Unfinished,
}

/// With what docker's init begins its line. It writes the line in pieces.
const INIT: &[u8] = b"[FATAL tini (";

/// Longer than this, in bytes, no line of the init is.
const LONGEST: usize = 4096;

/// Whether these are the words of docker's init.
pub(super) fn of_init(bytes: &[u8]) -> FirstWords {
    let may_be = bytes.starts_with(INIT) || INIT.starts_with(bytes);
    if may_be && !bytes.contains(&b'\n') && bytes.len() < LONGEST {
        return FirstWords::Unfinished;
    }
    init_line(bytes).map_or(FirstWords::Own, FirstWords::Translated)
}

fn init_line(bytes: &[u8]) -> Option<Vec<u8>> {
    let line = str::from_utf8(bytes.strip_prefix(INIT)?).ok()?.trim_end();
    let (_, rest) = line.split_once(")] exec ")?;
    let (command, reason) = rest.rsplit_once(" failed: ")?;
    let told = match reason {
        "No such file or directory" if command.contains('/') => {
            format!("{command}: there is no such command in the image\n")
        }
        "No such file or directory" => format!("{command}: there is no such command in the image's $PATH\n"),
        "Permission denied" => format!("{command}: may not be executed\n"),
        reason => format!("{command}: {reason}\n"),
    };
    Some(told.into_bytes())
}

/// Whether these are the words of the engine, which says them at once, about an exec that there is not.
pub(super) fn of_exec(bytes: &[u8]) -> FirstWords {
    exec_line(bytes).map_or(FirstWords::Own, FirstWords::Translated)
}

fn exec_line(bytes: &[u8]) -> Option<Vec<u8>> {
    let line = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n")?;
    let told = line.starts_with("OCI runtime exec failed: ") || line.starts_with("unable to find user ");
    told.then(|| format!("{}\n", reason(400, line).text).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_inits_and_the_engines_own_lines_are_translated() {
        let told = |words: FirstWords| match words {
            FirstWords::Own => None,
            FirstWords::Translated(told) => Some(String::from_utf8(told).unwrap()),
            FirstWords::Unfinished => Some("…".to_owned()),
        };
        for (said, expected) in [
            (
                "[FATAL tini (7)] exec nope failed: No such file or directory\n",
                Some("nope: there is no such command in the image's $PATH\n"),
            ),
            ("[FATAL tini (7)] exec /etc failed: Permission denied\n", Some("/etc: may not be executed\n")),
            ("[FATAL", Some("…")),
            ("[FATAL tini (7)] exec /etc", Some("…")),
            ("[FATAL] out of coffee\n", None),
            ("[FATAL] out of coffee", None),
        ] {
            assert_eq!(told(of_init(said.as_bytes())).as_deref(), expected, "{said}");
        }
        for (said, expected) in [
            (
                "OCI runtime exec failed: exec failed: unable to start container process: exec: \"nope\": \
                 executable file not found in $PATH: unknown\r\n",
                Some("the command nope is not in the image's $PATH\n"),
            ),
            (
                "unable to find user nemo: no matching entries in passwd file\r\n",
                Some("the image knows no user nemo\n"),
            ),
            ("OCI runtime exec failed: says a program\n", None),
        ] {
            assert_eq!(told(of_exec(said.as_bytes())).as_deref(), expected, "{said}");
        }
    }
}
