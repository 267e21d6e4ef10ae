//! A machine apart: with an engine and a disk of its own, which may be killed and filled. Nothing outside of it notices, and all of
//! it ends with the process that made it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What it is made with.
const PROGRAMS: [&str; 9] =
    ["dockerd", "docker", "docker-init", "unshare", "nsenter", "mkfs.ext4", "mount", "ip", "sh"];

/// The image that jobs run.
const IMAGE: &str = "alpine:3";

/// What its shell can do. The engine has its data on the disk.
const DEEDS: &str = r#"
dir=$1 name=$2 host=unix://$1/docker.sock
start() {
  dockerd --data-root "$dir/disk/engine" --exec-root "$dir/run" --pidfile "$dir/docker.pid" -H "$host" --cgroup-parent "/$name" \
    --bridge=none --iptables=false --ip-forward=false --ip-masq=false "$@" >>"$dir/engine.log" 2>&1 &
  for _ in $(seq 1 600); do docker -H "$host" version >/dev/null 2>&1 && return; sleep 0.05; done; tail -5 "$dir/engine.log"
}
die() { kill -9 "$(cat "$dir/docker.pid")"; wait; }
end() { kill "$(cat "$dir/docker.pid")"; wait; }
fill() {
  left=$(df --output=avail -k "$dir/disk" | tail -1)
  [ "$left" -gt "$1" ] && fallocate -l $((left - $1))k "$dir/disk/ballast"
  [ "$1" -gt 0 ] && return
  for size in 64k 4k 1k; do dd if=/dev/zero bs=$size >>"$dir/disk/ballast"; done
  for number in $(seq 1 200); do echo full >"$dir/disk/ballast-$number" || break; done
}
free() { rm -f "$dir"/disk/ballast*; }
"#;

/// The way into a machine.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// Its first process.
    pid: u32,
    dir: PathBuf,
}

impl Way {
    /// Where its engine listens.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}/docker.sock", self.dir.display())
    }

    /// Its disk, as those see it who are inside.
    pub(crate) fn disk(&self) -> PathBuf {
        self.dir.join("disk")
    }

    /// The same from outside.
    pub(crate) fn disk_from_outside(&self) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.pid)).join(self.disk().strip_prefix("/").unwrap())
    }

    /// A command that runs inside, and ends with the machine.
    pub(crate) fn command(&self, program: &str, dir: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--net", "--pid", "--target", &self.pid.to_string()]);
        command.arg(format!("--wd={}", dir.display())).arg("--").arg(program);
        command
    }
}

pub(crate) struct Machine {
    dir: PathBuf,
    name: String,
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    asked: usize,
}

impl Machine {
    /// Makes one with a disk of this size; or says why that cannot be done here.
    pub(crate) fn new(megabytes: u32) -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("only root can make a machine apart".to_owned());
        }
        for program in PROGRAMS {
            let found = Command::new("which").arg(program).stdout(Stdio::null()).status();
            if !found.is_ok_and(|status| status.success()) {
                return Err(format!("there is no {program} here"));
            }
        }
        let dir = tempfile::Builder::new().prefix("chaos-machine-").tempdir().unwrap().keep();
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let mut child = Command::new("unshare")
            .args(["--mount", "sh", "-c", include_str!("machine.sh"), "machine"])
            .arg(&dir)
            .arg(&name)
            .arg(megabytes.to_string())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (commands, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut machine = Self { dir, name, child, commands, answers, asked: 0 };
        match machine.run(&format!("{DEEDS}\nmountpoint -q $dir/disk && echo mounted")).as_str() {
            "mounted\n" => Ok(machine),
            said => Err(format!("a machine apart cannot be made here: {said}")),
        }
    }

    /// Has its shell do something. Gives what it says.
    pub(crate) fn run(&mut self, command: &str) -> String {
        self.asked += 1;
        let end = format!("={}=", self.asked);
        let commands = self.commands.as_mut().unwrap();
        // A machine that could not be made has no shell.
        drop(writeln!(commands, "{{ {command}\n}} 2>&1; echo {end}"));
        let (mut said, mut line) = (String::new(), String::new());
        while self.answers.read_line(&mut line).unwrap() > 0 && line.trim_end() != end {
            said.push_str(&line);
            line.clear();
        }
        said
    }

    /// Starts the engine.
    pub(crate) fn start_engine(&mut self, live_restore: bool) {
        let said = self.run(if live_restore { "start --live-restore" } else { "start" });
        assert_eq!(said, "", "the engine does not start");
    }

    /// Kills the engine; what it runs stays.
    pub(crate) fn kill_engine(&mut self) {
        self.run("die");
    }

    /// Gives the engine the image of the one that there is.
    pub(crate) fn load_image(&mut self) {
        let file = self.dir.join("image.tar");
        let saved = Command::new("docker").args(["save", IMAGE, "-o"]).arg(&file).output().unwrap();
        assert!(saved.status.success(), "{saved:?}");
        let said = self.run(&format!("docker -H $host load -i {}", file.display()));
        assert!(said.contains("Loaded"), "{said}");
    }

    /// Fills the disk but for so many kilobytes.
    pub(crate) fn fill_disk(&mut self, but: u32) {
        self.run(&format!("fill {but}"));
    }

    pub(crate) fn free_disk(&mut self) {
        self.run("free");
    }

    /// Where commands find it.
    pub(crate) fn way(&self) -> Way {
        let only_child = |pid: u32| -> u32 {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
            children.split_whitespace().next().unwrap().parse().unwrap()
        };
        Way { pid: only_child(only_child(self.child.id())), dir: self.dir.clone() }
    }

    /// Ends it; gives what is left of it.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.close();
        let mut left = Vec::new();
        left.extend(self.dir.exists().then(|| self.dir.display().to_string()));
        for table in ["/proc/mounts", "/proc/swaps"] {
            let lines = fs::read_to_string(table).unwrap();
            left.extend(lines.lines().filter(|line| line.contains(&self.name)).map(str::to_owned));
        }
        let loops = Command::new("losetup").arg("--all").output().unwrap();
        let loops = String::from_utf8_lossy(&loops.stdout).into_owned();
        left.extend(loops.lines().filter(|line| line.contains(&self.name)).map(str::to_owned));
        let processes = fs::read_dir("/proc").unwrap().flatten();
        left.extend(processes.filter_map(|entry| {
            let command = fs::read_to_string(entry.path().join("cmdline")).ok()?;
            command.contains(&self.name).then_some(command)
        }));
        left
    }

    fn close(&mut self) {
        drop(self.commands.take());
        // It ends by itself.
        drop(self.child.wait());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.close();
    }
}
