//! Ways out of obstacles, one line each, the same from every backend.

pub(crate) const INSTALL: &str = "install it: `sudo apt-get install docker.io` on Debian and Ubuntu, else see \
                                  https://docs.docker.com/engine/install; if it listens elsewhere, set DOCKER_HOST";
pub(crate) const START: &str = "start it: `sudo systemctl start docker`, or `sudo dockerd` where there is no systemd; \
                                if it listens elsewhere, set DOCKER_HOST";
pub(crate) const RESTART: &str =
    "look at its log (`journalctl -u docker`) and restart it: `sudo systemctl restart docker`";
pub(crate) const PERMISSION: &str = "add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in \
                                     again), or run with sudo";
pub(crate) const DISK: &str =
    "`docker system df` shows what takes the space, `docker system prune` removes what nothing uses";
pub(crate) const PORT: &str = "stop what uses it, or choose another port with `expose-as`";
pub(crate) const POOLS: &str = "remove networks that nothing uses: `docker network prune`";
pub(crate) const REGISTRY: &str = "check the network and the registry's name, or load the image by hand: \
                                   `docker load`, `docker build -t NAME`";
pub(crate) const LOGIN: &str =
    "check the name; if the image is private, `docker login` to its registry first";
pub(crate) const LIMIT: &str = "wait, or `docker login` for a higher limit";
pub(crate) const TAG: &str = "check the image's name and tag";
pub(crate) const COMMAND: &str = "check `cmd` and `entrypoint`";
pub(crate) const USER: &str = "use a numeric id, or a name from the image's /etc/passwd";
pub(crate) const WORKDIR: &str = "check `workdir`";
pub(crate) const MOUNT: &str = "create it, or correct the path of the mount";
pub(crate) const NO_COMMAND: &str = "give the container a `cmd`";
pub(crate) const LEFTOVER: &str = "`pt clean` removes what an earlier run left behind";
