//! Values. Of secrets the names alone are told.

use jiff::Timestamp;
use pt_model::{VALUE_NAMES, is_value_name};
use pt_server::AppError;
use pt_store::{Scope, same_name};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::server::Inner;
use crate::tools::list::none_fits;

/// Characters of a value that are shown in the list.
const SHOWN: usize = 200;

/// `get-values`
pub(super) fn get(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let scope = server.sandbox.project.get()?.scope.clone();
    let store = &server.sandbox.app.store;
    let like = given.text(&["like", "id"]);
    let wanted = |id: &str| like.as_ref().is_none_or(|like| id.contains(like.as_str()));
    let limit = given.number(&["limit"]).unwrap_or(50).max(1);
    let (values, secrets) = (store.values(&scope)?, store.secrets(&scope)?);
    let there = values.len() + secrets.len();
    let mut rows = Vec::new();
    for value in values.into_iter().filter(|value| wanted(&value.id)) {
        let cut = if value.data.chars().count() > SHOWN { "…" } else { "" };
        let data: String = value.data.chars().take(SHOWN).collect();
        rows.push(format!("{}: {}{cut}", value.id, data.replace('\n', "↩")));
    }
    let secrets = secrets.into_iter().filter(|secret| wanted(&secret.id));
    rows.extend(secrets.map(|secret| format!("{}: [secret]", secret.id)));
    if rows.is_empty() {
        return Ok(Answer::document(match like {
            Some(like) if there > 0 => none_fits(there, "values and secrets", &format!("like '{like}'")),
            Some(_) | None => "No values are set.".to_owned(),
        }));
    }
    let left_out = rows.len().saturating_sub(limit);
    rows.truncate(limit);
    if left_out > 0 {
        rows.push(format!("… and {left_out} more: narrow with like, or raise limit"));
    }
    Ok(Answer::document(rows.join("\n")))
}

/// `set-value`
pub(super) fn set(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let (Some(id), Some(data)) = (given.text(&["id", "value", "name"]), given.text(&["data"])) else {
        return Ok(Answer::failure("Give `id` and `data`."));
    };
    if !is_value_name(&id) {
        return Ok(Answer::failure(format!("Not set: '{id}' is no name for a value. {VALUE_NAMES}")));
    }
    let scope = server.sandbox.project.get()?.scope.clone();
    let store = &server.sandbox.app.store;
    if let Some(old) = store.value(&scope, &id)? {
        if old.data == data {
            return Ok(Answer::text(format!(
                "{} is so already.{}",
                old.id,
                secret_beside(server, &scope, &old.id)?
            )));
        }
        if !given.is_true("confirm") {
            let now: String = old.data.chars().take(SHOWN).collect();
            return Ok(Answer::failure(format!(
                "Not set: {} is '{now}'. To replace it, call set-value again with \"confirm\": true.",
                old.id
            )));
        }
    }
    store.set_value(&scope, &id, &data, Timestamp::now())?;
    Ok(Answer::text(format!("{id} is set.{}", secret_beside(server, &scope, &id)?)))
}

/// What is to be known where a secret has the name of a value: who wants to change the one easily sets the other.
fn secret_beside(server: &Inner, scope: &Scope, id: &str) -> Result<String, AppError> {
    let secrets = server.sandbox.app.store.secrets(scope)?;
    let Some(secret) = secrets.into_iter().find(|secret| same_name(&secret.id, id)) else {
        return Ok(String::new());
    };
    let secret = secret.id;
    Ok(format!(
        " That is the value, which `pt.value {id}` reads. A secret of this name exists and is unchanged: `pt.secret {secret}` \
         reads that; only a person sets it: pt secrets set {secret} DATA"
    ))
}
