//! `musterd`: the server of Muster.

use std::process::ExitCode;

fn main() -> ExitCode {
    muster_server::command::main()
}
