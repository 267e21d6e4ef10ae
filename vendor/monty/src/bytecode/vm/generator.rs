//! Generators: frames that leave the stack at `yield`, and come back for the next value. (Polytope's addition.)
//!
//! A frame of a generator stands on the stack of its caller while it runs, so it can do whatever a function can: call the
//! host, too, if no builtin function stands between. `for` and `yield from` resume it so; what builtin functions iterate over
//! runs within them ([`VM::generator_next`]).

use std::mem::take;

use super::exceptions::CaughtException;
use super::recursion::RunReentryGuard;
use super::{CallFrame, CallResult, VM, function_namespace};
use crate::{
    args::ArgValues,
    exception_private::{ExcType, ExcTypeExt, RunError, RunResult, SimpleException},
    function::Function,
    heap::{DropGuard, DropWithContext, HeapData, HeapId},
    intern::FunctionId,
    types::extra::{Extra, Generator, GeneratorState},
    value::Value,
};

/// The generator that a frame is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct GeneratorFrame {
    /// An owned reference.
    pub id: HeapId,
    pub asked: Asked,
}

/// Who asked for the next value, and so what the end of the generator means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Asked {
    /// A loop: it ends.
    For,
    /// `yield from`: it has the value that was returned.
    YieldFrom,
    /// `next(…)`: `StopIteration`.
    Call,
}

impl<'h> VM<'h> {
    /// The function whose code runs, and its first argument: for `super()`.
    pub(crate) fn running_method(&self) -> Option<(FunctionId, Value)> {
        let function = self.current_frame.function_id?;
        let first = self.stack.get(self.current_frame.stack_base())?;
        (self.current_frame.locals_count > 0 && matches!(first, Value::Ref(_)))
            .then(|| (function, first.clone_with_heap(self.heap)))
    }

    /// Whether a member of a class is a function, or made of it.
    pub(crate) fn is_function(&self, member: &Value, function: FunctionId) -> bool {
        match member {
            Value::DefFunction(id) => *id == function,
            Value::Ref(id) => match self.heap.get(*id) {
                HeapData::Closure(closure) => closure.func_id == function,
                HeapData::FunctionDefaults(defaults) => defaults.func_id == function,
                HeapData::Extra(extra) => match &**extra {
                    Extra::Descriptor(found) => {
                        self.is_function(&found.get, function) || self.is_function(&found.set, function)
                    }
                    Extra::Generator(_) | Extra::Super(_) | Extra::Method(_) => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// What a call of a function with `yield` gives.
    pub(super) fn create_generator(
        &mut self,
        func_id: FunctionId,
        func: &Function,
        cells: &[HeapId],
        defaults: &[Value],
        globals: Option<HeapId>,
        args: ArgValues,
    ) -> RunResult<CallResult> {
        let namespace = Vec::with_capacity(func.namespace_size);
        let mut namespace_guard = DropGuard::new(namespace, self);
        let (namespace, this) = namespace_guard.as_parts_mut();
        func.signature.bind(args, defaults, this, func.name, namespace)?;
        this.install_closure_cells(func, cells, namespace);
        let (stack, this) = namespace_guard.into_parts();
        if let Some(globals) = globals {
            this.heap.inc_ref(globals);
        }
        let generator =
            Generator { func_id, state: GeneratorState::New, stack, exceptions: Vec::new(), ip: 0, globals };
        let id = this.heap.allocate(HeapData::Extra(Box::new(Extra::Generator(generator))));
        Ok(CallResult::Value(Value::Ref(id)))
    }

    /// Puts the frame of a generator on the stack; not if it has ended.
    pub(super) fn resume_generator(&mut self, id: HeapId, sent: Value, asked: Asked) -> RunResult<bool> {
        let state = self.generator_state(id).unwrap_or(GeneratorState::Done);
        let refused = match state {
            GeneratorState::Running => Some(ExcType::value_error("generator already executing")),
            GeneratorState::New if !matches!(sent, Value::None) => {
                Some(ExcType::type_error("can't send non-None value to a just-started generator"))
            }
            GeneratorState::New | GeneratorState::Suspended => None,
            GeneratorState::Done => {
                sent.drop_with(self);
                return Ok(false);
            }
        };
        if let Some(refused) = refused {
            sent.drop_with(self);
            return Err(refused);
        }
        let kept = self.with_generator(id, |generator| {
            generator.state = GeneratorState::Running;
            (
                generator.func_id,
                take(&mut generator.stack),
                take(&mut generator.exceptions),
                generator.ip,
                generator.globals,
            )
        });
        let Some((func_id, stack, exceptions, ip, globals)) = kept else {
            return Err(RunError::internal("a generator is none"));
        };
        self.heap.inc_ref(id);
        let stack_base = self.stack.len();
        let exception_base = self.exception_stack.len();
        self.stack.extend(stack);
        self.exception_stack.extend(exceptions.into_iter().map(CaughtException::Value));
        let func = self.interns.get_function(func_id);
        let locals = u16::try_from(func.namespace_size).expect("function namespace size exceeds u16");
        let namespace = function_namespace(globals, &*self.heap);
        let offset = self.current_offset();
        let mut frame =
            CallFrame::new_function(&func.code, stack_base, locals, exception_base, func_id, offset, namespace);
        frame.ip = ip;
        frame.generator = Some(GeneratorFrame { id, asked });
        if state == GeneratorState::Suspended {
            self.stack.push(sent);
        }
        self.push_frame(frame)?;
        Ok(true)
    }

    /// Takes the frame of a generator off the stack at `yield`. Whether the caller is a builtin function.
    pub(super) fn suspend_generator(&mut self) -> RunResult<bool> {
        let Some(GeneratorFrame { id, .. }) = self.current_frame.generator.take() else {
            return Err(RunError::internal("`yield` outside of a generator"));
        };
        let stack = self.stack.split_off(self.current_frame.stack_base());
        let exceptions = self.exception_stack.split_off(self.current_frame.exception_stack_base());
        let exceptions = exceptions.into_iter().map(CaughtException::into_value).collect();
        let ip = self.current_frame.ip;
        self.with_generator(id, |generator| {
            generator.state = GeneratorState::Suspended;
            generator.stack = stack;
            generator.exceptions = exceptions;
            generator.ip = ip;
        });
        let stop = self.pop_frame();
        Value::Ref(id).drop_with(self);
        Ok(stop)
    }

    /// What is left to do once the frame of a generator has gone for good.
    pub(super) fn end_generator(&mut self, GeneratorFrame { id, .. }: GeneratorFrame) {
        self.with_generator(id, |generator| generator.state = GeneratorState::Done);
        Value::Ref(id).drop_with(self);
    }

    /// The next value for a builtin function, which cannot wait for the host.
    pub(crate) fn generator_next(&mut self, id: HeapId) -> RunResult<Option<Value>> {
        self.enter_run_reentry()?;
        let mut guard = RunReentryGuard::new(self);
        let this = &mut *guard;
        if !this.resume_generator(id, Value::None, Asked::For)? {
            return Ok(None);
        }
        let value = CallResult::FramePushed.finish_synchronously(this)?;
        if this.generator_state(id) == Some(GeneratorState::Done) {
            value.drop_with(this);
            Ok(None)
        } else {
            Ok(Some(value))
        }
    }

    /// `next(generator)`.
    pub(crate) fn call_generator_next(&mut self, id: HeapId, sent: Value) -> RunResult<CallResult> {
        if self.resume_generator(id, sent, Asked::Call)? {
            Ok(CallResult::FramePushed)
        } else {
            Err(ExcType::stop_iteration())
        }
    }

    /// `generator.send(…)` and the like.
    pub(crate) fn call_generator_attr(&mut self, id: HeapId, name: &str, args: ArgValues) -> RunResult<CallResult> {
        match name {
            "__next__" => {
                args.check_zero_args("__next__", self.heap)?;
                self.call_generator_next(id, Value::None)
            }
            "__iter__" => {
                args.check_zero_args("__iter__", self.heap)?;
                self.heap.inc_ref(id);
                Ok(CallResult::Value(Value::Ref(id)))
            }
            "send" => {
                let sent = args.get_one_arg("send", self.heap)?;
                self.call_generator_next(id, sent)
            }
            "throw" => {
                let thrown = args.get_one_arg("throw", self.heap)?;
                let error = self.make_exception(&thrown, true);
                let raised = matches!(thrown, Value::Ref(_)).then(|| thrown.clone_with_heap(self.heap));
                thrown.drop_with(self);
                let value = self.throw_into(id, error, raised)?;
                if self.generator_state(id) == Some(GeneratorState::Done) {
                    return Err(self.stop_iteration_with(value));
                }
                Ok(CallResult::Value(value))
            }
            "close" => {
                args.check_zero_args("close", self.heap)?;
                self.close_generator(id).map(|()| CallResult::Value(Value::None))
            }
            name => {
                args.drop_with(self);
                Err(ExcType::attribute_error("generator", name))
            }
        }
    }

    fn close_generator(&mut self, id: HeapId) -> RunResult<()> {
        match self.generator_state(id) {
            Some(GeneratorState::Suspended) => {}
            Some(GeneratorState::Running) => return Err(ExcType::value_error("generator already executing")),
            Some(GeneratorState::New | GeneratorState::Done) | None => {
                let stack = self.with_generator(id, |generator| {
                    generator.state = GeneratorState::Done;
                    take(&mut generator.stack)
                });
                stack.drop_with(self);
                return Ok(());
            }
        }
        match self.throw_into(id, SimpleException::new_none(ExcType::GeneratorExit).into(), None) {
            Ok(value) => {
                value.drop_with(self);
                if self.generator_state(id) == Some(GeneratorState::Done) {
                    Ok(())
                } else {
                    Err(SimpleException::new_msg(ExcType::RuntimeError, "generator ignored GeneratorExit").into())
                }
            }
            Err(error) if error.is_stop_iteration() || error.is_catchable(ExcType::GeneratorExit) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Raises an exception where a generator stands, and runs it to its next value or its end.
    fn throw_into(&mut self, id: HeapId, error: RunError, raised: Option<Value>) -> RunResult<Value> {
        if self.generator_state(id) == Some(GeneratorState::New) {
            raised.drop_with(self);
            self.close_generator(id)?;
            return Err(error);
        }
        let resumed = self.enter_run_reentry().map_err(RunError::from).and_then(|()| Ok(()));
        if let Err(refused) = resumed {
            raised.drop_with(self);
            return Err(refused);
        }
        let mut guard = RunReentryGuard::new(self);
        let this = &mut *guard;
        match this.resume_generator(id, Value::None, Asked::For) {
            Ok(true) => {}
            Ok(false) => {
                raised.drop_with(this);
                return Err(error);
            }
            Err(refused) => {
                raised.drop_with(this);
                return Err(refused);
            }
        }
        // The value that `yield` would have.
        this.pop().drop_with(this);
        this.current_frame.should_return = true;
        this.instruction_ip = this.current_frame.ip.saturating_sub(1);
        if let Some(error) = this.handle_exception_with_value(error, raised) {
            return Err(error);
        }
        CallResult::FramePushed.finish_synchronously(this)
    }

    /// The end of a generator that returned something.
    pub(super) fn stop_iteration_with(&mut self, value: Value) -> RunError {
        if matches!(value, Value::None) {
            return ExcType::stop_iteration();
        }
        let exception = SimpleException::with_args(ExcType::StopIteration, vec![value], self);
        exception.into()
    }
}
