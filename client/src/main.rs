//! `muster`, the command line of Muster.

fn main() -> std::process::ExitCode {
    muster_client::cli::main()
}
