//! Ports of this machine at which something of a running job is asked for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use tokio_util::task::AbortOnDropHandle;

use crate::AppError;

/// A port that is taken, and waits for its job.
#[derive(Debug)]
pub(crate) struct Port {
    listener: TcpListener,
    /// Where it is reached.
    pub(crate) address: SocketAddr,
}

impl Port {
    /// Takes a port of 127.0.0.1 for something; 0 stands for any that is free.
    ///
    /// # Errors
    /// Somebody else has it.
    pub(crate) fn local(what: &'static str, port: u16) -> Result<Self, AppError> {
        Self::at(what, IpAddr::V4(Ipv4Addr::LOCALHOST), port)
    }

    /// The same of another address of this machine.
    ///
    /// # Errors
    /// Somebody else has it, or the address is not this machine's.
    pub(crate) fn at(what: &'static str, address: IpAddr, port: u16) -> Result<Self, AppError> {
        let taken = || {
            let listener = TcpListener::bind(SocketAddr::new(address, port))?;
            listener.set_nonblocking(true)?;
            Ok(Self { address: listener.local_addr()?, listener })
        };
        taken().map_err(|cause| AppError::Port { what, address: SocketAddr::new(address, port), cause })
    }

    /// Answers there, as long as what comes out is kept.
    ///
    /// # Errors
    /// The system does not let it listen.
    pub(crate) fn serve(self, what: &'static str, router: Router) -> Result<AbortOnDropHandle<()>, AppError> {
        let failed = |cause| AppError::Port { what, address: self.address, cause };
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(failed)?;
        Ok(AbortOnDropHandle::new(tokio::spawn(async move {
            // What goes wrong on one connection is told to that client.
            let _ = axum::serve(listener, router).await;
        })))
    }
}
