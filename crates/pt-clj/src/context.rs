//! Where programs run: what they may see, what they defined, what they may use up.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::equal::FxHasher;
use crate::exception::{Eval, Exception, Signal, Stop, Thrown};
use crate::function::{Closure, FunctionKind, Native};
use crate::map::Map;
use crate::meter;
use crate::namespace::Namespaces;
use crate::node::Node;
use crate::stack;
use crate::state::Delay;
use crate::{Error, Value};

/// The world outside, as far as the embedder lets programs reach it.
///
/// Programs reach it through symbols of the namespace given to [`Context::with_host`]: with `pt`, `(pt/spawn x)` is
/// `call("spawn", [x])`.
pub trait Host {
    /// Whether there is a function of that name.
    fn knows(&self, name: &str) -> bool;

    /// Calls a function. The arguments hold no unrealised sequences.
    fn call(&mut self, name: &str, args: Vec<Value>) -> Result<Value, Exception>;

    /// When the program must end: asked after each call, for what a call waits may put it off. None leaves it as it was.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The value of a name that is no function.
    fn value(&self, name: &str) -> Option<Value>;

    /// Takes what `println` and its like print, as they print it.
    fn print(&mut self, text: &str);

    /// Milliseconds since 1970, for `System/currentTimeMillis`.
    fn millis(&self) -> i64;
}

/// What a program may use up. What it exceeds stops it, and it cannot catch that.
#[derive(Clone, Debug)]
pub struct Limits {
    /// When to stop.
    pub deadline: Option<Instant>,
    /// How many calls and steps through sequences, about; counted in hundreds.
    pub fuel: Option<u64>,
    /// Set by another thread to stop.
    pub interrupt: Option<Arc<AtomicBool>>,
    /// Calls of functions within one another; one more is a `StackOverflowError`, which can be caught.
    pub depth: u32,
    /// Bytes that its values may take, about.
    pub memory: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: None, fuel: None, interrupt: None, depth: Self::DEPTH, memory: None }
    }
}

impl Limits {
    /// Calls within one another unless told otherwise, about as many as on the JVM. What nests without calls, such as data that
    /// are printed, does so as deep at most.
    pub const DEPTH: u32 = 4_000;
}

/// What a global takes: it is never given back while the context lives.
const GLOBAL: usize = 128;

/// How deep code in code may nest, after its macros were expanded.
pub(crate) const MOST_CODE: u32 = 600;

/// Bytes of a form, about.
const FORM: usize = 150;

/// Calls and steps between two looks at the limits.
const TICKS: u32 = 256;

type Names = HashMap<Box<str>, u32, BuildHasherDefault<FxHasher>>;

/// Where programs run. What one program defines, later ones in the same context see.
pub struct Context<'h> {
    pub(crate) stack: Vec<Value>,
    pub(crate) globals: Vec<Option<Value>>,
    pub(crate) names: Names,
    pub(crate) macros: HashSet<u32>,
    /// Metadata of vars, by slot.
    pub(crate) var_meta: HashMap<u32, Arc<Map>>,
    /// Functions that want to hear when a var changes, by its full name.
    pub(crate) var_watches: HashMap<Box<str>, Map>,
    pub(crate) spaces: Namespaces,
    /// The call and the locals that the macro being expanded may ask for.
    pub(crate) expanding: Vec<(Value, Value)>,
    /// Values within code that a macro returned.
    pub(crate) embedded: Vec<Value>,
    pub(crate) gensym: u64,
    pub(crate) readers: Readers,
    /// The slots that `binding` has bound, innermost last, each with what it held before.
    pub(crate) bound: Vec<(u32, Option<Value>)>,
    /// Futures whose turn has not come.
    pub(crate) futures: VecDeque<Arc<Delay>>,
    pub(crate) random: u64,
    /// What `with-out-str` collects, innermost last.
    pub(crate) captured: Vec<String>,
    pub(crate) host: Option<(&'h str, &'h mut dyn Host)>,
    limits: Limits,
    ticks: u32,
    fuel: u64,
    /// Calls that may still stand within the current one.
    depth: u32,
    /// Whether the last argument of the function that is being entered is the sequence of all further ones.
    spread: bool,
    /// What is nested now without being a call.
    nested: u32,
    /// The same of code that is being read and analysed.
    code: u32,
    /// Forms that it has.
    forms: usize,
    spares_stack: bool,
}

impl Default for Context<'_> {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            depth: limits.depth,
            spread: false,
            spares_stack: false,
            nested: 0,
            code: 0,
            forms: 0,
            stack: Vec::new(),
            globals: Vec::new(),
            names: Names::default(),
            macros: HashSet::new(),
            var_meta: HashMap::new(),
            var_watches: HashMap::new(),
            spaces: Namespaces::default(),
            expanding: Vec::new(),
            embedded: Vec::new(),
            gensym: 0,
            readers: Readers::default(),
            bound: Vec::new(),
            futures: VecDeque::new(),
            random: 0,
            captured: Vec::new(),
            host: None,
            limits,
            ticks: TICKS,
            fuel: u64::MAX,
        }
    }
}

/// Why a program ends although it would go on.
#[cold]
fn stopped(stop: Stop) -> Signal {
    crate::deep::stop();
    let message = match stop {
        Stop::Interrupted => "The code was stopped.",
        Stop::Deadline => "The code ran longer than it may.",
        Stop::Fuel => "The code took more steps than it may.",
        Stop::Memory => "The code took more memory than it may.",
    };
    let exception = Arc::new(Exception::new("InterruptedException", message));
    Signal::Throw(Box::new(Thrown { stop: Some(stop), ..Thrown::new(exception) }))
}

/// What tags mean while data is read.
#[derive(Default)]
pub(crate) struct Readers {
    /// A map from tags to functions.
    pub(crate) by_tag: Value,
    /// A function for every other tag.
    pub(crate) default: Value,
}

/// Where a function's locals are.
pub(crate) struct Frame<'a> {
    pub(crate) base: usize,
    pub(crate) this: &'a Value,
    pub(crate) captures: &'a [Value],
}

impl<'h> Context<'h> {
    /// A context without host and limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives programs a host under a namespace.
    #[must_use]
    pub fn with_host(mut self, namespace: &'h str, host: &'h mut dyn Host) -> Self {
        self.host = Some((namespace, host));
        self
    }

    /// Sets what programs may use up.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limit(limits);
        self
    }

    /// Sets anew what programs may use up.
    pub fn limit(&mut self, limits: Limits) {
        self.fuel = limits.fuel.unwrap_or(u64::MAX);
        self.depth = limits.depth;
        self.limits = limits;
    }

    /// Thinks about code on memory that is given back before it runs: for programs of which thousands wait, each on a
    /// thread of its own.
    #[must_use]
    pub fn sparing_stack(mut self) -> Self {
        self.spares_stack = true;
        self
    }

    pub(crate) fn spares_stack(&self) -> bool {
        self.spares_stack
    }

    /// Gives a name a value, such as `params`.
    pub fn bind(&mut self, name: &str, value: Value) {
        let at = self.global(name);
        self.globals[at as usize] = Some(value);
    }

    /// Calls a function value from outside.
    pub fn apply(&mut self, function: &Value, mut args: Vec<Value>) -> Result<Value, Error> {
        let result = self.within_limits(|context| {
            let result = context.call(function, &mut args).and_then(|value| context.ended(value));
            result.map_err(|signal| context.settled(signal))
        });
        self.forget();
        result.map_err(Error::from)
    }

    /// Gives a global another value until `unbind_to`.
    pub(crate) fn bind_slot(&mut self, at: u32, value: Option<Value>) {
        let before = std::mem::replace(&mut self.globals[at as usize], value);
        self.bound.push((at, before));
    }

    /// Undoes what was bound since there were so many.
    pub(crate) fn unbind_to(&mut self, height: usize) {
        while self.bound.len() > height {
            if let Some((at, before)) = self.bound.pop() {
                self.globals[at as usize] = before;
            }
        }
    }

    /// What is bound now, to be bound again elsewhere.
    pub(crate) fn conveyed(&self) -> Vec<(u32, Option<Value>)> {
        self.bound.iter().map(|(at, _)| (*at, self.globals[*at as usize].clone())).collect()
    }

    /// Runs something as a thread of its own would: of what is bound around, it sees only what it was given.
    pub(crate) fn beside<T>(
        &mut self,
        bindings: &[(u32, Option<Value>)],
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let height = self.bound.len();
        for index in 0..height {
            let (at, root) = self.bound[index].clone();
            if !self.bound[..index].iter().any(|(earlier, _)| *earlier == at) {
                self.bind_slot(at, root);
            }
        }
        for (at, value) in bindings {
            self.bind_slot(*at, value.clone());
        }
        let result = run(self);
        self.unbind_to(height);
        result
    }

    /// Lets every future have its turn.
    pub(crate) fn end_futures(&mut self) -> Eval<()> {
        while crate::core::run_next_future(self)? {
            self.tick()?;
        }
        Ok(())
    }

    /// Drops what an evaluation left behind.
    pub(crate) fn forget(&mut self) {
        self.stack.clear();
        self.captured.clear();
        self.futures.clear();
    }

    /// The slot of a name in the current namespace, new or not.
    pub(crate) fn own_global(&mut self, name: &str) -> u32 {
        let key = self.spaces.own_key(name).into_owned();
        self.global(&key)
    }

    /// The full name of the global in a slot.
    pub(crate) fn name_of(&self, at: u32) -> crate::name::Name {
        let name = self.names.iter().find(|(_, slot)| **slot == at).map(|(name, _)| &**name);
        crate::name::Name::new(&crate::namespace::full_name(name.unwrap_or_default()))
    }

    /// The slot of a var by its full name.
    pub(crate) fn slot_of(&self, name: &crate::name::Name) -> Option<u32> {
        self.names.get(crate::namespace::key_of(name.as_str())).copied()
    }

    /// The slot of a global name, new or not.
    pub(crate) fn global(&mut self, name: &str) -> u32 {
        if let Some(at) = self.names.get(name) {
            return *at;
        }
        let at = u32::try_from(self.globals.len()).unwrap_or(u32::MAX);
        meter::took(GLOBAL + name.len());
        self.globals.push(None);
        self.names.insert(name.into(), at);
        at
    }

    /// Runs analysed code that stands outside of any function.
    pub(crate) fn run_top(&mut self, node: &Node, slots: usize) -> Eval {
        let base = self.stack.len();
        self.stack.resize(base + slots, Value::Nil);
        let result = node.eval(self, &Frame { base, this: &Value::Nil, captures: &[] });
        self.stack.truncate(base);
        result
    }

    /// Runs something within the limits of time and memory.
    pub(crate) fn within_limits<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let left = meter::allow(self.limits.memory);
        let watch = meter::watch(self.limits.deadline, self.limits.interrupt.clone());
        let result = stack::room(|| run(self));
        if crate::deep::is_stopped() {
            self.forget();
            crate::deep::let_go(meter::taken(self.limits.memory));
        }
        meter::unwatch(watch);
        meter::restore(left);
        result
    }

    /// Asks for so many bytes at once, before they are taken.
    #[inline]
    pub(crate) fn charge(&mut self, bytes: usize) -> Eval<()> {
        if meter::exceeded_by(bytes) { Err(stopped(Stop::Memory)) } else { Ok(()) }
    }

    /// Looks at the limits now and then while a collection that is not counted yet grows.
    #[inline]
    pub(crate) fn grown(&mut self, items: usize) -> Eval<()> {
        if items & 0x3ff == 0 {
            self.charge(items.saturating_mul(48))?;
            self.tick()?;
        }
        Ok(())
    }

    /// The same for a text that grew from one length to another.
    #[inline]
    pub(crate) fn grown_text(&mut self, before: usize, now: usize) -> Eval<()> {
        if before >> 14 != now >> 14 {
            self.charge(now)?;
            self.spend((now - before).max(1 << 14))?;
        }
        Ok(())
    }

    /// Asks before a text grows. Large ones look at the other limits too: making them takes time.
    #[inline]
    pub(crate) fn charge_text(&mut self, bytes: usize) -> Eval<()> {
        if bytes > 1 << 12 {
            self.charge(bytes)?;
            self.spend(bytes)?;
        }
        Ok(())
    }

    /// Counts work that takes time in proportion to so many bytes.
    #[inline]
    pub(crate) fn spend(&mut self, bytes: usize) -> Eval<()> {
        let ticks = u32::try_from(bytes >> 8).unwrap_or(u32::MAX);
        if ticks >= self.ticks {
            self.look()
        } else {
            self.ticks -= ticks;
            Ok(())
        }
    }

    /// Counts a step; now and then looks whether to stop.
    #[inline]
    pub(crate) fn tick(&mut self) -> Eval<()> {
        self.ticks -= 1;
        if self.ticks == 0 { self.look() } else { Ok(()) }
    }

    #[cold]
    fn look(&mut self) -> Eval<()> {
        self.ticks = TICKS;
        if self.limits.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(stopped(Stop::Interrupted));
        }
        if self.limits.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(stopped(Stop::Deadline));
        }
        if meter::exceeded_by(0) {
            return Err(stopped(Stop::Memory));
        }
        if self.fuel < u64::from(TICKS) {
            self.fuel = 0;
            return Err(stopped(Stop::Fuel));
        }
        if self.fuel != u64::MAX {
            self.fuel -= u64::from(TICKS);
        }
        Ok(())
    }

    /// Why a calculation was ended that looked at the limits by itself. It came back without undoing what it was within.
    pub(crate) fn ended_within<T>(&mut self) -> Eval<T> {
        self.unbind_to(0);
        self.look().and_then(|()| Err(stopped(Stop::Interrupted)))
    }

    /// Does something that may nest as deep as data do, or lazy sequences within one another.
    #[inline]
    pub(crate) fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        if self.nested >= Limits::DEPTH.max(self.limits.depth) {
            return Err(self.overflow());
        }
        self.nested += 1;
        let result = stack::room(|| run(self));
        self.nested -= 1;
        result
    }

    /// The same for code in code. It may nest less deep, since it is taken apart without anyone asking for stack.
    pub(crate) fn code<T>(&mut self, run: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        self.enter_code()?;
        let result = stack::room(|| run(self));
        self.leave_code();
        result
    }

    /// One level of code deeper; how deep that is.
    pub(crate) fn enter_code(&mut self) -> Eval<u32> {
        if self.code >= MOST_CODE {
            return Err(self.overflow());
        }
        self.tick()?;
        self.forms += 1;
        if self.forms.is_multiple_of(0x400) {
            self.charge(self.forms.saturating_mul(FORM))?;
        }
        self.code += 1;
        Ok(self.code)
    }

    pub(crate) fn leave_code(&mut self) {
        self.code -= 1;
        if self.code == 0 {
            self.forms = 0;
        }
    }

    #[cold]
    pub(crate) fn overflow(&mut self) -> Signal {
        Exception::silent("StackOverflowError").into()
    }

    #[cold]
    pub(crate) fn error(&self, class: &str, message: impl Into<String>) -> Signal {
        Exception::new(class, message).into()
    }

    /// Calls anything that can be called. Arguments may be taken out of the slice.
    pub(crate) fn call(&mut self, function: &Value, args: &mut [Value]) -> Eval {
        match function {
            Value::Native(native) => self.call_native(native, args),
            Value::Fn(made) => match &made.0 {
                FunctionKind::Closure(closure) => {
                    let base = self.stack.len();
                    self.stack.extend(args.iter_mut().map(std::mem::take));
                    self.enter(function, closure, base)
                }
                FunctionKind::Boxed(code) => {
                    self.tick()?;
                    self.nested(|context| code(context, args))
                }
                FunctionKind::Host(name) => {
                    let name = Arc::clone(name);
                    self.call_host(&name, args.iter_mut().map(std::mem::take).collect())
                }
            },
            other => crate::eval::call_data(self, other, args),
        }
    }

    #[inline]
    pub(crate) fn call1(&mut self, function: &Value, arg: Value) -> Eval {
        match function {
            Value::Native(native) if native.min <= 1 && native.max >= 1 => (native.code)(self, &mut [arg]),
            other => self.call(other, &mut [arg]),
        }
    }

    pub(crate) fn call2(&mut self, function: &Value, left: Value, right: Value) -> Eval {
        self.call(function, &mut [left, right])
    }

    #[inline]
    pub(crate) fn call_native(&mut self, native: &'static Native, args: &mut [Value]) -> Eval {
        if args.len() < native.min || args.len() > native.max {
            return Err(self.wrong_arity(args.len(), native.name));
        }
        (native.code)(self, args)
    }

    #[cold]
    pub(crate) fn wrong_arity(&self, args: usize, name: &str) -> Signal {
        self.error("ArityException", format!("Wrong number of args ({args}) passed to: {name}"))
    }

    /// Runs a function whose arguments lie on the stack from `base` on.
    pub(crate) fn enter(&mut self, this: &Value, closure: &Closure, base: usize) -> Eval {
        let result = match self.depth.checked_sub(1) {
            None => Err(self.overflow()),
            Some(left) => {
                self.depth = left;
                let result = if stack::is_short() {
                    stack::further(|| self.enter_here(this, closure, base))
                } else {
                    self.enter_here(this, closure, base)
                };
                self.depth += 1;
                result
            }
        };
        self.stack.truncate(base);
        result.map_err(Signal::leave)
    }

    /// Calls a function of so many arguments and more with its first ones and a sequence of the others, never empty.
    pub(crate) fn enter_with_rest(&mut self, this: &Value, closure: &Closure, args: Vec<Value>) -> Eval {
        let base = self.stack.len();
        self.stack.extend(args);
        self.spread = true;
        let result = self.enter(this, closure, base);
        self.spread = false;
        result
    }

    /// The same where there is stack for it.
    fn enter_here(&mut self, this: &Value, closure: &Closure, base: usize) -> Eval {
        self.tick()?;
        let args = self.stack.len() - base;
        let Some(arity) = closure.code.arity(args) else {
            let name = closure.code.name.as_deref().unwrap_or("fn");
            return Err(self.wrong_arity(args, &format!("{}/{name}", self.spaces.current())));
        };
        // Where the rest is a sequence already, it lies there as one.
        if arity.variadic && !std::mem::take(&mut self.spread) {
            let rest: Vec<Value> = self.stack.drain(base + arity.params..).collect();
            self.stack.push(if rest.is_empty() { Value::Nil } else { Value::list(rest) });
        }
        self.stack.resize(base + arity.slots, Value::Nil);
        let frame = Frame { base, this, captures: &closure.captures };
        loop {
            match arity.body.eval(self, &frame) {
                Err(Signal::Recur) => self.tick()?,
                result => return result,
            }
        }
    }

    /// The value of a program that comes to its end: its futures have had their turn, its sequences are computed.
    pub(crate) fn ended(&mut self, value: Value) -> Eval {
        self.end_futures()?;
        crate::equal::realise(self, &value)?;
        Ok(value)
    }

    /// With every sequence in the data of an exception computed; without the data where that cannot be.
    pub(crate) fn settled(&mut self, signal: Signal) -> Signal {
        if let Signal::Throw(mut thrown) = signal {
            if !thrown.exception.data.is_nil()
                && crate::equal::realise(self, &thrown.exception.data.clone()).is_err()
            {
                let mut exception = (*thrown.exception).clone();
                exception.data = Value::Nil;
                thrown.exception = Arc::new(exception);
            }
            return Signal::Throw(thrown);
        }
        signal
    }

    /// Asks the host.
    pub(crate) fn call_host(&mut self, name: &str, args: Vec<Value>) -> Eval {
        for arg in &args {
            crate::equal::realise(self, arg)?;
        }
        let Some((_, host)) = &mut self.host else { return Err(self.without_host(name)) };
        let result = stack::room(|| host.call(name, args));
        if let Some(deadline) = host.deadline() {
            self.limits.deadline = Some(deadline);
            meter::put_off(deadline);
        }
        // The host may have waited long.
        self.look()?;
        result.map_err(Signal::from)
    }

    #[cold]
    #[inline(never)]
    fn without_host(&self, name: &str) -> Signal {
        self.error("IllegalStateException", format!("There is no host to ask for {name}"))
    }

    /// Prints to the innermost `with-out-str`, or to the host.
    pub(crate) fn print(&mut self, text: &str) {
        if let Some(captured) = self.captured.last_mut() {
            captured.push_str(text);
        } else if let Some((_, host)) = &mut self.host {
            host.print(text);
        }
    }

    /// A number nobody can foresee.
    pub(crate) fn random(&mut self) -> u64 {
        use std::hash::{BuildHasher, RandomState};
        if self.random == 0 {
            self.random = RandomState::new().hash_one(0) | 1;
        }
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
