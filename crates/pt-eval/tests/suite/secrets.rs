//! Secrets are open to code and to nobody behind it.

use std::fmt::Write;

use crate::common::{map, scope, snippet};
use pt_eval::{EvalErrorKind, Host, Limits};
use pt_model::{Data, Failure, Masker, Part, Secret, Text};

/// Hands out a secret, and writes down what anyone could read.
#[derive(Default)]
struct Vault {
    seen: String,
    marked: usize,
}

impl Host for Vault {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        for arg in &args {
            write!(self.seen, "{arg} ").unwrap();
            self.marked += marks(arg);
        }
        match function {
            "secret" => Ok(Data::from(Text::from(Secret::new("vault", "s3cr3t-vault")))),
            "fail" => Err(Failure::new(args[0].to_text().masked(), args.get(1).cloned().unwrap_or_default())),
            _ => Ok(Data::Null),
        }
    }

    fn print(&mut self, line: &str) {
        self.seen += line;
    }
}

fn marks(data: &Data) -> usize {
    match data {
        Data::Secret(text) => text.parts().iter().filter(|part| matches!(part, Part::Secret(_))).count(),
        Data::List(items) => items.iter().map(marks).sum(),
        Data::Map(map) => map.values().map(marks).sum(),
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) => 0,
    }
}

#[test]
fn secrets_are_marked_in_whatever_leaves_the_code() {
    for (text, shown, marked) in [
        (
            "pt.js [params.password, 'x' + params.password + 'y', params.url, pt.secret('vault'), params.password.length]",
            "[\"[secret pw]\",\"x[secret pw]y\",\"http://[secret pw]@db\",\"[secret vault]\",7]",
            4,
        ),
        (
            "pt.js ({['k' + params.password]: {deep: [params.password]}})",
            "{\"k[secret pw]\":{\"deep\":[\"[secret pw]\"]}}",
            1,
        ),
        (
            "pt.py [params['password'], 'x' + params['password'] + 'y', params['url'], pt.secret('vault'), len(params['password'])]",
            "[\"[secret pw]\",\"x[secret pw]y\",\"http://[secret pw]@db\",\"[secret vault]\",7]",
            4,
        ),
        ("pt.py print('pw is', params['password'], {'p': pt.secret('vault')})", "null", 0),
        ("pt.py pt.spawn(env=[{'name': 'P', 'value': params['password']}]) and None", "null", 1),
        ("pt.js console.log('pw is ' + params.password, {p: pt.secret('vault')})", "null", 0),
        ("pt.js pt.spawn({env: [{name: 'P', value: params.password}]}); null", "null", 1),
        (
            "pt.js JSON.stringify(params)",
            "\"{\\\"password\\\":\\\"[secret pw]\\\",\\\"url\\\":\\\"http://[secret pw]@db\\\"}\"",
            2,
        ),
    ] {
        let mut params = map("{}");
        let secret = Secret::new("pw", "hunter2");
        params.insert("password".into(), Data::from(Text::from(secret.clone())));
        let url = [Part::Plain("http://".into()), Part::Secret(secret), Part::Plain("@db".into())];
        params.insert("url".into(), Data::from(Text::from_parts(url)));
        let (masker, mut host) = (Masker::default(), Vault::default());
        let result =
            pt_eval::run(&snippet(text), &scope(&params, &masker), &Limits::default(), &mut host).unwrap();
        assert_eq!(result.to_string(), shown, "{text}");
        assert_eq!(host.marked + marks(&result), marked, "{text}");
        let seen = format!("{} {result:?}", host.seen);
        assert!(!seen.contains("hunter2") && !seen.contains("s3cr3t"), "{text}: {seen}");
    }
}

#[test]
fn secrets_known_beforehand_are_hidden_in_errors_too() {
    let params = map(r#"{"plain":"hunter2"}"#);
    let masker = Masker::new([Secret::new("pw", "hunter2")]);
    for text in [
        "#pt-js throw new Error('bad ' + params.plain)",
        "#pt-js pt.fail('bad ' + params.plain, {p: params.plain})",
        "#pt-js throw {p: params.plain}",
        "#pt-py raise ValueError('bad ' + params['plain'])",
        "#pt-py pt.fail('bad ' + params['plain'], {'p': params['plain']})",
        "#pt-clj (throw (Exception. (str \"bad \" (:plain params))))",
        "#pt-clj (pt/fail (str \"bad \" (:plain params)) {:p (:plain params)})",
    ] {
        let error =
            pt_eval::run(&snippet(text), &scope(&params, &masker), &Limits::default(), &mut Vault::default());
        let error = error.unwrap_err();
        assert!(error.message.contains("[secret pw]"), "{}", error.message);
        if let EvalErrorKind::Failed(failure) = &error.kind {
            assert_eq!(failure.data.to_string(), r#"{"p":"[secret pw]"}"#);
        }
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
