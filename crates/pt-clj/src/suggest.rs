//! Names near one that is not known.

/// At most three known names, all of them as near.
pub(crate) fn near(name: &str, known: Vec<String>) -> Vec<String> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    let mut found: Vec<(usize, String)> = known
        .into_iter()
        .filter(|other| !other.is_empty() && !other.ends_with('*') && !other.starts_with(' '))
        .map(|other| (distance(name, &other), other))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    found.sort();
    found.dedup();
    // What is further off than the nearest was not meant.
    let nearest = found.first().map(|(distance, _)| *distance);
    found.retain(|(distance, _)| Some(*distance) == nearest);
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// How many letters must be added, removed, changed or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 3 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (i, one) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in right.iter().enumerate() {
            let mut cost = (rows[i][j] + usize::from(one != other)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left[i - 1] == *other && right[j - 1] == *one {
                cost = cost.min(rows[i - 1][j - 1] + 1);
            }
            row.push(cost);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}
