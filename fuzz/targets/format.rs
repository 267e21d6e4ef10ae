#![no_main]

use pt_syntax::Format;

libfuzzer_sys::fuzz_target!(|text: &str| {
    pt_fuzz::formatted(text, Format::Yaml);
    pt_fuzz::formatted(text, Format::Json);
});
