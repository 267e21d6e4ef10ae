//! Secrets: named texts that are encrypted where they lie.

use jiff::Timestamp;
use pt_model::Secret;
use rusqlite::named_params;
use serde::{Deserialize, Serialize};

use crate::key::Sealed;
use crate::scope::meant;
use crate::value::timestamp;
use crate::{Scope, Store, StoreError};

/// What may be told of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecretInfo {
    /// Its name.
    pub id: String,
    /// When it was last set.
    pub modified_ts: Timestamp,
}

impl Store {
    /// Sets a secret, whether it was set before or not.
    pub fn set_secret(&self, scope: &Scope, secret: &Secret, at: Timestamp) -> Result<(), StoreError> {
        let sealed = self.key().seal(secret.expose(), &place(scope, secret.name()))?;
        self.database().write("set a secret", |tx| {
            tx.prepare_cached(
                "INSERT INTO secret (context, instance, name, nonce, sealed, modified_ts)
                 VALUES (:context, :instance, :name, :nonce, :sealed, :at)
                 ON CONFLICT DO UPDATE SET
                 nonce = excluded.nonce, sealed = excluded.sealed, modified_ts = excluded.modified_ts",
            )?
            .execute(named_params! {
                ":context": scope.context, ":instance": scope.instance.as_str(), ":name": secret.name(),
                ":nonce": sealed.nonce, ":sealed": sealed.text, ":at": at.to_string(),
            })?;
            Ok(())
        })
    }

    /// The secret of this name, or else of one that [means the same](crate::same_name).
    pub fn secret(&self, scope: &Scope, id: &str) -> Result<Option<Secret>, StoreError> {
        let known = self.secrets(scope)?;
        let Some(name) = meant(known.iter().map(|secret| secret.id.as_str()), id) else { return Ok(None) };
        let sealed = self.database().read("read a secret", |tx| {
            tx.prepare_cached(
                "SELECT nonce, sealed FROM secret
                 WHERE context = :context AND instance = :instance AND name = :name",
            )?
            .query_map(
                named_params! {
                    ":context": scope.context, ":instance": scope.instance.as_str(), ":name": name,
                },
                |row| Ok(Sealed { nonce: row.get(0)?, text: row.get(1)? }),
            )?
            .next()
            .transpose()
        })?;
        let Some(sealed) = sealed else { return Ok(None) };
        let unreadable =
            || StoreError::UnreadableSecret { name: name.to_owned(), key: self.key().path.clone() };
        let text = self.key().open_sealed(&sealed, &place(scope, name)).ok_or_else(unreadable)?;
        Ok(Some(Secret::new(name, text.as_str())))
    }

    /// The names of all secrets, in order.
    pub fn secrets(&self, scope: &Scope) -> Result<Vec<SecretInfo>, StoreError> {
        self.database().read("read the names of secrets", |tx| {
            tx.prepare_cached(
                "SELECT name, modified_ts FROM secret
                 WHERE context = :context AND instance = :instance ORDER BY name",
            )?
            .query_map(
                named_params! { ":context": scope.context, ":instance": scope.instance.as_str() },
                |row| Ok(SecretInfo { id: row.get(0)?, modified_ts: timestamp(row, 1)? }),
            )?
            .collect()
        })
    }

    /// Deletes the secret of exactly this name. False if there is none.
    pub fn delete_secret(&self, scope: &Scope, id: &str) -> Result<bool, StoreError> {
        self.database().write("delete a secret", |tx| {
            let deleted = tx.execute(
                "DELETE FROM secret WHERE context = :context AND instance = :instance AND name = :name",
                named_params! {
                    ":context": scope.context, ":instance": scope.instance.as_str(), ":name": id,
                },
            )?;
            Ok(deleted > 0)
        })
    }
}

/// What a sealed secret is bound to, so that a row copied to another name or project does not open there. The lengths
/// keep the parts apart.
fn place(scope: &Scope, name: &str) -> Vec<u8> {
    let mut place = Vec::new();
    for part in [scope.context.as_str(), scope.instance.as_str(), name] {
        place.extend_from_slice(&(part.len() as u64).to_le_bytes());
        place.extend_from_slice(part.as_bytes());
    }
    place
}
