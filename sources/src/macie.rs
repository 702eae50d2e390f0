//! Macie: sensitive data in S3, and buckets that are open.
//!
//! Nothing collects it yet: its findings come by events, imports and Security Hub.

pub mod map;
