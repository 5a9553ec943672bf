//! A configuration that is changed by number.

use super::{Error, role, string, text};
use crate::config::{self, ConfigBuilder};
use crate::settings::Role;

/// The choices for connections of one role, set by number. Connections keep what they were created with.
#[derive(Clone, Debug)]
pub struct Config {
    builder: ConfigBuilder,
    /// What has been built of it; `None` while something required is missing.
    built: Option<config::Config>,
}

impl Config {
    /// A configuration with every option at its default. `role` is one of [`role`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there is no such role.
    pub fn new(role: u32) -> Result<Self, Error> {
        let role = match role {
            role::CLIENT => Role::Client,
            role::SERVER => Role::Server,
            _ => return Err(Error::InvalidArgument),
        };
        let mut config = Config { builder: config::Config::builder(role), built: None };
        config.rebuild();
        Ok(config)
    }

    /// The role of its connections.
    pub fn role(&self) -> Role {
        self.builder.role
    }

    /// Sets the [`option`] with this number.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there is no such option, or the value is outside its range; 0 never means "no limit".
    pub fn set(&mut self, option: u32, value: u64) -> Result<(), Error> {
        self.builder.set(option, value)?;
        self.rebuild();
        Ok(())
    }

    /// Sets, or for a subprotocol adds, the [`text`] with this number.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there is no such text, the role has no use for it, or the value is not allowed.
    pub fn set_text(&mut self, text: u32, value: &[u8]) -> Result<(), Error> {
        let value = string(value)?;
        match text {
            text::URL => self.builder.set_url(value)?,
            text::ORIGIN => self.builder.set_origin(value)?,
            text::KEY => self.builder.set_key(value)?,
            text::SUBPROTOCOL => self.builder.add_subprotocol(value)?,
            _ => return Err(Error::InvalidArgument),
        }
        self.rebuild();
        Ok(())
    }

    /// Adds a header to a client's request, or to a server's every response.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the header is not allowed: see [`ConfigBuilder::header`].
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.builder.add_header(name, value)?;
        self.rebuild();
        Ok(())
    }

    /// The configuration of Rust: for a host that sets options by number, and drives a
    /// [`Connection`](crate::Connection) of Rust.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a client's has no URL and does not start open.
    pub fn built(&self) -> Result<&config::Config, Error> {
        self.built.as_ref().ok_or(Error::InvalidArgument)
    }

    #[inline(never)]
    fn rebuild(&mut self) {
        self.built = self.builder.to_config();
    }
}
