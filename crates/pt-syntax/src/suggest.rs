//! "Did you mean": the candidate that a misspelt word comes closest to.

/// Words longer than this are not compared: nobody misspells them, and comparing takes time.
const LONGEST: usize = 64;

/// The candidate that was probably meant. Case, `_` and `-` do not count; otherwise one slip for every three letters is
/// forgiven. Of equally close ones, the first.
pub fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = folded(word);
    if wanted.is_empty() || wanted.len() > LONGEST {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let offered = folded(candidate);
        let allowed = (wanted.len().max(offered.len()) / 3).clamp(1, 3);
        let limit = best.map_or(allowed, |(distance, _)| allowed.min(distance.saturating_sub(1)));
        if offered.len() > LONGEST || offered.is_empty() || best.is_some_and(|(distance, _)| distance == 0) {
            continue;
        }
        let found = distance(&wanted, &offered);
        // One letter against another is no slip but another word.
        if found <= limit && found < wanted.len().min(offered.len()) {
            best = Some((found, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn folded(word: &str) -> Vec<char> {
    word.chars().filter(|char| !matches!(char, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut rows =
        [vec![0; right.len() + 1], (0..=right.len()).collect::<Vec<_>>(), vec![0; right.len() + 1]];
    for (row, &a) in left.iter().enumerate() {
        let [before, above, current] = &mut rows;
        current[0] = row + 1;
        for (column, &b) in right.iter().enumerate() {
            let substituted = above[column] + usize::from(a != b);
            let mut least = substituted.min(above[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && a == right[column - 1] && left[row - 1] == b;
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        rows.rotate_left(1);
    }
    rows[1][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words() {
        let candidates = ["postgres", "redpanda", "hello-world", "db_host", "api", "id", "run-when"];
        let table = [
            ("postgre", Some("postgres")),
            ("psotgres", Some("postgres")),
            ("Postgres", Some("postgres")),
            ("helloworld", Some("hello-world")),
            ("hello_wrld", Some("hello-world")),
            ("db-host", Some("db_host")),
            ("apii", Some("api")),
            ("runwhen", Some("run-when")),
            ("redis", None),
            ("x", None),
            ("", None),
            ("mongo", None),
        ];
        for (word, expected) in table {
            assert_eq!(suggest(word, candidates), expected, "{word}");
        }
    }
}
