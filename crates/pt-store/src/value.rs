//! Values: named texts that polytope files refer to with `pt.value`.

use jiff::Timestamp;
use pt_model::Data;
use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use crate::scope::meant;
use crate::{Scope, Store, StoreError};

/// A named value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Value {
    /// Its name.
    pub id: String,
    /// Its text; of data that is no text, JSON.
    pub data: String,
    /// What it is if it is no text: code may set any data.
    #[serde(default, skip_serializing_if = "Data::is_null")]
    pub structure: Data,
    /// When it was last set.
    pub modified_ts: Timestamp,
}

impl Store {
    /// Sets a value to a text, whether it was set before or not.
    pub fn set_value(&self, scope: &Scope, id: &str, data: &str, at: Timestamp) -> Result<(), StoreError> {
        self.put_value(scope, id, data, false, at)
    }

    /// Sets a value to any data. Secrets in it are stored as `[secret NAME]`.
    pub fn set_value_data(
        &self,
        scope: &Scope,
        id: &str,
        data: &Data,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        match data.as_text() {
            Some(text) => self.put_value(scope, id, &text.masked(), false, at),
            None => self.put_value(scope, id, &data.to_string(), true, at),
        }
    }

    fn put_value(
        &self,
        scope: &Scope,
        id: &str,
        data: &str,
        is_json: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.database().write("set a value", |tx| {
            tx.prepare_cached(
                "INSERT INTO named_value (context, instance, name, data, is_json, modified_ts)
                 VALUES (:context, :instance, :name, :data, :json, :at)
                 ON CONFLICT DO UPDATE SET
                 data = excluded.data, is_json = excluded.is_json, modified_ts = excluded.modified_ts",
            )?
            .execute(named_params! {
                ":context": scope.context, ":instance": scope.instance.as_str(), ":name": id,
                ":data": data, ":json": is_json, ":at": at.to_string(),
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
                "SELECT name, data, is_json, modified_ts FROM named_value
                 WHERE context = :context AND instance = :instance ORDER BY name",
            )?
            .query_map(
                named_params! { ":context": scope.context, ":instance": scope.instance.as_str() },
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, timestamp(row, 3)?)),
            )?
            .collect::<rusqlite::Result<Vec<(String, String, bool, Timestamp)>>>()
        })?;
        let value = |(id, data, is_json, modified_ts): (String, String, bool, Timestamp)| {
            let structure = if is_json { serde_json::from_str(&data) } else { Ok(Data::Null) };
            let damaged =
                |cause| self.database().damaged(format!("the value '{id}' cannot be read ({cause})"));
            Ok(Value { structure: structure.map_err(damaged)?, id, data, modified_ts })
        };
        rows.into_iter().map(value).collect()
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
