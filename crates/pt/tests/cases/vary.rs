//! Names for what varies from run to run.

use std::path::Path;

use regex::Regex;

/// What a user sees, with names in brackets for what varies.
pub(crate) struct Names {
    home: String,
    patterns: Vec<(Regex, &'static str)>,
}

impl Names {
    /// Names for what is seen in a home directory with the project in `project` below it.
    pub(crate) fn new(home: &Path) -> Self {
        let pattern = |pattern: &str, name| (Regex::new(pattern).expect("valid"), name);
        Self {
            home: home.display().to_string(),
            patterns: vec![
                pattern(r"after \d+\.\d s\b", "after [time]"),
                pattern(r", \d+ (s|min) ago\b", ", [time] ago"),
                pattern(r"\b(running|stopping|starting) \d+ (s|min)\b", "$1 N s"),
                pattern(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
                pattern(r"http://127\.0\.0\.1:\d+\b", "http://127.0.0.1:[port]"),
                // A free port instead of a taken one.
                pattern(r"localhost:\d+ \(port", "localhost:[port] (port"),
                // The piece of an instance's id in names of containers, networks and volumes.
                pattern(r"\b(project|one|two)-[0-9a-f]{6}\b", "$1-[id]"),
            ],
        }
    }

    /// The text with what varies named.
    pub(crate) fn apply(&self, text: &str) -> String {
        let text = text.replace(&format!("{}/project", self.home), "[dir]").replace(&self.home, "[home]");
        self.patterns
            .iter()
            .fold(text, |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned())
    }
}
