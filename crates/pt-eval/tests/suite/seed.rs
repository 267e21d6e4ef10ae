//! The cases of `seed.txt`.

use std::fmt::Write;

use crate::common::{evaluated, ran};

struct Example {
    place: String,
    code: String,
    params: String,
    answers: Vec<(String, String)>,
    expected: Vec<String>,
}

#[test]
fn clojure_of_the_documentation() {
    check(|code| !is_javascript(code));
}

#[test]
fn javascript_of_the_documentation() {
    check(is_javascript);
}

fn is_javascript(code: &str) -> bool {
    code.starts_with("#pt-js")
}

fn check(wanted: fn(&str) -> bool) {
    let mut wrong = String::new();
    for example in examples().iter().filter(|example| wanted(&example.code)) {
        let actual = if example.place.ends_with(" code") {
            let answers: Vec<(&str, &str)> =
                example.answers.iter().map(|(name, answer)| (name.as_str(), answer.as_str())).collect();
            ran(&example.code, &example.params, &answers)
        } else {
            evaluated(&example.code, &example.params)
        };
        let actual = actual.split(" @ ").next().unwrap_or_default();
        let expected = example.expected.join("\n");
        if actual != expected {
            writeln!(wrong, "{} {}\nexpected {expected}\ngot      {actual}\n", example.place, example.params)
                .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn examples() -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for section in include_str!("seed.txt").split("\n## ").skip(1) {
        let (place, rest) = section.split_once('\n').unwrap();
        let (code, rest) = rest.split_once("\n<- ").unwrap();
        for example in rest.trim_end().split("\n<- ") {
            let mut lines = example.lines();
            let mut example = Example {
                place: place.to_owned(),
                code: code.to_owned(),
                params: lines.next().unwrap().to_owned(),
                answers: Vec::new(),
                expected: Vec::new(),
            };
            for line in lines {
                if let Some(answer) = line.strip_prefix(".. ") {
                    let (name, answer) = answer.split_once(' ').unwrap();
                    example.answers.push((name.to_owned(), answer.to_owned()));
                } else {
                    example.expected.push(line.strip_prefix("-> ").unwrap().to_owned());
                }
            }
            examples.push(example);
        }
    }
    examples
}
