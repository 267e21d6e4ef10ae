#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| pt_fuzz::reference(text));
