//! Tells Cargo to embed the standard modules again when one comes, changes or goes.

#![expect(clippy::print_stdout, reason = "that is how build scripts talk to Cargo")]

fn main() {
    println!("cargo::rerun-if-changed=../../std");
}
