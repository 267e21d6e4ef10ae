//! Pairs of source and result out of SCI's tests, with what the JVM answers.
