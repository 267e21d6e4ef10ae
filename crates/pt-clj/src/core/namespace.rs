//! Namespaces and vars.

use std::sync::Arc;

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::analyse::{Meaning, meaning, var_named};
use crate::context::Context;
use crate::exception::Eval;
use crate::map::Map;
use crate::name::Name;
use crate::namespace::{full_name, key_of};
use crate::seq::Iter;
use crate::types::Object;

natives! { "clojure.core":
    "current-ns*" 0 0 |context, _| Ok(space(context.spaces.current())),
    // 0: the call being expanded; 1: the locals around it
    "expanding*" 1 1 |context, args| {
        let (form, locals) = context.expanding.last().cloned().unwrap_or_default();
        Ok(if args[0] == Value::Int(0) { form } else { locals })
    },
    // name, clauses
    "ns*" 2 2 |context, args| {
        let name = crate::print::str(&args[0]);
        context.spaces.enter(&name);
        let clauses = Iter::new(context, take(args, 1))?.collect(context)?;
        for clause in clauses {
            let mut parts = Iter::new(context, clause)?.collect(context)?;
            let Some((Value::Keyword(kind), specs)) = parts.split_first_mut() else { continue };
            match kind.as_str() {
                "require" | "require-macros" => require(context, specs, false)?,
                "use" => require(context, specs, true)?,
                "import" => import(context, specs).map(drop)?,
                "refer-clojure" => {
                    for option in specs.chunks_exact(2).filter(|option| option[0] == Value::keyword("exclude")) {
                        for name in Iter::new(context, option[1].clone())?.collect(context)? {
                            context.spaces.unmap(&crate::print::str(&args[0]), &crate::print::str(&name));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(Value::Nil)
    },
    // namespace, what runs while it is the current one
    "within-ns*" 2 2 |context, args| {
        let name = space_name(context, &args[0])?;
        let before = context.spaces.switch(&name);
        let result = context.call(&args[1], &mut []);
        context.spaces.switch_back(before);
        result
    },
    "in-ns" 1 1 |context, args| {
        let name = crate::print::str(&args[0]);
        context.spaces.enter(&name);
        Ok(space(&name))
    },
    "require" 0 MANY |context, args| require(context, args, false).map(|()| Value::Nil),
    "use" 0 MANY |context, args| require(context, args, true).map(|()| Value::Nil),
    "requiring-resolve" 1 1 |context, args| resolve(context, &args[0]),
    "refer" 1 MANY |context, args| {
        let name = crate::print::str(&args[0]);
        refer_all(context, &name, None)?;
        Ok(Value::Nil)
    },
    "import*" 1 1 |context, args| {
        let specs = Iter::new(context, take(args, 0))?.collect(context)?;
        import(context, &specs)
    },
    "alias" 2 2 |context, args| {
        let full = space_name(context, &args[1])?;
        context.spaces.alias(&crate::print::str(&args[0]), &full);
        Ok(Value::Nil)
    },
    "create-ns" 1 1 |context, args| {
        let name = crate::print::str(&args[0]);
        context.spaces.create(&name);
        Ok(space(&name))
    },
    "find-ns" 1 1 |context, args| {
        let name = crate::print::str(&args[0]);
        Ok(if context.spaces.is_known(&name) { space(&name) } else { Value::Nil })
    },
    "the-ns" 1 1 |context, args| {
        let name = space_name(context, &args[0])?;
        if !context.spaces.is_known(&name) {
            return Err(context.error("Exception", format!("No namespace: {name} found")));
        }
        Ok(space(&name))
    },
    "all-ns" 0 0 |context, _| Ok(Value::list(context.spaces.all().iter().map(|name| space(name)).collect())),
    "ns-name" 1 1 |context, args| space_name(context, &args[0]).map(|name| Value::symbol(&name)),
    "remove-ns" 1 1 |context, args| {
        let name = crate::print::str(&args[0]);
        Ok(if context.spaces.remove(&name) { space(&name) } else { Value::Nil })
    },
    "ns-unmap" 2 2 |context, args| {
        let (namespace, name) = (space_name(context, &args[0])?, crate::print::str(&args[1]));
        let full = format!("{namespace}/{name}");
        if let Some(at) = context.names.remove(key_of(&full)) {
            context.macros.remove(&at);
        }
        context.spaces.unmap(&namespace, &name);
        Ok(Value::Nil)
    },
    "ns-unalias" 2 2 |context, args| {
        let namespace = space_name(context, &args[0])?;
        context.spaces.unalias(&namespace, &crate::print::str(&args[1]));
        Ok(Value::Nil)
    },
    "ns-aliases" 1 1 |context, args| {
        let namespace = space_name(context, &args[0])?;
        let aliases = context.spaces.aliases(&namespace);
        Ok(Value::map(aliases.into_iter().map(|(alias, full)| (Value::symbol(&alias), space(&full)))))
    },
    "ns-interns" 1 1 |context, args| interns(context, &args[0]),
    "ns-publics" 1 1 |context, args| interns(context, &args[0]),
    "ns-refers" 1 1 |context, args| {
        let namespace = space_name(context, &args[0])?;
        let refers = context.spaces.refers(&namespace);
        let own = refers.into_iter().map(|(name, full)| (Value::symbol(&name), Value::Var(Name::from(full))));
        let core = super::names_of("clojure.core").into_iter().map(|name| (Value::symbol(&name), Value::Var(Name::new(&format!("clojure.core/{name}")))));
        Ok(Value::map(core.chain(own)))
    },
    "ns-map" 1 1 |context, args| {
        let Value::Map(interned) = interns(context, &args[0])? else { return Ok(Value::Nil) };
        let mut all = Map::default();
        for (name, var) in interned.iter() {
            let value = if let Value::Var(var) = var { type_or_var(context, var.clone()) } else { var.clone() };
            all.insert(name.clone(), value);
        }
        let namespace = space_name(context, &args[0])?;
        for (name, full) in context.spaces.refers(&namespace) {
            all.insert(Value::symbol(&name), type_or_var(context, Name::from(full)));
        }
        Ok(Value::Map(Arc::new(all)))
    },
    "resolve" 1 2 |context, args| {
        let name = args.last().cloned().unwrap_or_default();
        // What the environment of a macro calls so is no var.
        if let [environment, name] = args
            && crate::eval::lookup(context, environment, name)?.is_some()
        {
            return Ok(Value::Nil);
        }
        resolve(context, &name)
    },
    "ns-resolve" 2 3 |context, args| {
        let namespace = space_name(context, &args[0])?;
        let before = context.spaces.switch(&namespace);
        let name = args.last().cloned().unwrap_or_default();
        let result = resolve(context, &name);
        context.spaces.switch_back(before);
        result
    },
    "find-var" 1 1 |context, args| resolve(context, &args[0]),
    "intern" 2 3 |context, args| {
        let (namespace, name) = (space_name(context, &args[0])?, crate::print::str(&args[1]));
        if !context.spaces.is_known(&namespace) {
            return Err(context.error("Exception", format!("No namespace: {namespace} found")));
        }
        let full = format!("{namespace}/{name}");
        let at = context.global(key_of(&full));
        if args.len() == 3 {
            context.globals[at as usize] = Some(take(args, 2));
        }
        if let Value::Symbol(name) = &args[1]
            && let Some(meta) = name.meta()
        {
            context.var_meta.insert(at, Arc::clone(meta));
        }
        Ok(Value::Var(Name::new(&full)))
    },
    "var-get" 1 1 |context, args| match &args[0] {
        Value::Var(name) => super::deref_var(context, name),
        Value::Cell(cell) => Ok(cell.get()),
        other => Err(cast(context, other, "clojure.lang.Var")),
    },
    "var-set" 2 2 |context, args| {
        let value = take(args, 1);
        match &args[0] {
            Value::Var(name) => set_var(context, name, value.clone())?,
            Value::Cell(cell) => drop(cell.set(value.clone())),
            other => return Err(cast(context, other, "clojure.lang.Var")),
        }
        Ok(value)
    },
    "alter-var-root" 2 MANY |context, args| {
        let Value::Var(name) = &args[0] else { return Err(cast(context, &args[0], "clojure.lang.Var")) };
        let name = name.clone();
        // What `binding` put before the root stays.
        let root = context.slot_of(&name).and_then(|slot| context.bound.iter().position(|(at, _)| *at == slot));
        let old = match root {
            Some(place) => context.bound[place].1.clone().unwrap_or_default(),
            None => super::deref_var(context, &name)?,
        };
        let mut all: Vec<Value> = std::iter::once(old).chain(args[2..].iter_mut().map(std::mem::take)).collect();
        let value = context.call(&args[1], &mut all)?;
        match root {
            Some(place) => context.bound[place].1 = Some(value.clone()),
            None => set_var(context, &name, value.clone())?,
        }
        Ok(value)
    },
    "bound?" 0 MANY |context, args| {
        for arg in args.iter() {
            let Value::Var(name) = arg else { return Err(cast(context, arg, "clojure.lang.Var")) };
            let bound = match context.slot_of(name) {
                Some(at) => context.globals.get(at as usize).is_some_and(Option::is_some),
                None => true,
            };
            if !bound {
                return Ok(Value::Bool(false));
            }
        }
        Ok(Value::Bool(true))
    },
    "get-thread-bindings" 0 0 |context, _| {
        let bound = context.conveyed().into_iter();
        Ok(Value::map(bound.map(|(at, value)| (Value::Var(context.name_of(at)), value.unwrap_or_default()))))
    },
    "with-bound*" 2 MANY |context, args| {
        let (bindings, function) = (take(args, 0), take(args, 1));
        let mut slots = Vec::new();
        for (var, value) in bindings.entries().into_iter().flatten() {
            let Value::Var(name) = &var else { return Err(cast(context, &var, "clojure.lang.Var")) };
            if let Some(Meaning::Global(at)) = meaning(context, name.edn())? {
                slots.push((at, value));
            }
        }
        let height = context.bound.len();
        for (at, value) in slots {
            context.bind_slot(at, Some(value));
        }
        let result = context.call(&function, &mut args[2..]);
        context.unbind_to(height);
        result
    },
    "macroexpand-1" 1 1 |context, args| expand(context, &args[0], false),
    "macroexpand" 1 1 |context, args| expand(context, &args[0], true),
    "special-symbol?" 1 1 |_, args| Ok(Value::Bool(match &args[0] {
        Value::Symbol(name) => crate::analyse::is_special(name.as_str()),
        _ => false,
    })),
}

fn space(name: &str) -> Value {
    Object::Namespace(Name::new(name)).value()
}

fn space_name(context: &Context<'_>, value: &Value) -> Eval<String> {
    match value {
        Value::Object(object) if let Object::Namespace(name) = &**object => Ok(name.as_str().to_owned()),
        Value::Symbol(name) => Ok(context.spaces.full(name.as_str()).to_owned()),
        other => Err(cast(context, other, "clojure.lang.Namespace")),
    }
}

fn set_var(context: &mut Context<'_>, name: &Name, value: Value) -> Eval<()> {
    let Some(Meaning::Global(at)) = meaning(context, name.edn())? else {
        let message = format!("Can't change the value of #'{}: every program shares it", name.as_str());
        return Err(context.error("IllegalStateException", message));
    };
    let old = context.globals[at as usize].replace(value.clone());
    if let Some(watches) = context.var_watches.get(name.as_str()).cloned() {
        for (key, watch) in watches.iter() {
            let mut args =
                [key.clone(), Value::Var(name.clone()), old.clone().unwrap_or_default(), value.clone()];
            context.call(watch, &mut args)?;
        }
    }
    Ok(())
}

fn resolve(context: &mut Context<'_>, name: &Value) -> Eval {
    let Value::Symbol(name) = name else { return Err(cast(context, name, "clojure.lang.Symbol")) };
    if let Some(namespace) = name.namespace()
        && !context.spaces.is_known(context.spaces.full(namespace))
    {
        return Ok(Value::Nil);
    }
    let edn = name.edn().clone();
    if let Some(var) = var_named(context, &edn)? {
        return Ok(type_or_var(context, var));
    }
    Ok(match crate::interop::constant(&edn) {
        Some(class @ Value::Class(_)) => class,
        _ => Value::Nil,
    })
}

/// The name of a type is a class, that of anything else a var.
fn type_or_var(context: &Context<'_>, var: Name) -> Value {
    let value = context.slot_of(&var).and_then(|at| context.globals.get(at as usize)).cloned().flatten();
    match value {
        Some(Value::Object(object)) if matches!(*object, Object::Type(_)) => Value::Object(object),
        _ => Value::Var(var),
    }
}

/// `foo.Bar`, `(foo Bar Baz)`: types of other namespaces get their short names here. Java's classes have theirs anyway.
fn import(context: &mut Context<'_>, specs: &[Value]) -> Eval {
    let mut last = Value::Nil;
    for spec in specs {
        let mut names: Vec<String> = match spec {
            Value::Symbol(name) => vec![name.as_str().to_owned()],
            other => {
                let parts = Iter::new(context, other.clone())?.collect(context)?;
                match &parts[..] {
                    [Value::Symbol(quote), quoted] if quote.as_str() == "quote" => {
                        last = import(context, std::slice::from_ref(quoted))?;
                        continue;
                    }
                    [package, names @ ..] => names
                        .iter()
                        .map(|name| format!("{}.{}", crate::print::str(package), crate::print::str(name)))
                        .collect(),
                    [] => continue,
                }
            }
        };
        for name in names.drain(..) {
            if let Some(class) = crate::class::class_named(&name) {
                last = Value::Class(class);
                continue;
            }
            let Some((package, short)) = name.rsplit_once('.') else { continue };
            // Portable code names more of Java's classes than it needs.
            let of_java = ["java.", "javax.", "clojure."].iter().any(|start| name.starts_with(start));
            let full = pt_edn::Name::new(&format!("{}/{short}", package.replace('_', "-")));
            if let Some(Meaning::Global(at)) = meaning(context, &full)? {
                if package.contains('-') {
                    return Err(context.error("ClassNotFoundException", name));
                }
                last = context.globals[at as usize].clone().unwrap_or_default();
                context.spaces.refer(short, full);
            } else if !of_java {
                return Err(context.error("ClassNotFoundException", name));
            }
        }
    }
    Ok(last)
}

fn interns(context: &mut Context<'_>, namespace: &Value) -> Eval {
    let namespace = space_name(context, namespace)?;
    let mut all = Map::default();
    for name in super::names_of(&namespace) {
        all.insert(Value::symbol(&name), Value::Var(Name::new(&format!("{namespace}/{name}"))));
    }
    let mut own: Vec<String> = context.names.keys().map(|key| full_name(key).into_owned()).collect();
    own.sort();
    for full in own {
        if let Some(name) = full.strip_prefix(&format!("{namespace}/")) {
            all.insert(Value::symbol(name), Value::Var(Name::new(&full)));
        }
    }
    Ok(Value::Map(Arc::new(all)))
}

/// `[clojure.string :as str :refer [join]]`, `clojure.set`, `(clojure [set :as s])`
fn require(context: &mut Context<'_>, specs: &[Value], refer: bool) -> Eval<()> {
    for spec in specs {
        match spec {
            Value::Symbol(name) => require_one(context, name.as_str(), &[], refer)?,
            Value::Keyword(_) => {}
            Value::Vector(_) | Value::List(_) => {
                let parts = Iter::new(context, spec.clone())?.collect(context)?;
                let Some((Value::Symbol(name), options)) = parts.split_first() else { continue };
                let prefixed = options.iter().any(|part| matches!(part, Value::Vector(_) | Value::Symbol(_)))
                    && !matches!(options.first(), Some(Value::Keyword(_)));
                if prefixed {
                    for part in options {
                        let (last, rest) = match part {
                            Value::Symbol(last) => (last.as_str().to_owned(), Vec::new()),
                            other => {
                                let parts = Iter::new(context, other.clone())?.collect(context)?;
                                let last = parts.first().map(crate::print::str).unwrap_or_default();
                                (last, parts.into_iter().skip(1).collect())
                            }
                        };
                        require_one(context, &format!("{}.{last}", name.as_str()), &rest, refer)?;
                    }
                } else {
                    require_one(context, name.as_str(), options, refer)?;
                }
            }
            other => return Err(cast(context, other, "clojure.lang.Symbol")),
        }
    }
    Ok(())
}

fn require_one(context: &mut Context<'_>, name: &str, options: &[Value], refer: bool) -> Eval<()> {
    let full = context.spaces.full(name).to_owned();
    if !context.spaces.is_known(&full) && !options.iter().any(|option| *option == Value::keyword("as-alias"))
    {
        let path = name.replace('-', "_").replace('.', "/");
        let message = format!("Could not locate {path}__init.class, {path}.clj or {path}.cljc on classpath.");
        return Err(context.error("FileNotFoundException", message));
    }
    let mut only = None;
    for option in options.chunks(2) {
        match option {
            [Value::Keyword(key), Value::Symbol(alias)] if matches!(key.as_str(), "as" | "as-alias") => {
                context.spaces.alias(alias.as_str(), &full);
            }
            [Value::Keyword(key), Value::Keyword(_)] if matches!(key.as_str(), "refer") => {
                refer_all(context, &full, None)?;
            }
            [Value::Keyword(key), names] if matches!(key.as_str(), "refer" | "only" | "refer-macros") => {
                only = Some(Iter::new(context, names.clone())?.collect(context)?);
            }
            _ => {}
        }
    }
    match only {
        Some(names) => refer_all(context, &full, Some(&names)),
        None if refer => refer_all(context, &full, None),
        None => Ok(()),
    }
}

fn refer_all(context: &mut Context<'_>, full: &str, only: Option<&[Value]>) -> Eval<()> {
    if full == "clojure.core" {
        return Ok(());
    }
    let names: Vec<String> = match only {
        Some(names) => names.iter().map(crate::print::str).collect(),
        None => {
            let mut names = super::names_of(full);
            let prefix = format!("{full}/");
            // Types are imported, not referred to.
            let is_type = |at: u32| match &context.globals[at as usize] {
                Some(Value::Object(object)) => matches!(**object, Object::Type(_)),
                _ => false,
            };
            let own = context.names.iter().filter(|(_, at)| !is_type(**at));
            names.extend(own.filter_map(|(key, _)| key.strip_prefix(&*prefix)).map(ToOwned::to_owned));
            names
        }
    };
    for name in names {
        let target = pt_edn::Name::new(&format!("{full}/{name}"));
        if only.is_some() && meaning(context, &target)?.is_none() {
            return Err(context.error("IllegalAccessError", format!("{name} does not exist")));
        }
        context.spaces.refer(&name, target);
    }
    Ok(())
}

fn expand(context: &mut Context<'_>, form: &Value, further: bool) -> Eval {
    let mut value = form.clone();
    loop {
        let form = crate::convert::form(context, &value, pt_edn::Span::default())?;
        match crate::analyse::Analyser::new(context).expand_once(&form)? {
            Some(expanded) => {
                context.tick()?;
                value = crate::convert::quoted(context, &expanded)?;
                if !further {
                    return Ok(value);
                }
            }
            None => return Ok(value),
        }
    }
}
