//! Asks the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Asks for a line; a secret one is not shown while it is typed. Nothing at the end of input.
pub(crate) fn ask(question: &str, secret: bool) -> io::Result<Option<String>> {
    let mut err = anstream::stderr();
    write!(err, "{question}: ")?;
    err.flush()?;
    let hidden = if secret { Some(Hidden::new()?) } else { None };
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    if hidden.is_some() {
        writeln!(err)?;
    }
    Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The terminal does not show what is typed, as long as this lives.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // If the terminal is gone by now, so is its echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}
