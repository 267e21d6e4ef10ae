#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| pt_fuzz::document(text, pt_syntax::Format::Edn));
