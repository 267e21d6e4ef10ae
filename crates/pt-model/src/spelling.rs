//! Names as the languages spell them: `await-done`, `awaitDone`, `await_done`.

/// A name as JavaScript spells it: `await-done` and `await_done` are `awaitDone`. Hyphens and underscores before a letter
/// or digit go, except at the beginning. Names without a small letter (`MY_VAR`) are constants and stay.
pub fn camel(name: &str) -> String {
    if !name.contains(['-', '_']) || !name.contains(char::is_lowercase) {
        return name.to_owned();
    }
    let mut camel = String::with_capacity(name.len());
    let mut begun = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if matches!(c, '-' | '_') && begun && next.is_alphanumeric() => {
                camel.extend(next.to_uppercase());
                chars.next();
            }
            _ => camel.push(c),
        }
        begun |= c.is_alphanumeric();
    }
    camel
}

/// A name as polytope files spell it: `awaitDone` and `await_done` are `await-done`. Only what begins with a small letter
/// or digit is in camel case: `MY_VAR` is `MY-VAR`.
pub fn kebab(name: &str) -> String {
    let camel = name.starts_with(|first: char| first.is_lowercase() || first.is_ascii_digit());
    let mut kebab = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        match c {
            '_' => kebab.push('-'),
            c if camel && c.is_uppercase() => {
                kebab.push('-');
                kebab.extend(c.to_lowercase());
            }
            c => kebab.push(c),
        }
    }
    kebab
}

/// Which names values and secrets may have, for who gave another.
pub const VALUE_NAMES: &str =
    "Names have letters, digits, `_`, `-` and `.`, and begin with a letter, a digit or `_`.";

/// Whether a value or a secret may have this name: whether polytope files can refer to it.
pub fn is_value_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_values_are_those_that_files_can_refer_to() {
        for name in ["a", "DB_HOST", "s3.bucket-2", "_x", "2fa"] {
            assert!(is_value_name(name), "{name}");
        }
        for name in ["", "-a", ".a", "a b", "a/b", "é", "a\nb", "a}"] {
            assert!(!is_value_name(name), "{name}");
        }
    }

    #[test]
    fn names_in_camel_case() {
        for (kebab, expected) in [
            ("db-host", "dbHost"),
            ("db_host", "dbHost"),
            ("plain", "plain"),
            ("port-2", "port2"),
            ("_private", "_private"),
            ("__proto__", "__proto__"),
            ("a--b", "a-B"),
            ("trailing-", "trailing-"),
            ("MY_VAR", "MY_VAR"),
            ("connection.url", "connection.url"),
        ] {
            assert_eq!(camel(kebab), expected);
        }
    }

    #[test]
    fn names_in_kebab_case() {
        for (name, expected) in [
            ("dbHost", "db-host"),
            ("db_host", "db-host"),
            ("db-host", "db-host"),
            ("aBC", "a-b-c"),
            ("s3Bucket", "s3-bucket"),
            ("MY_VAR", "MY-VAR"),
            ("Title", "Title"),
        ] {
            assert_eq!(kebab(name), expected);
        }
    }
}
