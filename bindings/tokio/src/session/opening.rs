//! The opening handshake of a session.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "hyper")]
use sansock::HttpVersion;
#[cfg(feature = "hyper")]
use sansock::handshake::fields::Field;
use sansock::{FaultKind, Role};

use super::Session;
use crate::error::Error;
use crate::handshake::{Answer, Request};

/// How far the opening handshake is.
pub(crate) enum Opening {
    /// Something must arrive.
    Wait,
    /// A request is to be answered.
    Request(Arc<Request>),
    /// The connection is open.
    Open,
    /// There will be no connection.
    Failed(Error),
}

impl Session {
    /// How far the opening handshake is.
    pub(crate) fn opening(&self) -> Opening {
        match (&self.inbox.response, &self.inbox.closed, &self.inbox.request) {
            (Some(_), ..) => Opening::Open,
            (None, Some(_), _) => Opening::Failed(self.failure()),
            (None, None, Some(request)) => Opening::Request(request.clone()),
            (None, None, None) => Opening::Wait,
        }
    }

    /// Why there is no connection.
    pub(crate) fn failure(&self) -> Error {
        if let Some(refusal) = &self.inbox.rejected {
            return Error::Rejected(refusal.clone());
        }
        let Some(closed) = &self.inbox.closed else { return Error::Closing };
        let Some(fault) = closed.fault else { return Error::Closed(closed.clone()) };
        let status = match fault.kind.answer() {
            _ if fault.kind == FaultKind::Refused => fault.actual().and_then(|status| status.try_into().ok()),
            sansock::Answer::Status(status) => Some(status),
            _ => None,
        };
        match status.filter(|_| self.role() == Role::Server) {
            Some(status) => {
                Error::Refused { status, fault: Some(fault.kind).filter(|kind| *kind != FaultKind::Refused) }
            }
            None => Error::Handshake(fault),
        }
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, answer: &Answer, now: Duration) -> Result<(), Error> {
        let result = self.try_answer(answer, now);
        if result.is_err() {
            self.connection.clear_response().ok();
        }
        result
    }

    fn try_answer(&mut self, answer: &Answer, now: Duration) -> Result<(), Error> {
        // Without a request that waits there is an outcome already.
        let misuse = |error, session: &Session| match error {
            sansock::Error::InvalidState if session.inbox.closed.is_some() => session.failure(),
            error => error.into(),
        };
        for (name, value) in &answer.headers {
            self.connection.add_response_header(name, value).map_err(|error| misuse(error, self))?;
        }
        for limit in &answer.deflate {
            self.connection.limit_deflate(*limit).map_err(|error| misuse(error, self))?;
        }
        let result = match answer.status {
            None => self.connection.accept(answer.subprotocol.as_deref(), now),
            Some(status) => self.connection.respond(status, "", &answer.body, now),
        };
        match result {
            Ok(received) => self.inbox.take_all(received),
            Err(error) => return Err(misuse(error, self)),
        }
        self.settle(now);
        Ok(())
    }

    /// Takes a request that an HTTP server has read.
    #[cfg(feature = "hyper")]
    pub(crate) fn receive_request(
        &mut self,
        version: HttpVersion,
        fields: &[Field<'_>],
        now: Duration,
    ) -> Result<(), Error> {
        let received = self.connection.receive_request(version, fields, now)?;
        self.inbox.take_all(received);
        self.settle(now);
        Ok(())
    }
}
