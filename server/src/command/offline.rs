//! What works on a store without a server.

use std::error::Error;
use std::path::Path;

pub(super) fn verify(_: &Path) -> Result<(), Box<dyn Error>> {
    Err("follows".into())
}
pub(super) fn export(_: &Path, _: Option<&Path>) -> Result<(), Box<dyn Error>> {
    Err("follows".into())
}
pub(super) fn import(_: &Path, _: Option<&Path>) -> Result<(), Box<dyn Error>> {
    Err("follows".into())
}
