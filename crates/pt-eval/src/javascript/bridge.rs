//! From the functions of a script to the host.
//!
//! A function given to QuickJS may live as long as its runtime, and so cannot borrow the host. For the time in which a script
//! runs, the host stands where its functions find it.

use pt_model::{Data, Failure};
use scoped_tls_hkt::{ReborrowMut, scoped_thread_local};

use crate::host::Session;

scoped_thread_local!(static mut DESK: for<'a> At<'a>);

/// Where the session is.
struct At<'a>(&'a mut (dyn Desk + 'a));

impl<'a> ReborrowMut<'a> for At<'_> {
    type Result = At<'a>;

    fn reborrow_mut(&'a mut self) -> At<'a> {
        At(self.0)
    }
}

/// The session without its lifetime.
trait Desk {
    fn call(&mut self, function: &'static str, args: Vec<Data>) -> Result<Data, Failure>;
    fn print(&mut self, text: &str);
}

impl Desk for Session<'_> {
    fn call(&mut self, function: &'static str, args: Vec<Data>) -> Result<Data, Failure> {
        Session::call(self, function, args)
    }

    fn print(&mut self, text: &str) {
        Session::print(self, text);
    }
}

/// Lets a script reach the host.
pub(super) fn serving<R>(session: &mut Session<'_>, script: impl FnOnce() -> R) -> R {
    DESK.set(At(session), script)
}

/// Asks the host and waits. Only for functions of scripts that are served.
pub(super) fn call(function: &'static str, args: Vec<Data>) -> Result<Data, Failure> {
    DESK.with(|desk| desk.0.call(function, args))
}

/// Hands over text that was printed.
pub(super) fn print(text: &str) {
    DESK.with(|desk| desk.0.print(text));
}
