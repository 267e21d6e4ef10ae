//! Containers and services: what code starts, runs in them, reads and writes.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "one or two kinds of data are accepted, all others refused alike"
)]

use pt_backend::{BackendError, ExecRequest, FileInfo};
use pt_model::{ContainerId, ContainerSpec, Data, Failure, ServiceSpec, Text, shell_words};

use super::StepHost;
use crate::args::{Args, entry, failure, local_id};
use crate::call::{Question, Target, container, of_container, target};
use crate::dispatcher::SpawnContainer;
use crate::mount::Places;

/// A path in a container.
struct Place {
    container: ContainerId,
    backend_id: String,
    path: String,
}

impl Place {
    /// What went wrong there. Backends name containers by ids of their own, which nobody knows.
    fn failure(&self, args: &Args<'_>, why: &str) -> Failure {
        let why = why.replace(&self.backend_id, self.container.as_str());
        Failure { data: of_container(&self.container, None), ..args.failure(why) }
    }
}

impl StepHost {
    pub(super) fn spawn(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let spec = ContainerSpec::from_data(args.at(0)).map_err(|error| failure(error.to_string()))?;
        let places = Places { context: &self.context, home: &self.call.home };
        let mounts = places.resolve(&spec.mounts).map_err(failure)?;
        self.ask(Question::Spawn(Box::new(SpawnContainer { spec, mounts })))
    }

    /// `(pt/container-exec id command)`; a command is a line, a list of words, or a map.
    pub(super) fn exec(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let container = container(args, args.at(0))?;
        let given = args.at(1);
        let is_map = matches!(given, Data::Map(_));
        let command = if is_map { entry(given, &["command", "cmd"]) } else { given };
        let mut request = ExecRequest { cmd: words(args, command)?, ..ExecRequest::default() };
        if is_map {
            request.workdir = args.optional_text(entry(given, &["workdir"]), "workdir")?;
            request.user = self.user(args, entry(given, &["user"]))?;
            for var in
                entry(given, &["env"]).as_list().unwrap_or_default().iter().filter(|var| !var.is_null())
            {
                let name = args.text_of(var.get("name"), "env.name")?;
                if !var.get("value").is_null() {
                    request.env.push((name, var.get("value").to_text()));
                }
            }
        }
        if request.cmd.is_empty() {
            return Err(args.failure("The command is empty."));
        }
        self.ask(Question::Exec { container, request: Box::new(request) })
    }

    fn user(&self, args: &Args<'_>, data: &Data) -> Result<Option<String>, Failure> {
        let person = &self.context.options.person;
        match data {
            Data::Null => Ok(None),
            Data::Int(uid) => Ok(Some(uid.to_string())),
            data => match args.text_of(data, "user")?.as_str() {
                "#pt-host" => Ok(Some(format!("{}:{}", person.uid, person.gid))),
                name => Ok(Some(name.to_owned())),
            },
        }
    }

    pub(super) fn read_file(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let place = self.place(args)?;
        let path = &place.path;
        let file = self.at(args, &place, self.context.engine.backend.read_file(&place.backend_id, path))?;
        String::from_utf8(file).map(Data::Str).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            place.failure(args, &format!("{path} is no text in UTF-8 (from byte {at} on)"))
        })
    }

    pub(super) fn write_file(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let place = self.place(args)?;
        let Some(content) = args.at(2).as_text() else {
            return Err(args.wrong("text", "Must be a string", args.at(2)));
        };
        let mode = match entry(args.at(3), &["mode"]) {
            Data::Null => 0o644,
            Data::Int(mode) if (0..=0o7777).contains(mode) => u32::try_from(*mode).unwrap_or(0o644),
            mode => {
                let octal = mode.as_str().and_then(|mode| u32::from_str_radix(mode, 8).ok());
                let octal = octal.filter(|mode| *mode <= 0o7777);
                octal.ok_or_else(|| args.wrong("mode", "Must be permissions such as \"0755\"", mode))?
            }
        };
        let backend = &self.context.engine.backend;
        self.at(args, &place, backend.write_file(&place.backend_id, &place.path, &content, mode))?;
        Ok(Data::Null)
    }

    pub(super) fn list_files(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let place = self.place(args)?;
        let backend = &self.context.engine.backend;
        let files = self.at(args, &place, backend.list_path(&place.backend_id, &place.path))?;
        Ok(files.into_iter().map(file_info).collect())
    }

    /// The container in the first arg, and the path in the second.
    fn place(&self, args: &Args<'_>) -> Result<Place, Failure> {
        let container = container(args, args.at(0))?;
        let path = args.text(1, "path")?;
        if !path.starts_with('/') {
            return Err(args.wrong("path", "Must be an absolute path", args.at(1)));
        }
        Ok(Place { backend_id: self.backend_id(&container)?, container, path })
    }

    pub(super) fn backend_id(&self, id: &ContainerId) -> Result<String, Failure> {
        let found = self.ask(Question::BackendId(id.clone()))?;
        Ok(found.to_text().expose())
    }

    fn at<T>(
        &self,
        args: &Args<'_>,
        place: &Place,
        deed: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, Failure> {
        self.wait(async { deed.await.map_err(|error| place.failure(args, &error.to_string())) })
    }

    pub(super) fn open_service(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let service = ServiceSpec::from_data(args.at(0)).map_err(|error| args.invalid(&error))?;
        let container = entry(args.at(0), &["container-id", "container", "ref"]);
        let container = match container {
            Data::Null => None,
            Data::Map(_) => match target(args, container)? {
                Target::Container(id) => Some(id),
                Target::Service(_) | Target::Step(_) | Target::Job => {
                    return Err(args.wrong("ref", "Must be a container", container));
                }
            },
            id => Some(local_id(&args.text_of(id, "container-id")?).into()),
        };
        self.ask(Question::OpenService { service, container })
    }

    pub(super) fn stop_service(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let id = match args.at(0) {
            reference @ Data::Map(_) => entry(reference, &["ref", "id"]),
            id => id,
        };
        let id = args.text_of(id, "service")?;
        self.ask(Question::StopService(local_id(&id).into()))
    }
}

/// A command as a line that is split as a shell splits words, or as the words.
fn words(args: &Args<'_>, command: &Data) -> Result<Vec<Text>, Failure> {
    if let Some(items) = command.as_list() {
        return Ok(items.iter().filter(|item| !item.is_null()).map(Data::to_text).collect());
    }
    let Some(line) = command.as_text() else {
        return Err(args.wrong("command", "Must be a string or a list of strings", command));
    };
    shell_words(&line).map_err(|error| args.failure(format!("command: Cannot be split into words: {error}")))
}

fn file_info(file: FileInfo) -> Data {
    let text = |text: Option<String>| text.map_or(Data::Null, Data::Str);
    let number = |number: Option<i64>| number.map_or(Data::Null, Data::Int);
    [
        ("name", Data::Str(file.name)),
        ("type", Data::from(file.kind)),
        ("size-b", Data::Int(i64::try_from(file.size).unwrap_or(i64::MAX))),
        ("mode", Data::Str(format!("{:04o}", file.mode))),
        ("user", Data::Str(file.user)),
        ("group", Data::Str(file.group)),
        ("target", text(file.target)),
        ("accessed-ts", number(file.accessed)),
        ("modified-ts", number(file.modified)),
        ("changed-ts", number(file.changed)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
