//! Trees of files, for people.

/// Draws paths as a tree, below the name of their directory.
pub(crate) fn draw(top: &str, paths: &[String]) -> String {
    let mut sorted: Vec<Vec<&str>> = paths.iter().map(|path| path.split('/').collect()).collect();
    sorted.sort();
    let mut text = format!("{top}\n");
    level(&sorted, "", &mut text);
    text
}

fn level(paths: &[Vec<&str>], indent: &str, text: &mut String) {
    let names: Vec<&[Vec<&str>]> = paths.chunk_by(|a, b| a.first() == b.first()).collect();
    for (at, group) in names.iter().enumerate() {
        let last = at + 1 == names.len();
        let Some(name) = group.first().and_then(|path| path.first()) else { continue };
        text.extend([indent, if last { "└── " } else { "├── " }, name, "\n"]);
        let below: Vec<Vec<&str>> =
            group.iter().filter(|path| path.len() > 1).map(|path| path[1..].to_vec()).collect();
        level(&below, &format!("{indent}{}", if last { "    " } else { "│   " }), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees() {
        let paths = ["src/main.py", "README.md", "src/lib/a.py", "zoo"].map(str::to_owned);
        let expected =
            "api\n├── README.md\n├── src\n│   ├── lib\n│   │   └── a.py\n│   └── main.py\n└── zoo\n";
        assert_eq!(draw("api", &paths), expected);
    }
}
