//! Taking part in a job that another process runs: calls go over its socket, an answer comes back for each.
//!
//! A line of JSON is a [`Line`] one way, and an [`Answer`] the other. The runner of the job knows secrets only if it is
//! told of them: they go along, by their names. Both ends are processes of the same person on the same machine.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pt_engine::Guest;
use pt_model::{Data, Failure, Map, Masker, Part, Secret};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;

/// What connections are told to speak.
pub(crate) const PROTOCOL: &str = "polytope-guest";

/// What a guest says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// Call this.
    Call { function: String, args: Vec<Data>, secrets: Vec<(String, String)> },
    /// Do not wait for the answer any longer.
    Interrupt,
}

/// What it hears.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Value(Data),
    Failed { message: String, data: Data },
}

/// Answers a guest as long as the connection stands.
pub(crate) async fn serve(connection: impl AsyncRead + AsyncWrite, guest: &Guest) -> io::Result<()> {
    let (read, mut write) = tokio::io::split(connection);
    let mut lines = tokio::io::BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let Line::Call { function, args, secrets } = serde_json::from_str(&line)? else { continue };
        let mut masker = Masker::default();
        secrets.into_iter().for_each(|(name, text)| masker.add(Secret::new(&name, text)));
        let args = args.into_iter().map(|arg| masker.find_in(arg)).collect();
        let (sender, mut answer) = oneshot::channel();
        // Who left hears nothing.
        let stop = guest.call(&function, args, move |result| drop(sender.send(result)));
        let result = loop {
            tokio::select! {
                result = &mut answer => break result,
                line = lines.next_line() => match line {
                    Ok(Some(_)) => stop.cancel(),
                    // It has left: what it waits for ends with it.
                    Ok(None) | Err(_) => {
                        stop.cancel();
                        return Ok(());
                    }
                },
            }
        };
        let answer = match result {
            Ok(Ok(data)) => Answer::Value(opened(&data)),
            Ok(Err(Failure { message, data, .. })) => Answer::Failed { message, data },
            Err(_) => Answer::Failed { message: "The job is over.".to_owned(), data: Data::Null },
        };
        write.write_all(format!("{}\n", serde_json::to_string(&answer)?).as_bytes()).await?;
    }
    Ok(())
}

/// A visit in a job of another process. It ends when this is dropped.
#[derive(Debug)]
pub struct Visit {
    lines: BufReader<UnixStream>,
}

impl Visit {
    /// Enters the job behind this socket.
    ///
    /// # Errors
    /// Its runner does not answer.
    pub fn enter(socket: &Path) -> io::Result<Self> {
        let mut stream = UnixStream::connect(socket)?;
        write!(
            stream,
            "GET /v1/guest HTTP/1.1\r\nhost: job\r\nconnection: upgrade\r\nupgrade: {PROTOCOL}\r\n\r\n"
        )?;
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 101") {
            return Err(io::Error::other(format!("it takes no guests ({})", line.trim_end())));
        }
        while !line.trim_end().is_empty() {
            line.clear();
            lines.read_line(&mut line)?;
        }
        lines.get_ref().set_read_timeout(Some(LOOK))?;
        Ok(Self { lines })
    }

    /// Calls a runner function and waits for its answer, or until `interrupt` is set.
    ///
    /// # Errors
    /// It failed, was interrupted, or the job is over.
    pub fn wait_for(
        &mut self,
        function: &str,
        args: &[Data],
        interrupt: &Arc<AtomicBool>,
    ) -> Result<Data, Failure> {
        let gone = |error: io::Error| {
            let message = format!("The job's runner does not answer any more: {error}");
            Failure::new(message, Data::Null)
        };
        match self.ask(function, args, interrupt).map_err(gone)? {
            Answer::Value(data) => Ok(data),
            Answer::Failed { message, data } => Err(Failure::new(message, data)),
        }
    }

    fn ask(&mut self, function: &str, args: &[Data], interrupt: &Arc<AtomicBool>) -> io::Result<Answer> {
        let mut secrets = Vec::new();
        args.iter().for_each(|arg| collect(arg, &mut secrets));
        let (function, args) = (function.to_owned(), args.iter().map(opened).collect());
        self.say(&Line::Call { function, args, secrets })?;
        let mut line = Vec::new();
        let mut told = false;
        loop {
            match self.lines.read_until(b'\n', &mut line) {
                Ok(_) if line.ends_with(b"\n") => return Ok(serde_json::from_slice(&line)?),
                Ok(_) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the job is over")),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if !told && interrupt.load(Ordering::Relaxed) {
                        told = true;
                        self.say(&Line::Interrupt)?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn say(&mut self, line: &Line) -> io::Result<()> {
        let stream = self.lines.get_mut();
        writeln!(stream, "{}", serde_json::to_string(line)?)
    }
}

/// How often is looked whether somebody interrupts a wait.
const LOOK: Duration = Duration::from_millis(50);

/// The data with its secrets in clear.
fn opened(data: &Data) -> Data {
    match data {
        Data::Secret(text) => Data::Str(text.expose()),
        Data::List(items) => items.iter().map(opened).collect(),
        Data::Map(map) => {
            Data::Map(Box::new(map.iter().map(|(key, value)| (key.clone(), opened(value))).collect::<Map>()))
        }
        data @ (Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_)) => data.clone(),
    }
}

fn collect(data: &Data, secrets: &mut Vec<(String, String)>) {
    match data {
        Data::Secret(text) => secrets.extend(text.parts().iter().filter_map(|part| match part {
            Part::Secret(secret) => Some((secret.name().to_owned(), secret.expose().to_owned())),
            Part::Plain(_) => None,
        })),
        Data::List(items) => items.iter().for_each(|item| collect(item, secrets)),
        Data::Map(map) => map.values().for_each(|value| collect(value, secrets)),
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) => {}
    }
}
