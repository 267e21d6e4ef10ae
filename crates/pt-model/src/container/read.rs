//! Reads specs of containers, mounts and services from data, as code hands them over.
//!
//! What the type checker of the language has already accepted is accepted here too; code may hand over anything, so
//! everything is checked again and every mistake names its place.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "one or two kinds of data are accepted, all others refused alike"
)]

use crate::{
    ContainerId, ContainerSpec, CreateContainer, CreateVolume, Data, EnvVar, Mount, MountSource, PortSpec,
    Probe, Problem, Protocol, Readiness, Resources, Restart, RestartPolicy, Rule, ServiceSpec, Text, User,
    VolumeScope, camel, parse_data_size, parse_duration, shell_words,
};

/// What is wrong in a spec, and where: `mounts[0].source: Missing required value`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{problem}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct SpecError {
    /// Where in the spec.
    pub path: String,
    /// What is wrong.
    pub problem: Problem,
}

type Result<T> = std::result::Result<T, SpecError>;

/// A value and its place in the spec.
struct At<'a> {
    data: &'a Data,
    place: Place<'a>,
}

/// A place in a spec; becomes text only when something is wrong there.
#[derive(Clone, Copy)]
enum Place<'a> {
    Here,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Place::Here => String::new(),
            Place::Key(Place::Here, key) => (*key).to_owned(),
            Place::Key(outer, key) => format!("{}.{key}", outer.path()),
            Place::Index(outer, index) => format!("{}[{index}]", outer.path()),
        }
    }
}

impl ContainerSpec {
    /// Reads the map that code gives to `pt/spawn`. Keys it does not know are ignored.
    ///
    /// # Errors
    /// The first value that is not what it must be.
    pub fn from_data(data: &Data) -> Result<Self> {
        let spec = At { data, place: Place::Here };
        spec.map()?;
        Ok(Self {
            id: spec.get("id").optional(At::string)?.map(ContainerId::new),
            image: spec.get("image").string()?,
            cmd: spec.get("cmd").optional(At::argv)?,
            entrypoint: spec.get("entrypoint").optional(At::argv)?,
            env: env(&spec.get("env"))?,
            mounts: mounts(&spec.get("mounts"))?,
            workdir: spec.get("workdir").optional(At::absolute)?,
            user: spec.get("user").optional(At::user)?,
            tty: spec.get("tty").optional(At::boolean)?.unwrap_or(false),
            no_stdin: spec.get("no-stdin").optional(At::boolean)?.unwrap_or(false),
            restart: spec.get("restart").optional(At::restart)?.unwrap_or_default(),
            update_image: spec.get("update-image").optional(At::boolean)?.unwrap_or(false),
            resources: spec.get("resources").optional(At::resources)?.unwrap_or_default(),
            create: spec.get("create").one_of(&[
                ("when-missing", CreateContainer::WhenMissing),
                ("always", CreateContainer::Always),
                ("never", CreateContainer::Never),
            ])?,
            replicas: spec.get("scaling").optional(At::replicas)?.unwrap_or(1),
            unconfined: spec.get("unconfined").optional(At::boolean)?.unwrap_or(false),
            ready: spec.get("ready").optional(At::readiness)?,
            tags: match spec.get("tags").optional(|tags| tags.map().cloned())? {
                Some(tags) => {
                    tags.iter().map(|(key, value)| (key.to_string(), value.to_text().masked())).collect()
                }
                None => Default::default(),
            },
        })
    }
}

impl MountSource {
    /// Reads a mount source; a plain string is a host path.
    ///
    /// # Errors
    /// The first value that is not what it must be.
    pub fn from_data(data: &Data) -> Result<Self> {
        source(&At { data, place: Place::Here })
    }
}

impl ServiceSpec {
    /// Reads a service; `{id, port}` is short for one HTTP port, ranges are spread out.
    ///
    /// # Errors
    /// The first value that is not what it must be.
    pub fn from_data(data: &Data) -> Result<Self> {
        let spec = At { data, place: Place::Here };
        spec.map()?;
        let id = spec.get("id").shown()?.as_str().into();
        let ready = spec.get("ready").optional(At::readiness)?;
        if spec.get("ports").data.is_null() && !spec.get("port").data.is_null() {
            let port = spec.get("port").port()?;
            let protocol = spec.get("protocol").optional(At::protocol)?.unwrap_or(Protocol::Http);
            let expose_as = spec.get("expose-as").optional(At::port)?;
            return Ok(Self {
                id,
                ports: vec![PortSpec { port, protocol, expose_as, internal: false, label: None }],
                ready,
            });
        }
        let mut ports = Vec::new();
        for port in spec.get("ports").items()? {
            ports.extend(port_specs(&port)?);
        }
        Ok(Self { id, ports, ready })
    }
}

fn env(at: &At<'_>) -> Result<Vec<EnvVar>> {
    let mut env: Vec<EnvVar> = Vec::new();
    for item in at.items_or_none()? {
        if item.data.is_null() {
            continue;
        }
        let name = item.get("name").string()?;
        let value = item.get("value");
        env.retain(|var| var.name != name || value.data.is_null());
        match value.data {
            Data::Null => {}
            Data::Str(_) | Data::Secret(_) | Data::Bool(_) | Data::Int(_) | Data::Float(_) => {
                env.push(EnvVar { name, value: value.data.to_text() });
            }
            Data::List(_) | Data::Map(_) => return value.wrong(Rule::Text),
        }
    }
    Ok(env)
}

fn mounts(at: &At<'_>) -> Result<Vec<Mount>> {
    let mut mounts: Vec<Mount> = Vec::new();
    for item in at.items_or_none()? {
        if item.data.is_null() {
            continue;
        }
        let path = item.get("path").absolute()?;
        let source = source(&item.get("source"))?;
        mounts.retain(|mount| mount.path != path);
        mounts.push(Mount { path, source });
    }
    Ok(mounts)
}

fn source(at: &At<'_>) -> Result<MountSource> {
    if let Some(text) = at.data.as_str() {
        return Ok(if is_git_url(text) {
            MountSource::Repo { repo: Some(text.to_owned()), path: None, revision: None }
        } else {
            MountSource::Host { path: text.to_owned() }
        });
    }
    at.map()?;
    let kind = at.get("type").string()?;
    Ok(match kind.as_str() {
        "host" => MountSource::Host { path: at.get("path").string()? },
        // A directory of the host in place of a repository.
        "repo" if at.get("repo").data.get("type").as_str() == Some("host") => {
            let dir = at.get("repo").get("path").string()?;
            let path = at.get("path").optional(At::string)?.unwrap_or_default();
            let path = path.trim_matches('/');
            let path = if path.is_empty() { dir } else { format!("{}/{path}", dir.trim_end_matches('/')) };
            MountSource::Host { path }
        }
        "repo" => MountSource::Repo {
            repo: at.get("repo").optional(At::string)?,
            path: at.get("path").optional(At::string)?,
            revision: at.get("revision").optional(At::string)?,
        },
        "string" => MountSource::String { data: at.get("data").text()? },
        "volume" => MountSource::Volume {
            id: at.get("id").optional(At::string)?.map(crate::VolumeId::new),
            scope: at
                .get("scope")
                .one_of(&[("job", VolumeScope::Job), ("project", VolumeScope::Project)])?
                .unwrap_or_default(),
            create: at
                .get("create")
                .one_of(&[
                    ("when-missing", CreateVolume::WhenMissing),
                    ("never", CreateVolume::Never),
                    ("always", CreateVolume::Always),
                ])?
                .unwrap_or_default(),
            source: at.get("source").optional(|at| source(&at))?.map(Box::new),
        },
        "dataset" => MountSource::Dataset {
            dataset: at.get("dataset").string()?,
            path: at.get("path").optional(At::string)?,
            version: at.get("version").optional(At::integer)?,
        },
        _ => return at.get("type").wrong(r#"Must be one of "host", "repo", "string", "volume", "dataset""#),
    })
}

/// `https://…`, `git@host:…`: what Git clones, and no path.
fn is_git_url(text: &str) -> bool {
    let scp_like = |(host, path): (&str, &str)| host.contains('@') && !host.contains('/') && !path.is_empty();
    text.contains("://") || text.starts_with("gh:") || text.split_once(':').is_some_and(scp_like)
}

fn port_specs(at: &At<'_>) -> Result<Vec<PortSpec>> {
    at.map()?;
    let protocol = at.get("protocol").optional(At::protocol)?.unwrap_or_default();
    let internal = at.get("internal").optional(At::boolean)?.unwrap_or(false);
    let label = at.get("label").optional(At::shown)?;
    let spec = |port, expose_as| PortSpec { port, protocol, expose_as, internal, label: label.clone() };
    if at.get("range").data.is_null() {
        return Ok(vec![spec(at.get("port").port()?, at.get("expose-as").optional(At::port)?)]);
    }
    let ports = at.get("range").ranges()?;
    let Some(exposed) = at.get("expose-as").optional(At::ranges)? else {
        return Ok(ports.into_iter().map(|port| spec(port, None)).collect());
    };
    if exposed.len() != ports.len() {
        return at.get("expose-as").wrong(format!("Must name {} ports, as `range` does", ports.len()));
    }
    Ok(ports.into_iter().zip(exposed).map(|(port, exposed)| spec(port, Some(exposed))).collect())
}

impl<'a> At<'a> {
    fn get<'s>(&'s self, key: &'s str) -> At<'s> {
        let data = match self.data.get(key) {
            // Code in JavaScript may write keys in camelCase.
            Data::Null if key.contains('-') && self.has_capitals() => self.data.get(&camel(key)),
            data => data,
        };
        At { data, place: Place::Key(&self.place, key) }
    }

    fn has_capitals(&self) -> bool {
        let keys = self.data.as_map().into_iter().flat_map(|map| map.keys());
        keys.flat_map(|key| key.bytes()).any(|byte| byte.is_ascii_uppercase())
    }

    fn items(&self) -> Result<Vec<At<'_>>> {
        let Some(items) = self.data.as_list() else { return self.wrong(Rule::List) };
        let at = |(i, data)| At { data, place: Place::Index(&self.place, i) };
        Ok(items.iter().enumerate().map(at).collect())
    }

    fn items_or_none(&self) -> Result<Vec<At<'_>>> {
        if self.data.is_null() { Ok(Vec::new()) } else { self.items() }
    }

    fn optional<T>(self, read: impl FnOnce(Self) -> Result<T>) -> Result<Option<T>> {
        if self.data.is_null() { Ok(None) } else { read(self).map(Some) }
    }

    fn wrong<T>(&self, rule: impl Into<Rule>) -> Result<T> {
        Err(SpecError { path: self.place.path(), problem: Problem::of(rule.into(), self.data) })
    }

    fn map(&self) -> Result<&'a crate::Map> {
        match self.data.as_map() {
            Some(map) => Ok(map),
            None => self.wrong(Rule::Map),
        }
    }

    fn text(self) -> Result<Text> {
        match self.data.as_text() {
            Some(text) => Ok(text),
            None => self.wrong(Rule::Text),
        }
    }

    /// Text that ends up where the backend shows it to everyone: names, paths. Secrets in it are opened.
    fn string(self) -> Result<String> {
        self.text().map(|text| text.expose())
    }

    /// A text that shows wherever the thing does.
    fn shown(self) -> Result<String> {
        if matches!(self.data, Data::Secret(_)) {
            return self.wrong("Must be a text that everybody may see");
        }
        self.string()
    }

    fn boolean(self) -> Result<bool> {
        if let Data::Bool(yes) = self.data { Ok(*yes) } else { self.wrong(Rule::Boolean) }
    }

    fn integer(self) -> Result<i64> {
        if let Data::Int(number) = self.data { Ok(*number) } else { self.wrong(Rule::Integer) }
    }

    fn absolute(self) -> Result<String> {
        match self.data.as_text().map(|text| text.expose()) {
            Some(path) if path.starts_with('/') => Ok(path),
            _ => self.wrong(Rule::AbsolutePath),
        }
    }

    /// A port as a number or as a string of digits.
    fn port(self) -> Result<u16> {
        let number = match self.data {
            Data::Int(number) => u16::try_from(*number).ok(),
            Data::Float(number) if number.fract() == 0.0 => u16::try_from(*number as i64).ok(),
            Data::Str(_) | Data::Secret(_) => self.data.to_text().expose().trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(port) if port > 0 => Ok(port),
            _ => self.wrong("Must be a port number from 1 to 65535"),
        }
    }

    /// `80,443,8000-8100`
    fn ranges(self) -> Result<Vec<u16>> {
        let text = self.data.to_text().masked();
        let mut ports = Vec::new();
        for piece in text.split(',').map(str::trim) {
            let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
            match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
                (Ok(first), Ok(last)) if 0 < first && first <= last => ports.extend(first..=last),
                _ => return self.wrong("Must be ports and ranges of ports, as 80,443,8000-8100"),
            }
        }
        Ok(ports)
    }

    fn protocol(self) -> Result<Protocol> {
        let known = [
            ("tcp", Protocol::Tcp),
            ("udp", Protocol::Udp),
            ("http", Protocol::Http),
            ("https", Protocol::Https),
        ];
        self.one_of(&known).map(Option::unwrap_or_default)
    }

    /// One of the given words; none for null.
    fn one_of<T: Copy>(self, known: &[(&str, T)]) -> Result<Option<T>> {
        if self.data.is_null() {
            return Ok(None);
        }
        match known.iter().find(|(word, _)| self.data.as_str() == Some(word)) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<String> = known.iter().map(|(word, _)| format!("{word:?}")).collect();
                self.wrong(format!("Must be one of {}", words.join(", ")))
            }
        }
    }

    /// A command line: a list of arguments, or one string that is split as a shell splits words.
    fn argv(self) -> Result<Vec<Text>> {
        if let Some(items) = self.data.as_list() {
            return Ok(items.iter().filter(|item| !item.is_null()).map(Data::to_text).collect());
        }
        let Some(line) = self.data.as_text() else {
            return self.wrong("Must be a string or a list of strings");
        };
        shell_words(&line).map_err(|error| SpecError {
            path: self.place.path(),
            problem: Problem::Other(format!("Cannot be split into words: {error}")),
        })
    }

    fn user(self) -> Result<User> {
        match self.data {
            Data::Int(uid) if *uid >= 0 => Ok(User::Named(uid.to_string())),
            Data::Int(_) => self.wrong("Must be a name, or a UID of 0 or more"),
            Data::Str(name) if name == "#pt-host" || name == "pt.host" => Ok(User::Host),
            _ => self.string().map(User::Named),
        }
    }

    fn restart(self) -> Result<Restart> {
        self.map()?;
        let policy = self
            .get("policy")
            .one_of(&[
                ("never", RestartPolicy::Never),
                ("always", RestartPolicy::Always),
                ("on-failure", RestartPolicy::OnFailure),
            ])?
            .unwrap_or_default();
        let max_restarts = match self.get("max-restarts").optional(At::integer)? {
            Some(number) => match u32::try_from(number) {
                Ok(number) => Some(number),
                Err(_) => {
                    return self
                        .get("max-restarts")
                        .wrong(format!("Must be a number from 0 to {}", u32::MAX));
                }
            },
            None => None,
        };
        Ok(Restart { policy, max_restarts })
    }

    /// A number, or `{replicas, type}`.
    fn replicas(self) -> Result<u32> {
        let number = if matches!(self.data, Data::Map(_)) { self.get("replicas") } else { self };
        match number.data {
            Data::Int(count) if (1..=100).contains(count) => Ok(u32::try_from(*count).unwrap_or(1)),
            Data::Null => Ok(1),
            _ => number.wrong("Must be a number of replicas from 1 to 100"),
        }
    }

    /// `{exec}`, `{http, port, status}`, `{tcp}` or `{log}`, and `timeout`.
    fn readiness(self) -> Result<Readiness> {
        self.map()?;
        let told = ["exec", "http", "tcp", "log"].map(|key| self.get(key));
        if told.iter().filter(|way| !way.data.is_null()).count() > 1 {
            return self.wrong("Must have one of `exec`, `http`, `tcp` and `log`");
        }
        let [exec, http, tcp, log] = told;
        let http = match http.optional(At::absolute)? {
            Some(path) => {
                let (port, status) = (self.get("port").optional(At::port)?, self.get("status"));
                Some(Probe::Http { path, port, status: status.optional(At::status)? })
            }
            None => None,
        };
        let timeout_ms = match self.get("timeout").optional(At::string)? {
            Some(text) => match parse_duration(&text) {
                Some(time) => u64::try_from(time.as_millis()).ok(),
                None => return self.get("timeout").wrong("Must be a duration"),
            },
            None => None,
        };
        let probe = exec.optional(At::argv)?.map(Probe::Exec).or(http);
        let probe = match (probe, tcp.optional(At::port)?) {
            (None, Some(port)) => Some(Probe::Tcp(port)),
            (probe, _) => probe,
        };
        let log = log.optional(At::string)?.map(Probe::Log);
        Ok(Readiness { probe: probe.or(log), timeout_ms })
    }

    fn resources(self) -> Result<Resources> {
        self.map()?;
        let (cpu, memory) = (self.get("cpu"), self.get("memory"));
        Ok(Resources {
            cpu_limit: cpu.get("limit").optional(|at| at.cores(|number| number > 0.0, "more than 0"))?,
            cpu_request: cpu.get("request").optional(|at| at.cores(|number| number >= 0.0, "0 or more"))?,
            memory_limit: memory.get("limit").optional(At::some_memory)?,
            memory_request: memory.get("request").optional(At::data_size)?,
        })
    }

    /// A number of processor cores.
    fn cores(self, enough: impl Fn(f64) -> bool, least: &str) -> Result<f64> {
        let wrong = || self.wrong(format!("Must be a number of cores, {least}"));
        match self.data {
            Data::Int(number) if enough(*number as f64) => Ok(*number as f64),
            Data::Float(number) if number.is_finite() && enough(*number) => Ok(*number),
            Data::Int(_) | Data::Float(_) => wrong(),
            _ => self.wrong(Rule::Number),
        }
    }

    /// A limit: without any memory nothing runs.
    fn some_memory(self) -> Result<u64> {
        let At { data, place } = self;
        match self.data_size()? {
            0 => At { data, place }.wrong("Must be more than 0 bytes"),
            bytes => Ok(bytes),
        }
    }

    /// A status of HTTP.
    fn status(self) -> Result<u16> {
        match self.data {
            Data::Int(number @ 100..=599) => Ok(u16::try_from(*number).unwrap_or_default()),
            _ => self.wrong("Must be a status of HTTP from 100 to 599"),
        }
    }

    /// Bytes: an integer, or `N[.N]` with a unit `B k K M G T`, optionally `i` (1024) and `B`.
    fn data_size(self) -> Result<u64> {
        if let Data::Int(bytes) = self.data
            && let Ok(bytes) = u64::try_from(*bytes)
        {
            return Ok(bytes);
        }
        match self.data.as_str().and_then(parse_data_size) {
            Some(bytes) => Ok(bytes),
            None => self.wrong("Must be a data size, as 512M or 1.5GiB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(json: &str) -> Data {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_spec_is_read_with_the_tolerances_of_the_language() {
        let spec = ContainerSpec::from_data(&data(
            r#"{"image":"x","cmd":"sh -c 'echo a'","entrypoint":[],"tty":true,"user":1000,"unknown":1,
                "env":[null,{"name":"A","value":1},{"name":"B","value":true},{"name":"A","value":"2"},{"name":"C"}],
                "mounts":[null,{"path":"/a/","source":"."},{"path":"/a/","source":{"type":"string","data":"x"}}],
                "restart":{"policy":"on-failure","max-restarts":2},
                "resources":{"cpu":{"limit":0.5},"memory":{"limit":"512Mi"}}}"#,
        ))
        .unwrap();
        let shown = serde_json::to_string(&spec).unwrap();
        assert_eq!(
            shown,
            concat!(
                r#"{"image":"x","cmd":["sh","-c","echo a"],"entrypoint":[],"#,
                r#""env":[{"name":"B","value":"true"},{"name":"A","value":"2"}],"#,
                r#""mounts":[{"path":"/a/","source":{"type":"string","data":"x"}}],"user":{"named":"1000"},"#,
                r#""tty":true,"no-stdin":false,"restart":{"policy":"on-failure","max-restarts":2},"update-image":false,"#,
                r#""resources":{"cpu-limit":0.5,"memory-limit":536870912}}"#
            )
        );
    }

    #[test]
    fn a_masked_spec_holds_no_secret_but_the_ids() {
        let masker = crate::Masker::new([crate::Secret::new("key", "hunter2")]);
        let spec = ContainerSpec::from_data(&data(
            r#"{"id":"hunter2","image":"x/hunter2","workdir":"/hunter2","user":"hunter2","tags":{"a":"hunter2"},
                "mounts":[{"path":"/hunter2","source":"./hunter2"},
                          {"path":"/a","source":{"type":"repo","repo":"https://hunter2@x"}}]}"#,
        ))
        .unwrap();
        let shown = serde_json::to_string(&spec.masked(&masker)).unwrap();
        assert_eq!(shown.matches("hunter2").count(), 1, "{shown}");
        assert_eq!(shown.matches("[secret key]").count(), 7, "{shown}");
    }

    #[test]
    fn readiness_is_told_in_one_of_four_ways() {
        for (json, told) in [
            (
                r#"{"exec":"pg_isready -q","timeout":"30s"}"#,
                r#"{"probe":{"exec":["pg_isready","-q"]},"timeout-ms":30000}"#,
            ),
            (
                r#"{"http":"/health","port":8080,"status":204}"#,
                r#"{"probe":{"http":{"path":"/health","port":8080,"status":204}}}"#,
            ),
            (r#"{"tcp":"5432"}"#, r#"{"probe":{"tcp":5432}}"#),
            (r#"{"log":"ready to accept"}"#, r#"{"probe":{"log":"ready to accept"}}"#),
            (r#"{"timeout":"1m"}"#, r#"{"timeout-ms":60000}"#),
        ] {
            let spec =
                ServiceSpec::from_data(&data(&format!(r#"{{"id":"a","port":80,"ready":{json}}}"#))).unwrap();
            assert_eq!(serde_json::to_string(&spec.ready).unwrap(), told);
        }
    }

    #[test]
    fn mistakes_name_their_place() {
        for (json, message) in [
            (
                r#"{"image":"x","ready":{"tcp":80,"log":"y"}}"#,
                r#"ready: Must have one of `exec`, `http`, `tcp` and `log` (got {"tcp":80,"log":"y"})"#,
            ),
            (
                r#"{"image":"x","ready":{"timeout":"soon"}}"#,
                "ready.timeout: Must be a duration (got \"soon\")",
            ),
            (r#"{}"#, "image: Missing required value"),
            (r#"{"image":"x","scaling":-3}"#, "scaling: Must be a number of replicas from 1 to 100 (got -3)"),
            (
                r#"{"image":"x","scaling":{"replicas":101}}"#,
                "scaling.replicas: Must be a number of replicas from 1 to 100 (got 101)",
            ),
            (
                r#"{"image":"x","resources":{"cpu":{"limit":-1}}}"#,
                "resources.cpu.limit: Must be a number of cores, more than 0 (got -1)",
            ),
            (
                r#"{"image":"x","resources":{"cpu":{"request":-0.5}}}"#,
                "resources.cpu.request: Must be a number of cores, 0 or more (got -0.5)",
            ),
            (
                r#"{"image":"x","resources":{"memory":{"limit":0}}}"#,
                "resources.memory.limit: Must be more than 0 bytes (got 0)",
            ),
            (
                r#"{"image":"x","resources":{"memory":{"limit":"99999999T"}}}"#,
                r#"resources.memory.limit: Must be a data size, as 512M or 1.5GiB (got "99999999T")"#,
            ),
            (
                r#"{"image":"x","restart":{"max-restarts":-1}}"#,
                "restart.max-restarts: Must be a number from 0 to 4294967295 (got -1)",
            ),
            (r#"{"image":"x","user":-1}"#, "user: Must be a name, or a UID of 0 or more (got -1)"),
            (
                r#"{"image":"x","ready":{"tcp":65536}}"#,
                "ready.tcp: Must be a port number from 1 to 65535 (got 65536)",
            ),
            (
                r#"{"image":"x","ready":{"http":"/","status":700}}"#,
                "ready.status: Must be a status of HTTP from 100 to 599 (got 700)",
            ),
            (
                r#"{"image":"x","ready":{"timeout":"99999999999999999999y"}}"#,
                r#"ready.timeout: Must be a duration (got "99999999999999999999y")"#,
            ),
            (r#"{"image":5}"#, "image: Must be a string (got 5)"),
            (r#"{"image":"x","workdir":"app"}"#, "workdir: Must be an absolute path (got \"app\")"),
            (r#"{"image":"x","mounts":[{"path":"/a"}]}"#, "mounts[0].source: Missing required value"),
            (
                r#"{"image":"x","mounts":[{"path":"/a","source":{"type":"disk"}}]}"#,
                "mounts[0].source.type: Must be one of \"host\", \"repo\", \"string\", \"volume\", \"dataset\" (got \"disk\")",
            ),
            (r#"{"image":"x","cmd":"a 'b"}"#, "cmd: Cannot be split into words: the quote ' is never closed"),
        ] {
            assert_eq!(ContainerSpec::from_data(&data(json)).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn services_take_short_forms_ranges_and_numeric_strings() {
        for (json, ports) in [
            (r#"{"id":"a","port":80}"#, "80:http"),
            (r#"{"id":"a","ports":[{"port":"80","expose-as":"8080"}]}"#, "80:tcp>8080"),
            (
                r#"{"id":"a","ports":[{"range":"80,90-91","expose-as":"1-3","protocol":"udp"}]}"#,
                "80:udp>1 90:udp>2 91:udp>3",
            ),
        ] {
            let service = ServiceSpec::from_data(&data(json)).unwrap();
            let shown: Vec<String> = service
                .ports
                .iter()
                .map(|port| {
                    let exposed = port.expose_as.map_or_else(String::new, |port| format!(">{port}"));
                    format!("{}:{}{exposed}", port.port, format!("{:?}", port.protocol).to_lowercase())
                })
                .collect();
            assert_eq!(shown.join(" "), ports);
        }
        let wrong = ServiceSpec::from_data(&data(r#"{"id":"a","ports":[{"port":0}]}"#)).unwrap_err();
        assert_eq!(wrong.to_string(), "ports[0].port: Must be a port number from 1 to 65535 (got 0)");
    }
}
