//! Questions of a job's code, asked at the terminal.

use std::thread;

use pt_engine::InputRequest;
use pt_model::Data;

use crate::prompt;

/// Asks for a line; the job goes on meanwhile.
pub(crate) fn ask(request: InputRequest) {
    let message = request.options.get("message").as_str().unwrap_or(&request.kind);
    let question = format!("{}: {message}", request.step);
    // Ends with the process if nobody answers. Without an answer the code hears that.
    thread::spawn(move || {
        if let Ok(Some(line)) = prompt::ask(&question, false) {
            drop(request.answer.send(Data::Str(line)));
        }
    });
}
