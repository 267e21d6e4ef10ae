//! Agents: an action is done at once, on the thread that sends it.

use super::state::{cell, change, valid};
use super::{MANY, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::{Eval, Exception, Signal};
use crate::state::{Cell, Failing};

natives! { "clojure.core":
    "send" 2 MANY send,
    "send-off" 2 MANY send,
    "send-via" 3 MANY |context, args| send(context, &mut args[1..]),
    "agent-error" 1 1 |context, args| Ok(failing(cell(context, &args[0])?).error),
    "agent-errors" 1 1 |context, args| Ok(match failing(cell(context, &args[0])?).error {
        Value::Nil => Value::Nil,
        error => Value::list(vec![error]),
    }),
    "error-handler" 1 1 |context, args| Ok(failing(cell(context, &args[0])?).handler),
    "error-mode" 1 1 |context, args| {
        let failing = failing(cell(context, &args[0])?);
        Ok(Value::keyword(if failing.goes_on() { "continue" } else { "fail" }))
    },
    "set-error-handler!" 2 2 |context, args| {
        let handler = take(args, 1);
        cell(context, &args[0])?.change_extras(|extras| extras.failing.handler = handler);
        Ok(Value::Nil)
    },
    "set-error-mode!" 2 2 |context, args| {
        let mode = take(args, 1);
        cell(context, &args[0])?.change_extras(|extras| extras.failing.mode = mode);
        Ok(Value::Nil)
    },
    "restart-agent" 2 MANY |context, args| {
        let agent = cell(context, &args[0])?;
        if failing(agent).error.is_nil() {
            return Err(context.error("RuntimeException", "Agent does not need a restart"));
        }
        let validator = agent.extras().map_or(Value::Nil, |extras| extras.validator);
        valid(context, &validator, &args[1])?;
        agent.change_extras(|extras| extras.failing.error = Value::Nil);
        agent.set(args[1].clone());
        Ok(args[1].clone())
    },
}

impl Failing {
    /// Whether the next action is done although one threw.
    fn goes_on(&self) -> bool {
        match &self.mode {
            Value::Nil => !self.handler.is_nil(),
            mode => *mode == Value::keyword("continue"),
        }
    }
}

fn failing(agent: &Cell) -> Failing {
    agent.extras().map_or_else(Failing::default, |extras| extras.failing)
}

fn send(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    let agent = std::sync::Arc::clone(cell(context, &args[0])?);
    let failing = failing(&agent);
    if !failing.error.is_nil() {
        let message = "Agent is failed, needs restart";
        return Err(Exception::new("RuntimeException", message).by(failing.error).into());
    }
    let mut all: Vec<Value> =
        std::iter::once(agent.get()).chain(args[2..].iter_mut().map(std::mem::take)).collect();
    let done = context.call(&args[1], &mut all).and_then(|value| change(context, &agent, value));
    match done {
        Err(Signal::Throw(thrown)) if thrown.stop.is_none() => {
            let error = Value::Exception(std::sync::Arc::clone(&thrown.exception));
            if !failing.handler.is_nil() {
                context.call2(&failing.handler, args[0].clone(), error.clone())?;
            }
            if !failing.goes_on() {
                agent.change_extras(|extras| extras.failing.error = error);
            }
        }
        other => drop(other?),
    }
    Ok(take(args, 0))
}
