//! What names say of what they name.

/// Words in the names of what should not be shown.
const SECRET: [&str; 6] = ["password", "passwd", "secret", "token", "credential", "-pw"];

/// The same, which are written as one word, too.
const SECRET_TOGETHER: [&str; 2] = ["apikey", "privatekey"];

/// How such names end.
const SECRET_ENDS: [&str; 2] = ["pass", "passphrase"];

/// The last words of such names.
const SECRET_WORDS: [&str; 3] = ["auth", "pat", "sk"];

/// How names end of what is no secret, but says where one is, or whose.
const NO_SECRET: [&str; 4] = ["-id", "-file", "-path", "-name"];

/// Whether a variable, a param or the like sounds as if what it holds should be kept secret: `DB_PASSWORD`.
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', '.'], "-");
    let name = name.trim_matches('-');
    let together = name.replace('-', "");
    let last_word = name.rsplit('-').next().unwrap_or_default();
    let sounds_secret = SECRET.iter().any(|word| name.contains(word))
        || SECRET_TOGETHER.iter().any(|word| together.contains(word))
        || SECRET_ENDS.iter().any(|end| name.ends_with(end))
        || SECRET_WORDS.contains(&last_word);
    sounds_secret && !NO_SECRET.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_secret() {
        for name in ["POSTGRES_PASSWORD", "apiKey", "api-key", "db.passwd", "GH_PAT", "dbPass", "my-tokens"] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in ["user", "POSTGRES_PASSWORD_FILE", "secret-name", "path", "AWS_ACCESS_KEY_ID", "author"] {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
