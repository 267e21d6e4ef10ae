//! One client over stdin and stdout, a message a line.
//!
//! The SDK leaves lines that are no JSON without an answer, and a client that waits for one waits forever. So lines are
//! looked at before the SDK gets them.

use std::io;

use rmcp::ServiceExt;
use rmcp::model::ErrorCode;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream,
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::handler::Handler;
use crate::server::Server;
use crate::sessions;

/// Bytes that a line may have.
const LONGEST: u64 = 16 << 20;

/// Bytes on their way to the SDK, and from it.
const ON_THE_WAY: usize = 1 << 16;

impl Server {
    /// Serves one client over stdin and stdout, until it goes.
    ///
    /// # Errors
    /// The client does not speak the protocol.
    pub async fn serve_stdio(&self) -> io::Result<()> {
        let _watching = AbortOnDropHandle::new(sessions::watch(self));
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
        served
    }
}

/// Writes what the SDK says, and what was refused before it.
async fn write(
    mut said: impl AsyncBufRead + Unpin,
    mut refused: mpsc::Receiver<String>,
    mut out: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        tokio::select! {
            biased;
            Some(why) = refused.recv() => {
                let error = json!({"code": ErrorCode::PARSE_ERROR.0, "message": why});
                let answer = json!({"jsonrpc": "2.0", "id": null, "error": error});
                out.write_all(format!("{answer}\n").as_bytes()).await?;
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

/// Passes on what is JSON, and refuses what is not.
async fn pass_on(
    mut lines: impl AsyncBufRead + Unpin,
    mut to: DuplexStream,
    refuse: &mpsc::Sender<String>,
) -> io::Result<()> {
    let mut line = Vec::new();
    while (&mut lines).take(LONGEST).read_until(b'\n', &mut line).await? > 0 {
        let whole = line.ends_with(b"\n") || (line.len() as u64) < LONGEST;
        let wrong = if whole {
            let text = line.trim_ascii();
            let read = serde_json::from_slice::<Value>(text);
            read.err().filter(|_| !text.is_empty()).map(|error| error.to_string())
        } else {
            skip_line(&mut lines).await?;
            Some(format!("the line is longer than {LONGEST} bytes"))
        };
        match wrong {
            None => {
                if !line.ends_with(b"\n") {
                    line.push(b'\n');
                }
                to.write_all(&line).await?;
            }
            Some(why) => {
                let message = format!("Parse error: {why}. Each line must be one JSON-RPC message.");
                refuse.send(message).await.map_err(io::Error::other)?;
            }
        }
        line.clear();
    }
    Ok(())
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
        refuse.send("no".to_owned()).await.unwrap();
        // It has been taken when there is room for the next one.
        drop(refuse.reserve().await.unwrap());
        sdk.write_all(b"1}\n").await.unwrap();
        drop(sdk);
        writing.await.unwrap().unwrap();
        let mut text = String::new();
        shown.read_to_string(&mut text).await.unwrap();
        let refusal = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#;
        assert_eq!(text, format!("{refusal}\n{{\"id\":1}}\n"));
    }

    #[tokio::test]
    async fn what_is_no_json_is_refused_and_the_rest_passed_on() {
        let text = "{\"a\": 1}\n{\"a\": \n\n  \nnot json\r\n\u{feff}{}\n[1]\r\n{\"last\": true}";
        let (theirs, mut ours) = tokio::io::duplex(ON_THE_WAY);
        let (refuse, mut refused) = mpsc::channel(10);
        pass_on(text.as_bytes(), theirs, &refuse).await.unwrap();
        let mut passed = String::new();
        ours.read_to_string(&mut passed).await.unwrap();
        assert_eq!(passed, "{\"a\": 1}\n\n  \n[1]\r\n{\"last\": true}\n");
        drop(refuse);
        let mut messages = String::new();
        while let Some(error) = refused.recv().await {
            messages.extend([error.as_str(), "\n"]);
        }
        assert_eq!(
            messages,
            "Parse error: EOF while parsing a value at line 1 column 5. Each line must be one JSON-RPC message.\n\
             Parse error: expected ident at line 1 column 2. Each line must be one JSON-RPC message.\n\
             Parse error: expected value at line 1 column 1. Each line must be one JSON-RPC message.\n"
        );
    }
}
