//! Code in, data out.

mod common;
mod javascript;
mod limits;
mod secrets;
