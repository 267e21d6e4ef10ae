//! Tells Cargo to embed the standard modules again when one comes, changes or goes.

fn main() {
    println!("cargo::rerun-if-changed=../../std");
}
