//! `muster`.
fn main() {}
