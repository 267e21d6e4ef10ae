//! Values and secrets that code reads and sets.

use jiff::Timestamp;
use pt_model::{Data, Failure, Secret, Text};

use super::StepHost;
use crate::args::{Args, failure};
use crate::call::{Extent, Question};

impl StepHost {
    /// `value`: what was set for the job, else for the project.
    pub(super) fn value(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let name = args.text(0, "name")?;
        let of_job = self.ask(Question::Value { of: Extent::Job, name: name.clone() })?;
        if !of_job.is_null() {
            return Ok(Data::from(of_job.to_text()));
        }
        let Self { context, .. } = self;
        let found =
            context.engine.store.value(&context.options.scope, &name).map_err(|error| args.failure(error))?;
        match found {
            Some(value) => Ok(Data::Str(value.data)),
            None => Err(failure(format!("Value '{name}' is not set."))),
        }
    }

    pub(super) fn secret(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let name = args.text(0, "name")?;
        let Self { context, .. } = self;
        let found = context
            .engine
            .store
            .secret(&context.options.scope, &name)
            .map_err(|error| args.failure(error))?;
        let secret = found.ok_or_else(|| failure(format!("Secret '{name}' is not set.")))?;
        context.mask.learn([secret.clone()]);
        Ok(Data::from(Text::from(secret)))
    }

    /// `get-project-value`, `get-job-value`, `get-step-value`: what was set there, or nothing.
    pub(super) fn get_value(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let name = args.text(0, "name")?;
        if let Some(of) = extent(args.function) {
            return self.ask(Question::Value { of, name });
        }
        let Self { context, .. } = self;
        let found =
            context.engine.store.value(&context.options.scope, &name).map_err(|error| args.failure(error))?;
        Ok(match found {
            Some(value) if value.structure.is_null() => Data::Str(value.data),
            Some(value) => value.structure,
            None => Data::Null,
        })
    }

    pub(super) fn set_value(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let (name, data) = (args.text(0, "name")?, args.at(1).clone());
        if let Some(of) = extent(args.function) {
            return self.ask(Question::SetValue { of, name, data });
        }
        let Self { context, .. } = self;
        let set = context.engine.store.set_value_data(&context.options.scope, &name, &data, Timestamp::now());
        set.map_err(|error| args.failure(error))?;
        Ok(Data::Null)
    }

    pub(super) fn set_secret(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let secret = Secret::new(&args.text(0, "name")?, args.text(1, "data")?);
        let Self { context, .. } = self;
        let set = context.engine.store.set_secret(&context.options.scope, &secret, Timestamp::now());
        set.map_err(|error| args.failure(error))?;
        context.mask.learn([secret]);
        Ok(Data::Null)
    }
}

/// Where values of this function are, if they are not kept.
fn extent(function: &str) -> Option<Extent> {
    match function {
        "get-job-value" | "set-job-value" => Some(Extent::Job),
        "get-step-value" | "set-step-value" => Some(Extent::Step),
        _ => None,
    }
}
