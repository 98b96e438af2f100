//! devstore
