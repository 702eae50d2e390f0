//! Compiles `proto/` without `protoc`: protox parses, tonic-prost-build generates.

use std::path::{Path, PathBuf};
use std::{env, error, fs};

use prost::Message;

const FILES: [&str; 9] = [
    "muster/v1/change.proto",
    "muster/v1/error.proto",
    "muster/v1/finding.proto",
    "muster/v1/findings_service.proto",
    "muster/v1/maturity_service.proto",
    "muster/v1/priority_service.proto",
    "muster/v1/subscription_service.proto",
    "muster/v1/triage_service.proto",
    "muster/v1/unit_service.proto",
];

fn main() -> Result<(), Box<dyn error::Error>> {
    // Named one by one: a whole directory would rebuild the API whenever its Rust changes.
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=proto/muster");

    let mut descriptors = protox::compile(FILES, [Path::new("proto")])?;
    tonic_prost_build::configure().generate_default_stubs(true).compile_fds(descriptors.clone())?;

    // Reflection needs no comments: they are three quarters of the descriptors.
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    let out: PathBuf = env::var("OUT_DIR")?.into();
    fs::write(out.join("descriptors.binpb"), descriptors.encode_to_vec())?;
    Ok(())
}
