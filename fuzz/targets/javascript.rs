#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| pt_fuzz::code(pt_eval::Language::JavaScript, text));
