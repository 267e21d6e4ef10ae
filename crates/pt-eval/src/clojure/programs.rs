//! Programs that were read before.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pt_clj::{Error, Program};

/// How many are kept for each thread, and of what length in bytes: modules are called many times, and what they are made
/// of is short.
const MOST: usize = 512;
const LONGEST: usize = 1 << 12;

thread_local! {
    static READ: RefCell<HashMap<Box<str>, Rc<Program>>> = RefCell::default();
}

/// The program of a text. It is read once for each thread, as long as not too many others come between.
pub(super) fn read(text: &str) -> Result<Rc<Program>, Error> {
    let known = READ.with_borrow(|read| read.get(text).map(Rc::clone));
    if let Some(program) = known {
        return Ok(program);
    }
    let program = Rc::new(Program::compile(text)?);
    if text.len() <= LONGEST {
        READ.with_borrow_mut(|read| {
            if read.len() >= MOST {
                read.clear();
            }
            read.insert(text.into(), Rc::clone(&program));
        });
    }
    Ok(program)
}
