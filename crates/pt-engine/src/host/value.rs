//! Values and secrets that code reads and sets.

use jiff::Timestamp;
use pt_model::{Data, Failure, Secret, Text, VALUE_NAMES, is_value_name};
use pt_store::Scope;

use super::StepHost;
use crate::args::{Args, failure};
use crate::call::{Extent, Question};

impl StepHost {
    /// `value`: what was set for the job, else for the project, else outside of any project.
    pub(super) fn value(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let name = args.text(0, "name")?;
        let of_job = self.ask(Question::Value { of: Extent::Job, name: name.clone() })?;
        if !of_job.is_null() {
            return Ok(Data::from(of_job.to_text()));
        }
        let Self { context, .. } = self;
        let of_project = &context.options.scope;
        for scope in [of_project, &Scope::outside(&of_project.context)] {
            let found = context.engine.store.value(scope, &name).map_err(|error| args.failure(error))?;
            if let Some(value) = found {
                return Ok(Data::Str(value.data));
            }
        }
        Err(failure(format!("Value '{name}' is not set.")))
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
        named(args, &name, "value")?;
        let Self { context, .. } = self;
        let set = context.engine.store.set_value_data(&context.options.scope, &name, &data, Timestamp::now());
        set.map_err(|error| args.failure(error))?;
        Ok(Data::Null)
    }

    pub(super) fn set_secret(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let name = args.text(0, "name")?;
        named(args, &name, "secret")?;
        let secret = Secret::new(&name, args.text(1, "data")?);
        let Self { context, .. } = self;
        let set = context.engine.store.set_secret(&context.options.scope, &secret, Timestamp::now());
        set.map_err(|error| args.failure(error))?;
        context.mask.learn([secret]);
        Ok(Data::Null)
    }
}

/// What is kept has a name that polytope files can refer to.
fn named(args: &Args<'_>, name: &str, noun: &str) -> Result<(), Failure> {
    match is_value_name(name) {
        true => Ok(()),
        false => Err(args.failure(format!("'{name}' is no name for a {noun}. {VALUE_NAMES}"))),
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
