//! What Docker's init says when a container's command cannot be executed.
//!
//! With an init in the container the engine itself cannot know: the start succeeds, the init writes its own line and exits
//! with 127 or 126. The line speaks of a program nobody asked for, so it is put into words about the command.

/// The line in our words, if these bytes are one of the init's.
pub(super) fn translate(bytes: &[u8]) -> Option<Vec<u8>> {
    let line = std::str::from_utf8(bytes).ok()?.strip_prefix("[FATAL tini (")?.trim_end();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_inits_own_line_is_translated() {
        for (said, told) in [
            (
                "[FATAL tini (7)] exec nope failed: No such file or directory\n",
                Some("nope: there is no such command in the image's $PATH\n"),
            ),
            ("[FATAL tini (7)] exec /etc failed: Permission denied\n", Some("/etc: may not be executed\n")),
            ("[FATAL] out of coffee\n", None),
        ] {
            assert_eq!(translate(said.as_bytes()), told.map(|told| told.as_bytes().to_vec()), "{said}");
        }
    }
}
