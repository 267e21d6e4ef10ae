//! A transcript: prose, then commands and what they showed.

use crate::Result;

/// What is to be typed.
pub(crate) struct Transcript<'a> {
    prose: &'a str,
    /// Each with the prompts it was written with.
    commands: Vec<&'a str>,
}

impl<'a> Transcript<'a> {
    /// Reads what is to be typed; what was seen is left out.
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut commands = Vec::new();
        let mut prose = None;
        let mut rest = text;
        while let Some(start) = next_command(rest) {
            prose.get_or_insert(&rest[..start]);
            let command = &rest[start..];
            let mut end = line_length(command);
            while command[end..].starts_with("> ") {
                end += line_length(&command[end..]);
            }
            commands.push(command[..end].trim_end_matches('\n'));
            rest = &command[end..];
        }
        Self { prose: prose.unwrap_or(text), commands }
    }

    /// Types everything, and gives the transcript of that.
    pub(crate) fn play(&self, mut run: impl FnMut(&str) -> Result<String>) -> Result<String> {
        let mut seen = self.prose.to_owned();
        for command in &self.commands {
            let typed: Vec<&str> = command.lines().map(|line| &line[2..]).collect();
            let shown = run(&typed.join("\n"))?;
            seen.push_str(command);
            seen.push('\n');
            seen.push_str(&shown);
        }
        Ok(seen)
    }
}

fn next_command(text: &str) -> Option<usize> {
    if text.starts_with("$ ") { Some(0) } else { text.find("\n$ ").map(|newline| newline + 1) }
}

fn line_length(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |newline| newline + 1)
}
