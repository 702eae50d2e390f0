//! What the products send to EventBridge: the same documents as their APIs, wrapped.
//!
//! Nothing receives events yet. They are hints: what they bring is shown at once, and the next sweep
//! of the product's API decides.

mod health;
pub mod map;
