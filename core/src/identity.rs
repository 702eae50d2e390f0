//! Which finding a report belongs to, and the canonical names of resources.
