//! The view in memory: lists, counts and filters without touching the store.
