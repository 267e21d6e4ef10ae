//! What the functions of Clojure do, in a line each.

/// How a function or macro of Clojure is called, and what it does, if it is one of those that people use.
/// `str/join` and the like are found by their short names, too.
pub fn help(name: &str) -> Option<String> {
    let full = match name.split_once('/') {
        Some(("str", rest)) if !rest.is_empty() => format!("clojure.string/{rest}"),
        Some(("set", rest)) => format!("clojure.set/{rest}"),
        Some(("walk", rest)) => format!("clojure.walk/{rest}"),
        Some(("edn", rest)) => format!("clojure.edn/{rest}"),
        Some(("clojure.core", rest)) => rest.to_owned(),
        Some(_) | None => name.to_owned(),
    };
    let (usage, info) = entries().find(|(usage, _)| usage.split(' ').next() == Some(&full))?;
    Some(format!("({usage})\n{info}"))
}

fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("help.txt").lines().filter_map(|line| line.split_once(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_there() {
        let known = pt_clj::core_names();
        for (usage, info) in entries() {
            let name = usage.split(' ').next().unwrap_or_default();
            // What `try` and `loop` look for is no name.
            let special = ["catch", "finally", "recur"].contains(&name);
            assert!(special || known.iter().any(|known| known == name), "{name}");
            assert!(info.ends_with('.') || info.ends_with("form") || info.contains(": "), "{name}: {info}");
        }
    }

    #[test]
    fn people_find_it_by_the_name_they_use() {
        for (name, told) in [
            (
                "map",
                Some(
                    "(map f & colls)\nWhat f gives for the items, of several collections taken together; lazy.",
                ),
            ),
            (
                "str/join",
                Some(
                    "(clojure.string/join separator? coll)\nThe items as one text, the separator between them.",
                ),
            ),
            ("/", Some("(/ number & numbers)\nDivides the first by the others; of whole numbers a ratio.")),
            ("frobnicate", None),
        ] {
            assert_eq!(help(name).as_deref(), told);
        }
    }
}
