//! `musterd`.
fn main() {}
