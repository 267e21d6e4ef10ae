//! Values: named texts that polytope files refer to with `pt.value`.

use jiff::Timestamp;
use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use crate::scope::meant;
use crate::{Scope, Store, StoreError};

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Value {
    /// Its name.
    pub id: String,
    /// Its text.
    pub data: String,
    /// When it was last set.
    pub modified_ts: Timestamp,
}

impl Store {
    /// Sets a value, whether it was set before or not.
    pub fn set_value(&self, scope: &Scope, id: &str, data: &str, at: Timestamp) -> Result<(), StoreError> {
        self.database().write("set a value", |tx| {
            tx.prepare_cached(
                "INSERT INTO named_value (context, instance, name, data, modified_ts)
                 VALUES (:context, :instance, :name, :data, :at)
                 ON CONFLICT DO UPDATE SET data = excluded.data, modified_ts = excluded.modified_ts",
            )?
            .execute(named_params! {
                ":context": scope.context, ":instance": scope.instance.as_str(), ":name": id,
                ":data": data, ":at": at.to_string(),
            })?;
            Ok(())
        })
    }

    /// The value of this name, or else of one that [means the same](crate::same_name).
    pub fn value(&self, scope: &Scope, id: &str) -> Result<Option<Value>, StoreError> {
        let mut values = self.values(scope)?;
        let found = meant(values.iter().map(|value| value.id.as_str()), id).map(str::to_owned);
        Ok(found
            .and_then(|id| values.iter().position(|value| value.id == id))
            .map(|at| values.swap_remove(at)))
    }

    /// All values in the order of their names.
    pub fn values(&self, scope: &Scope) -> Result<Vec<Value>, StoreError> {
        let rows = self.database().read("read the values", |tx| {
            tx.prepare_cached(
                "SELECT name, data, modified_ts FROM named_value
                 WHERE context = :context AND instance = :instance ORDER BY name",
            )?
            .query_map(
                named_params! { ":context": scope.context, ":instance": scope.instance.as_str() },
                |row| Ok((row.get(0)?, row.get(1)?, timestamp(row, 2)?)),
            )?
            .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        Ok(rows.into_iter().map(|(id, data, modified_ts)| Value { id, data, modified_ts }).collect())
    }

    /// Deletes the value of exactly this name. False if there is none.
    pub fn delete_value(&self, scope: &Scope, id: &str) -> Result<bool, StoreError> {
        self.database().write("delete a value", |tx| {
            let deleted = tx.execute(
                "DELETE FROM named_value WHERE context = :context AND instance = :instance AND name = :name",
                named_params! {
                    ":context": scope.context, ":instance": scope.instance.as_str(), ":name": id,
                },
            )?;
            Ok(deleted > 0)
        })
    }
}

/// The timestamp in a column.
pub(crate) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    text.parse().map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(cause))
    })
}
