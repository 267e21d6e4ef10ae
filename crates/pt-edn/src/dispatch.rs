//! Everything that begins with `#`, and metadata.

use crate::reader::Item;
use crate::{Form, FormKind, Mode, Name, ReadError, Reader, Span};

impl Reader<'_> {
    /// Reads what `#` begins; `at` stands on it.
    pub(crate) fn dispatch(&mut self) -> Result<Item, ReadError> {
        let start = self.at;
        self.at += 1;
        let kind = match self.peek() {
            Some(b'{') => {
                let items = self.sequence(b'}')?;
                self.unique(items.iter())?;
                FormKind::Set(items)
            }
            Some(b'_') => {
                self.at += 1;
                let discarded = self.operand(start)?;
                if self.mode == Mode::Edn {
                    self.discarded.push(discarded);
                }
                return Ok(Item::Nothing);
            }
            Some(b'#') => self.symbolic(start)?,
            Some(byte @ (b'(' | b'"' | b'\'' | b'^' | b'?' | b':' | b'=' | b'<')) => {
                self.at += 1;
                if !(self.metadata && matches!(byte, b':' | b'^')) {
                    self.clojure_only(start)?;
                }
                self.at -= 1;
                match byte {
                    b'(' => self.function(start)?,
                    b'"' => self.regex(start)?,
                    b':' => self.namespaced_map(start)?,
                    b'?' => return self.conditional(start),
                    b'\'' => {
                        self.at += 1;
                        FormKind::Var(Box::new(self.operand(start)?))
                    }
                    b'^' => {
                        self.at += 1;
                        return self.with_meta(start).map(Item::Form);
                    }
                    b'=' => return Err(self.fail("Evaluation while reading (#=) is not allowed", start)),
                    _ => return Err(self.fail("Unreadable form", start)),
                }
            }
            Some(_) => self.tagged(start)?,
            None => return Err(self.fail("EOF while reading dispatch character", start)),
        };
        Ok(Item::Form(self.finish(kind, start)))
    }

    fn tagged(&mut self, start: usize) -> Result<FormKind, ReadError> {
        if self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || byte == b',') {
            return Err(self.fail("Reader tag must be a symbol", start));
        }
        let tag = self.operand(start)?;
        let FormKind::Symbol(tag) = tag.kind else {
            return Err(self.fail(&format!("Reader tag must be a symbol, not {tag}"), start));
        };
        if self.mode == Mode::Edn && !tag.as_str().starts_with(char::is_alphabetic) {
            return Err(self.fail(&format!("Reader tag must begin with a letter: {tag}"), start));
        }
        Ok(FormKind::Tagged(tag, Box::new(self.operand(start)?)))
    }

    fn symbolic(&mut self, start: usize) -> Result<FormKind, ReadError> {
        self.at += 1;
        match self.token() {
            "Inf" => Ok(FormKind::Float(f64::INFINITY)),
            "-Inf" => Ok(FormKind::Float(f64::NEG_INFINITY)),
            "NaN" => Ok(FormKind::Float(f64::NAN)),
            other => Err(self.fail(&format!("Unknown symbolic value: ##{other}"), start)),
        }
    }

    fn function(&mut self, start: usize) -> Result<FormKind, ReadError> {
        if self.in_fn {
            return Err(self.fail("Nested #()s are not allowed", start));
        }
        self.in_fn = true;
        let items = self.sequence(b')');
        self.in_fn = false;
        items.map(FormKind::Fn)
    }

    fn regex(&mut self, start: usize) -> Result<FormKind, ReadError> {
        self.at += 1;
        let pattern = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(FormKind::Regex(self.text[pattern..self.at - 1].into()));
                }
                b'\\' => {
                    let escaped = self.text[self.at + 1..].chars().next();
                    self.at += 1 + escaped.map_or(0, char::len_utf8);
                }
                _ => self.at += 1,
            }
        }
        Err(self.fail("EOF while reading regex", start))
    }

    /// `#:ns{:a 1}`: the namespace is put on every key that has none.
    fn namespaced_map(&mut self, start: usize) -> Result<FormKind, ReadError> {
        let token = self.token();
        let namespace = match token.strip_prefix(':') {
            Some(":") => self.namespace.clone(),
            Some(name) if name.starts_with(':') => match self.resolved(&name[1..]) {
                Some(full) => full,
                None => {
                    return Err(
                        self.fail(&format!("Unknown auto-resolved namespace alias: {}", &name[1..]), start)
                    );
                }
            },
            Some(name) if !name.is_empty() && !name.contains([':', '/']) => name.to_owned(),
            _ => return Err(self.fail("Namespaced map must specify a valid namespace", start)),
        };
        self.skip_space();
        if self.peek() != Some(b'{') {
            return Err(self.fail("Namespaced map must specify a map", start));
        }
        let mut pairs = self.pairs(start)?;
        for (key, _) in &mut pairs {
            if let FormKind::Keyword(name) | FormKind::Symbol(name) = &mut key.kind {
                match name.namespace() {
                    None => *name = Name::new(&format!("{namespace}/{name}")),
                    Some("_") => *name = Name::new(name.local()),
                    Some(_) => {}
                }
            }
        }
        self.unique(pairs.iter().map(|(key, _)| key))?;
        Ok(FormKind::Map(pairs))
    }

    /// `#?(:clj a :cljs b)` and `#?@(…)`: the first branch for `:clj` or `:default` counts.
    fn conditional(&mut self, start: usize) -> Result<Item, ReadError> {
        self.at += 1;
        let splicing = self.peek() == Some(b'@');
        if splicing {
            self.at += 1;
        }
        self.skip_space();
        if self.peek() != Some(b'(') {
            return Err(self.fail("read-cond body must be a list", start));
        }
        let branches = self.sequence(b')')?;
        if branches.len() % 2 != 0 {
            return Err(self.fail("read-cond requires an even number of forms", start));
        }
        let mut branches = branches.into_iter();
        while let (Some(feature), Some(form)) = (branches.next(), branches.next()) {
            let FormKind::Keyword(feature) = feature.kind else {
                return Err(self.fail("Feature should be a keyword", start));
            };
            if feature.as_str() != "clj" && feature.as_str() != "default" {
                continue;
            }
            return match (splicing, form.kind) {
                (true, FormKind::List(forms) | FormKind::Vector(forms)) => Ok(Item::Splice(forms)),
                (true, _) => {
                    Err(self.fail("Spliced form list in read-cond-splicing must be sequential", start))
                }
                (false, kind) => Ok(Item::Form(Form { kind, ..form })),
            };
        }
        Ok(Item::Nothing)
    }

    /// `^{:doc "…"} x`, `^:private x`, `^String x`.
    pub(crate) fn with_meta(&mut self, start: usize) -> Result<Form, ReadError> {
        let meta = self.operand(start)?;
        let span = meta.span;
        let pairs = if let FormKind::Map(pairs) = meta.kind {
            pairs
        } else if let FormKind::Keyword(_) = meta.kind {
            vec![(meta, Form::new(FormKind::Bool(true), span))]
        } else if let FormKind::Symbol(_) | FormKind::String(_) = meta.kind {
            vec![(Form::new(FormKind::Keyword(Name::new("tag")), span), meta)]
        } else {
            return Err(self.fail("Metadata must be Symbol,Keyword,String or Map", start));
        };
        let mut form = self.operand(start)?;
        let carries = !matches!(
            form.kind,
            FormKind::Nil
                | FormKind::Bool(_)
                | FormKind::Int(_)
                | FormKind::BigInt(_)
                | FormKind::Float(_)
                | FormKind::Ratio(_)
                | FormKind::Decimal(_)
                | FormKind::Char(_)
                | FormKind::String(_)
                | FormKind::Regex(_)
                | FormKind::Keyword(_)
        );
        if !carries {
            return Err(self.fail("Metadata can only be applied to IMetas", start));
        }
        // `^:a ^:b x`: what stands first wins where both say something.
        let inner = std::mem::replace(&mut form.meta, pairs);
        for (key, value) in inner {
            if !form.meta.iter().any(|(other, _)| other.kind == key.kind) {
                form.meta.push((key, value));
            }
        }
        form.span = Span { start, end: self.at };
        Ok(form)
    }
}
