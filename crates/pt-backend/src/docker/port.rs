//! Ports of containers: whether somebody answers there.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Docker;
use super::door::address;
use crate::backend::Knock;

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it is believed where a container is: it may have been started anew elsewhere.
const BELIEF: Duration = Duration::from_secs(1);

/// How much of an answer is read: its first line is shorter.
const ANSWER: usize = 1024;

/// Where containers are, and since when that is known.
pub(super) type Addresses = Mutex<HashMap<String, (IpAddr, Instant)>>;

impl Docker {
    pub(super) async fn knock_once(&self, id: &str, knock: &Knock) -> Result<(), String> {
        if !self.is_reachable().await {
            return Ok(());
        }
        let Some(address) = self.address_for_now(id).await else {
            return Err("it has no address".to_owned());
        };
        let port = knock.port;
        match timeout(PATIENCE, answer(address, knock)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                Err(format!("port {port} refuses"))
            }
            Ok(Err(error)) => Err(format!("port {port}: {error}")),
            Err(_) => Err(format!("port {port} does not answer")),
        }
    }

    async fn address_for_now(&self, id: &str) -> Option<IpAddr> {
        let known = {
            let mut addresses = self.addresses.lock().await;
            addresses.retain(|_, (_, since)| since.elapsed() < BELIEF);
            addresses.get(id).map(|(address, _)| *address)
        };
        if known.is_some() {
            return known;
        }
        // A slow answer about one container holds up no other.
        let found = address(&self.client, id).await?;
        self.addresses.lock().await.insert(id.to_owned(), (found, Instant::now()));
        Some(found)
    }
}

async fn answer(address: IpAddr, knock: &Knock) -> io::Result<()> {
    let mut stream = TcpStream::connect((address, knock.port)).await?;
    let Some((path, status)) = &knock.http else { return Ok(()) };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: polytope\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut said = Vec::new();
    while !said.contains(&b'\n') && said.len() < ANSWER {
        if stream.read_buf(&mut said).await? == 0 {
            break;
        }
    }
    match status_of(&said) {
        Some(code) if status.map_or((200..400).contains(&code), |status| status == code) => Ok(()),
        Some(code) => Err(io::Error::other(format!("GET {path} gives {code}"))),
        None => Err(io::Error::other("it does not speak HTTP")),
    }
}

/// The status in the first line of an answer: `HTTP/1.1 200 OK`.
fn status_of(answer: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(answer);
    let mut words = text.lines().next()?.split(' ');
    words.next().filter(|word| word.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_in_the_first_line() {
        assert_eq!(status_of(b"HTTP/1.1 204 No Content\r\nx: y"), Some(204));
        assert_eq!(status_of(b"HTTP/1.0 200\n"), Some(200));
        assert_eq!(status_of(b"SSH-2.0-x 200"), None);
        assert_eq!(status_of(b""), None);
    }
}
