//! One client over stdin and stdout, a message a line.
//!
//! The SDK leaves lines that are no JSON without an answer, and answers other mistakes without the id of the request; a
//! client that waits for its answer waits forever. So lines are looked at before the SDK gets them.

use std::io;
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::Value;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::handler::Handler;
use crate::message::{Refusal, check};
use crate::server::Server;
use crate::sessions;

/// Bytes that a line may have.
const LONGEST: u64 = 16 << 20;

/// Bytes on their way to the SDK, and from it.
const ON_THE_WAY: usize = 1 << 16;

/// So long a server outlives its client at most to remove what earlier servers left.
const TIDY: Duration = Duration::from_secs(10);

impl Server {
    /// Serves one client over stdin and stdout, until it goes.
    ///
    /// # Errors
    /// The client does not speak the protocol.
    pub async fn serve_stdio(&self) -> io::Result<()> {
        let _watching = AbortOnDropHandle::new(sessions::watch(self));
        let tidying = AbortOnDropHandle::new(self.tidy());
        let (heard, to_read) = tokio::io::duplex(ON_THE_WAY);
        let (to_write, said) = tokio::io::duplex(ON_THE_WAY);
        let (refuse, refused) = mpsc::channel(1);
        let _reading = AbortOnDropHandle::new(tokio::spawn(async move {
            // A stdin that cannot be read is one that has ended.
            drop(pass_on(BufReader::new(tokio::io::stdin()), heard, &refuse).await);
        }));
        let writing = tokio::spawn(write(BufReader::new(said), refused, tokio::io::stdout()));
        let served = async {
            let lines = AsyncRwTransport::new_server(to_read, to_write);
            let service = Handler::new(self.clone()).serve(lines).await.map_err(io::Error::other)?;
            service.waiting().await.map(drop).map_err(io::Error::other)
        };
        let served = served.await;
        // Its last words are heard. Who has gone does not hear them.
        drop(writing.await);
        // A client that asks one thing and goes would else keep it from being done each time.
        drop(tokio::join!(self.close("the agent has gone"), timeout(TIDY, tidying)));
        served
    }
}

/// Writes what the SDK says, and what was refused before it.
async fn write(
    mut said: impl AsyncBufRead + Unpin,
    mut refused: mpsc::Receiver<Refusal>,
    mut out: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        tokio::select! {
            biased;
            Some(refusal) = refused.recv() => {
                out.write_all(format!("{}\n", refusal.answer()).as_bytes()).await?;
            }
            // What was read of a line before the other branch was taken stays in it.
            read = said.read_until(b'\n', &mut line) => {
                if read? == 0 {
                    return Ok(());
                }
                out.write_all(&line).await?;
                line.clear();
            }
        }
        out.flush().await?;
    }
}

/// Passes on what is a message, and refuses what is not.
async fn pass_on(
    mut lines: impl AsyncBufRead + Unpin,
    mut to: DuplexStream,
    refuse: &mpsc::Sender<Refusal>,
) -> io::Result<()> {
    let mut line = Vec::new();
    while (&mut lines).take(LONGEST).read_until(b'\n', &mut line).await? > 0 {
        let whole = line.ends_with(b"\n") || (line.len() as u64) < LONGEST;
        let read = if whole {
            read(line.trim_ascii())
        } else {
            skip_line(&mut lines).await?;
            let why =
                format!("the line is longer than {LONGEST} bytes. Each line must be one JSON-RPC message.");
            Err(Refusal::no_json(why))
        };
        match read {
            Ok(()) => {
                if !line.ends_with(b"\n") {
                    line.push(b'\n');
                }
                to.write_all(&line).await?;
            }
            Err(refusal) => refuse.send(refusal).await.map_err(io::Error::other)?,
        }
        line.clear();
    }
    Ok(())
}

/// Whether a line is a message, or nothing at all.
fn read(line: &[u8]) -> Result<(), Refusal> {
    if line.is_empty() {
        return Ok(());
    }
    let no_json = |error| Refusal::no_json(format!("{error}. Each line must be one JSON-RPC message."));
    check(&serde_json::from_slice::<Value>(line).map_err(no_json)?)
}

/// Reads to the end of a line that is not kept.
async fn skip_line(lines: &mut (impl AsyncBufRead + Unpin)) -> io::Result<()> {
    let mut rest = Vec::new();
    while !rest.ends_with(b"\n") {
        rest.clear();
        if lines.take(ON_THE_WAY as u64).read_until(b'\n', &mut rest).await? == 0 {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refusals_stand_between_whole_lines() {
        let (mut sdk, said) = tokio::io::duplex(ON_THE_WAY);
        let (refuse, refused) = mpsc::channel(1);
        let (out, mut shown) = tokio::io::duplex(ON_THE_WAY);
        let writing = tokio::spawn(write(BufReader::new(said), refused, out));
        sdk.write_all(b"{\"id\":").await.unwrap();
        refuse.send(Refusal::no_json("no")).await.unwrap();
        // It has been taken when there is room for the next one.
        drop(refuse.reserve().await.unwrap());
        sdk.write_all(b"1}\n").await.unwrap();
        drop(sdk);
        writing.await.unwrap().unwrap();
        let mut text = String::new();
        shown.read_to_string(&mut text).await.unwrap();
        let refusal = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error: no"}}"#;
        assert_eq!(text, format!("{refusal}\n{{\"id\":1}}\n"));
    }

    #[tokio::test]
    async fn what_is_no_message_is_refused_and_the_rest_passed_on() {
        let text = "{\"jsonrpc\": \"2.0\", \"method\": \"a\"}\n{\"a\": \n\n  \nnot json\r\n\u{feff}{}\n[1]\r\n{\"id\": 3}\n\
                    {\"jsonrpc\": \"2.0\", \"method\": \"b\"}";
        let (theirs, mut ours) = tokio::io::duplex(ON_THE_WAY);
        let (refuse, mut refused) = mpsc::channel(10);
        pass_on(text.as_bytes(), theirs, &refuse).await.unwrap();
        let mut passed = String::new();
        ours.read_to_string(&mut passed).await.unwrap();
        assert_eq!(
            passed,
            "{\"jsonrpc\": \"2.0\", \"method\": \"a\"}\n\n  \n{\"jsonrpc\": \"2.0\", \"method\": \"b\"}\n"
        );
        drop(refuse);
        let mut answers = Vec::new();
        while let Some(refusal) = refused.recv().await {
            let answer = refusal.answer();
            answers.push(format!("{} {}", answer["id"], answer["error"]["message"].as_str().unwrap()));
        }
        assert_eq!(
            answers,
            [
                "null Parse error: EOF while parsing a value at line 1 column 5. Each line must be one JSON-RPC message.",
                "null Parse error: expected ident at line 1 column 2. Each line must be one JSON-RPC message.",
                "null Parse error: expected value at line 1 column 1. Each line must be one JSON-RPC message.",
                "null Invalid request: a message is a JSON object, one at a time.",
                "3 Invalid request: this is no message of JSON-RPC 2.0: it has no \"jsonrpc\": \"2.0\".",
            ]
        );
    }
}
