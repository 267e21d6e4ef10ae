//! The text format of Prometheus, version 0.0.4: families of samples, each with its help and its type.

use std::fmt::{Display, Write};

/// The media type of the format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the samples of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number that goes up and down.
    Gauge,
    /// A number that goes up, and begins anew when what is counted does.
    Counter,
    /// How many observations were at most so large.
    Histogram,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// Labels of a sample: names, which the format allows, and any values.
pub(super) type Labels<'l> = [(&'static str, &'l str)];

/// A text that is written family by family.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    family: &'static str,
}

impl Exposition {
    /// Begins a family; the samples that follow are its own.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        self.family = name;
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {}", kind.word()));
    }

    /// Adds a sample to the family.
    pub(super) fn sample(&mut self, labels: &Labels<'_>, value: impl Display) {
        self.named("", labels, None, value);
    }

    /// Adds a histogram to the family: its buckets up to these bounds and without one, sum and count.
    pub(super) fn histogram(&mut self, labels: &Labels<'_>, bounds: &[f64], observed: &[f64]) {
        for bound in bounds {
            let within = observed.iter().filter(|value| *value <= bound).count();
            self.named("_bucket", labels, Some(("le", &bound.to_string())), within);
        }
        self.named("_bucket", labels, Some(("le", "+Inf")), observed.len());
        self.named("_sum", labels, None, observed.iter().sum::<f64>());
        self.named("_count", labels, None, observed.len());
    }

    /// All that was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn named(
        &mut self,
        suffix: &str,
        labels: &Labels<'_>,
        last: Option<(&'static str, &str)>,
        value: impl Display,
    ) {
        let labels = labels.iter().copied().chain(last);
        let labels: Vec<String> =
            labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let family = self.family;
        self.line(format_args!("{family}{suffix}{{{}}} {value}", labels.join(",")));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // A text always takes what is written to it.
        let _ = writeln!(self.text, "{line}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_are_escaped_and_buckets_add_up() {
        let mut text = Exposition::default();
        text.family("x_total", Kind::Counter, "One\nTwo \\ three.");
        text.sample(&[("a", "\"b\"\\\n")], 1_u64 << 60);
        text.family("took_seconds", Kind::Histogram, "Time.");
        text.histogram(&[("a", "b")], &[0.5, 2.0], &[0.25, 0.5, 1.0, 9.0]);
        assert_eq!(
            text.into_text(),
            r#"# HELP x_total One\nTwo \\ three.
# TYPE x_total counter
x_total{a="\"b\"\\\n"} 1152921504606846976
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{a="b",le="0.5"} 2
took_seconds_bucket{a="b",le="2"} 3
took_seconds_bucket{a="b",le="+Inf"} 4
took_seconds_sum{a="b"} 10.75
took_seconds_count{a="b"} 4
"#
        );
    }
}
