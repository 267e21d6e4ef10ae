//! The key that encrypts secrets.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::CURE;
use crate::{StoreError, private};

const KEY_BYTES: usize = 32;

/// The key of a state directory: 32 random bytes, kept as hex digits in a file of their own.
pub(crate) struct SecretKey {
    cipher: XChaCha20Poly1305,
    pub(crate) path: PathBuf,
}

/// An encrypted secret.
pub(crate) struct Sealed {
    pub(crate) nonce: Vec<u8>,
    pub(crate) text: Vec<u8>,
}

impl SecretKey {
    /// The key in the file, made first if there is none. The caller holds the directory's lock.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        match fs::read_to_string(path) {
            Ok(text) => {
                private::restrict(path)?;
                Self::from_hex(&Zeroizing::new(text), path)
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let hex = new_key_as_hex().map_err(StoreError::file("get random bytes for", path))?;
                private::write_whole(path, hex.as_bytes())?;
                Self::from_hex(&hex, path)
            }
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => Err(damaged(path)),
            Err(cause) => Err(StoreError::file("read the key", path)(cause)),
        }
    }

    /// A key that lasts as long as the process.
    pub(crate) fn fleeting() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let hex = new_key_as_hex().map_err(StoreError::file("get random bytes for", path))?;
        Self::from_hex(&hex, path)
    }

    fn from_hex(text: &str, path: &Path) -> Result<Self, StoreError> {
        let digits = text.trim_end();
        let mut key = Zeroizing::new([0u8; KEY_BYTES]);
        if digits.len() != 2 * KEY_BYTES || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(damaged(path));
        }
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| damaged(path))?;
        }
        let cipher = XChaCha20Poly1305::new((&*key).into());
        Ok(Self { cipher, path: path.to_owned() })
    }

    /// Encrypts `text`, bound to `place`: it opens there and nowhere else.
    pub(crate) fn seal(&self, text: &str, place: &[u8]) -> Result<Sealed, StoreError> {
        let no_randomness =
            |cause| StoreError::file("encrypt with the key", &self.path)(io::Error::other(cause));
        let nonce = XNonce::try_generate().map_err(|cause| no_randomness(cause.to_string()))?;
        let sealed = self.cipher.encrypt(&nonce, Payload { msg: text.as_bytes(), aad: place });
        let text = sealed.map_err(|cause| no_randomness(cause.to_string()))?;
        Ok(Sealed { nonce: nonce.to_vec(), text })
    }

    /// What was sealed at `place`; nothing if it was not, or not with this key.
    pub(crate) fn open_sealed(&self, sealed: &Sealed, place: &[u8]) -> Option<Zeroizing<String>> {
        let nonce = XNonce::try_from(sealed.nonce.as_slice()).ok()?;
        let payload = Payload { msg: sealed.text.as_slice(), aad: place };
        let bytes = Zeroizing::new(self.cipher.decrypt(&nonce, payload).ok()?);
        std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
    }
}

/// A name that nobody else chooses, and nobody guesses: 16 hex digits.
///
/// # Errors
/// The system has no randomness to give.
pub fn random_name() -> io::Result<String> {
    let random = XNonce::try_generate().map_err(|cause| io::Error::other(cause.to_string()))?;
    Ok(random[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

fn new_key_as_hex() -> io::Result<Zeroizing<String>> {
    let key = Key::try_generate().map_err(|cause| io::Error::other(cause.to_string()))?;
    let key = Zeroizing::new(<[u8; KEY_BYTES]>::from(key));
    let mut hex = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
    for byte in key.iter() {
        write!(hex, "{byte:02x}").map_err(io::Error::other)?;
    }
    hex.push('\n');
    Ok(hex)
}

fn damaged(path: &Path) -> StoreError {
    StoreError::Damaged {
        cure: CURE,
        path: path.to_owned(),
        detail: "it does not hold a key of 64 hex digits".to_owned(),
    }
}
