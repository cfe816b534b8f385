//! Nothing: this package only names the crates whose data the tests read.
