//! Frames: a byte for the kind, four for the length, then that much.

use std::io;

use pt_backend::{Chunk, ExecOrder, ExecSignal, Exit};
use pt_model::Stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longer frames nobody sends.
const LONGEST: u32 = 1 << 24;

/// What the runner tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Output(Chunk),
    Exit(Exit),
}

/// Sends an order.
pub(super) async fn write_order(to: &mut (impl AsyncWrite + Unpin), order: &ExecOrder) -> io::Result<()> {
    match order {
        ExecOrder::Input(bytes) => write(to, b'i', bytes).await,
        ExecOrder::EndOfInput => write(to, b'e', &[]).await,
        ExecOrder::Resize { columns, rows } => {
            let [a, b] = columns.to_be_bytes();
            let [c, d] = rows.to_be_bytes();
            write(to, b'w', &[a, b, c, d]).await
        }
        ExecOrder::Signal(signal) => write(to, b's', &[signal.number()]).await,
    }
}

/// The next order; nothing when the other side has gone.
pub(super) async fn read_order(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<ExecOrder>> {
    let Some((kind, bytes)) = read(from).await? else { return Ok(None) };
    Ok(Some(match (kind, bytes.as_slice()) {
        (b'i', _) => ExecOrder::Input(bytes),
        (b'e', []) => ExecOrder::EndOfInput,
        (b'w', &[a, b, c, d]) => {
            ExecOrder::Resize { columns: u16::from_be_bytes([a, b]), rows: u16::from_be_bytes([c, d]) }
        }
        (b's', &[number]) => {
            let known = ExecSignal::ALL.into_iter().find(|signal| signal.number() == number);
            ExecOrder::Signal(known.ok_or_else(|| unknown(kind))?)
        }
        _ => return Err(unknown(kind)),
    }))
}

/// Tells something.
pub(super) async fn write_told(to: &mut (impl AsyncWrite + Unpin), told: &Told) -> io::Result<()> {
    match told {
        Told::Output(Chunk { stream: Stream::Stderr, bytes }) => write(to, b'2', bytes).await,
        Told::Output(Chunk { stream: Stream::Stdout | Stream::Log | Stream::Otlp, bytes }) => {
            write(to, b'1', bytes).await
        }
        Told::Exit(exit) => {
            let mut bytes = exit.code.to_be_bytes().to_vec();
            bytes.push(u8::from(exit.out_of_memory));
            write(to, b'x', &bytes).await
        }
    }
}

/// What is told next; nothing when the other side has gone.
pub(super) async fn read_told(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Told>> {
    let Some((kind, bytes)) = read(from).await? else { return Ok(None) };
    Ok(Some(match kind {
        b'1' => Told::Output(Chunk { stream: Stream::Stdout, bytes }),
        b'2' => Told::Output(Chunk { stream: Stream::Stderr, bytes }),
        b'x' => match bytes.split_first_chunk() {
            Some((code, [memory])) => {
                Told::Exit(Exit { code: i64::from_be_bytes(*code), out_of_memory: *memory != 0, run: 0 })
            }
            _ => return Err(unknown(kind)),
        },
        _ => return Err(unknown(kind)),
    }))
}

async fn write(to: &mut (impl AsyncWrite + Unpin), kind: u8, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    to.write_u8(kind).await?;
    to.write_u32(length).await?;
    to.write_all(bytes).await?;
    to.flush().await
}

async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<(u8, Vec<u8>)>> {
    let kind = match from.read_u8().await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        kind => kind?,
    };
    let length = from.read_u32().await?;
    if length > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes).await?;
    Ok(Some((kind, bytes)))
}

fn unknown(kind: u8) -> io::Error {
    let kind = char::from(kind);
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the other side is of another version: it says '{kind}'"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_sent_arrives() {
        let mut wire = Vec::new();
        let orders = [
            ExecOrder::Input(b"select 1;\n".to_vec()),
            ExecOrder::Resize { columns: 300, rows: 40 },
            ExecOrder::Signal(ExecSignal::Quit),
            ExecOrder::EndOfInput,
        ];
        for order in &orders {
            write_order(&mut wire, order).await.unwrap();
        }
        let mut from = wire.as_slice();
        for order in orders {
            assert_eq!(read_order(&mut from).await.unwrap(), Some(order));
        }
        assert_eq!(read_order(&mut from).await.unwrap(), None);

        let mut wire = Vec::new();
        let told = [
            Told::Output(Chunk { stream: Stream::Stdout, bytes: b"1".to_vec() }),
            Told::Output(Chunk { stream: Stream::Stderr, bytes: Vec::new() }),
            Told::Exit(Exit { code: -3, out_of_memory: true, run: 0 }),
        ];
        for one in &told {
            write_told(&mut wire, one).await.unwrap();
        }
        let mut from = wire.as_slice();
        for one in told {
            assert_eq!(read_told(&mut from).await.unwrap(), Some(one));
        }
        assert_eq!(read_told(&mut from).await.unwrap(), None);
    }

    #[tokio::test]
    async fn nonsense_is_an_error() {
        for wire in [&b"?\0\0\0\0"[..], b"w\0\0\0\x01x", b"s\0\0\0\x01\x63", b"i\xff\0\0\0", b"i\0\0\0\x05ab"]
        {
            assert!(read_order(&mut &*wire).await.is_err(), "{wire:?}");
        }
    }
}
