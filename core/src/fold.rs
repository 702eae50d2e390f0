//! Turns the reports of one finding into its facts.
