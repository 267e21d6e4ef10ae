//! Values and secrets taken together.

use rusqlite::named_params;

use crate::{Scope, Store, StoreError};

impl Store {
    /// A digest that is another one as soon as a value or secret of the scope is. Nothing of what they say shows in it: of
    /// secrets it is made from what is stored, which is encrypted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn settings_digest(&self, scope: &Scope) -> Result<String, StoreError> {
        let rows = self.database().read("read the values and secrets", |tx| {
            tx.prepare_cached(
                "SELECT 'value', name, data, is_json FROM named_value
                 WHERE context = :context AND instance = :instance
                 UNION ALL
                 SELECT 'secret', name, hex(nonce) || hex(sealed), 0 FROM secret
                 WHERE context = :context AND instance = :instance
                 ORDER BY 1, 2",
            )?
            .query_map(
                named_params! { ":context": scope.context, ":instance": scope.instance.as_str() },
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )?
            .collect::<rusqlite::Result<Vec<(String, String, String, bool)>>>()
        })?;
        let mut hasher = blake3::Hasher::new();
        for (kind, name, data, is_json) in rows {
            for part in [kind.as_bytes(), name.as_bytes(), data.as_bytes(), &[u8::from(is_json)]] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pt_model::{InstanceId, Secret};

    use super::*;

    #[test]
    fn the_digest_changes_with_every_value_and_secret_of_the_scope_and_with_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let scope = Scope::new(Scope::LOCAL, InstanceId::new("a"));
        let elsewhere = Scope::new(Scope::LOCAL, InstanceId::new("b"));
        let now = Timestamp::UNIX_EPOCH;
        let mut known = vec![store.settings_digest(&scope).unwrap()];
        let mut look = |is_new: bool| {
            let digest = store.settings_digest(&scope).unwrap();
            assert_eq!(!known.contains(&digest), is_new);
            known.push(digest);
        };
        store.set_value(&elsewhere, "tag", "1", now).unwrap();
        look(false);
        store.set_value(&scope, "tag", "1", now).unwrap();
        look(true);
        store.set_value(&scope, "tag", "2", now).unwrap();
        look(true);
        store.set_secret(&scope, &Secret::new("tag", "2"), now).unwrap();
        look(true);
        store.set_secret(&scope, &Secret::new("tag", "3"), now).unwrap();
        look(true);
    }
}
