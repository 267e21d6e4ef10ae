//! Asks the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use crate::failure::Failure;

/// Asks for a line; a secret one is not shown while it is typed. Nothing at the end of input.
///
/// # Errors
/// Ctrl-C was pressed: then the command is over.
pub(crate) fn ask(question: &str, secret: bool) -> Result<Option<String>, Failure> {
    let mut err = anstream::stderr();
    // Before the question: who answers at once is not shown either.
    let hidden = if secret { Some(Hidden::new()?) } else { None };
    write!(err, "{question}: ")?;
    err.flush()?;
    if hidden.is_some() {
        let typed = type_hidden()?;
        writeln!(err)?;
        return match typed {
            Typed::Line(line) => Ok(Some(line)),
            Typed::End => Ok(None),
            Typed::Interrupt => Err(Failure::silent(130)),
        };
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// What came of typing a line.
enum Typed {
    Line(String),
    End,
    Interrupt,
}

/// Reads a line key by key from a hidden terminal: one that is left by Ctrl-C would go on to show nothing.
fn type_hidden() -> io::Result<Typed> {
    let mut line = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte? {
            b'\r' | b'\n' => return Ok(Typed::Line(String::from_utf8_lossy(&line).into_owned())),
            CTRL_C => return Ok(Typed::Interrupt),
            CTRL_D if line.is_empty() => return Ok(Typed::End),
            CTRL_U => line.clear(),
            BACKSPACE | DELETE => {
                // A character may be several bytes, of which all but the first begin with the bits 10.
                while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
            }
            byte => line.push(byte),
        }
    }
    Ok(Typed::End)
}

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const BACKSPACE: u8 = 8;
const CTRL_U: u8 = 21;
const DELETE: u8 = 127;

/// The terminal hands over each key at once and does not show it, as long as this lives.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed ahead counts.
        tcsetattr(io::stdin(), OptionalActions::Drain, &quiet)?;
        Ok(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // If the terminal is gone by now, so is its echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}
