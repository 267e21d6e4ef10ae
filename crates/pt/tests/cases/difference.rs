//! How two transcripts differ.

/// The lines that differ, `-` as written and `+` as seen, with a few unchanged ones in front.
pub(crate) fn show(written: &str, seen: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (written.lines().collect(), seen.lines().collect());
    let same_before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same_before;
    let same_after = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let parts = [
        ("  ", &old[same_before.saturating_sub(3)..same_before]),
        ("- ", &old[same_before..old.len() - same_after]),
        ("+ ", &new[same_before..new.len() - same_after]),
    ];
    let lines =
        parts.into_iter().flat_map(|(mark, lines)| lines.iter().map(move |line| format!("{mark}{line}\n")));
    format!("the transcript differs (UPDATE=1 writes it anew):\n{}", lines.collect::<String>())
}
