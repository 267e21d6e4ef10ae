//! What the code of standard modules alone may ask for.

use pt_model::{ContainerId, Data, Failure, Stream};

use super::StepHost;
use crate::args::{Args, failure, local_id};
use crate::call::Question;
use crate::exec::forget_beginning;
use crate::remains::lines_of;

impl StepHost {
    /// Refuses everybody else.
    pub(super) fn of_standard_modules(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let function = args.function;
        let project = self.call.home.project_ref.as_deref();
        if !project.is_some_and(|project| project.starts_with("polytope/")) {
            return Err(failure(format!("pt/{function} is for the standard modules alone.")));
        }
        if function == "service-address" {
            return self.service_address(args);
        }
        if function == "exec-output" {
            return self.ask(Question::ExecOutput(args.text(0, "exec")?));
        }
        if function == "container-output" {
            return self.container_output(args);
        }
        // Git may fetch for a long time: a step that is to stop does not wait for it.
        let (context, home) = (self.context.clone(), self.call.home.clone());
        let (name, given) = (function.to_owned(), args.given.to_vec());
        self.wait(async {
            let outside = context.options.outside.clone();
            let work = tokio::task::spawn_blocking(move || outside.carry_out(&home, &name, &given));
            work.await.map_err(|error| failure(error.to_string()))?.map_err(failure)
        })
    }

    /// What a container has written to stdout, or the end of it, as the log has it: with secrets masked.
    fn container_output(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let id = ContainerId::new(args.text(0, "container")?);
        self.log.blocking_settle();
        let lines = lines_of(&self.context.engine.store, &self.context.options.job, &id);
        let mut said = String::new();
        for line in lines.map_err(|error| args.failure(error))? {
            let line = line.map_err(|error| args.failure(error))?;
            if line.stream == Stream::Stdout {
                said.extend([line.text.as_str(), "\n"]);
            }
            forget_beginning(&mut said);
        }
        Ok(Data::Str(said))
    }

    /// Where a port of a service is on this machine, once the service is open: `{port, protocol}`.
    fn service_address(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let id = args.text(0, "service")?;
        let ports = self.ask(Question::AwaitService(local_id(&id).into()))?;
        let wanted = args.at(1);
        let ports = ports.as_list().unwrap_or_default();
        let found = ports.iter().find(|port| wanted.is_null() || port.get("port") == wanted);
        let found = found.ok_or_else(|| failure(format!("Service '{id}' has no port {wanted}.")))?;
        if found.get("exposed").is_null() {
            let message = format!(
                "Port {} of service '{id}' is not to be reached from outside of the job.",
                found.get("port")
            );
            return Err(failure(message));
        }
        let entries = [("port", found.get("exposed")), ("protocol", found.get("protocol"))];
        Ok(entries.into_iter().map(|(key, value)| (key, value.clone())).collect())
    }
}
