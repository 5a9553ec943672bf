//! TLS by rustls.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{ClientStream, Connector};
use crate::error::Error;
use crate::io::Tokio;

impl Connector<Tokio> {
    /// Uses this configuration of TLS, in place of the one that the features `webpki-roots` and `native-certs` make. WebSocket needs
    /// HTTP/1.1: leave its list of protocols (ALPN) empty, or put `http/1.1` there.
    #[must_use]
    pub fn tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }
}

/// TLS over a stream, to a server of this name or address.
pub(super) async fn secured(
    stream: ClientStream,
    host: &str,
    config: Option<&Arc<ClientConfig>>,
) -> Result<ClientStream, Error> {
    let config = match config {
        Some(config) => config.clone(),
        None => usual()?,
    };
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    Ok(ClientStream::Tls(Box::new(stream)))
}

/// The configuration with the certificate authorities that this build knows, made once.
fn usual() -> Result<Arc<ClientConfig>, Error> {
    static USUAL: OnceLock<Option<Arc<ClientConfig>>> = OnceLock::new();
    USUAL.get_or_init(make).clone().ok_or(Error::NoTls)
}

fn make() -> Option<Arc<ClientConfig>> {
    let roots = roots();
    if roots.is_empty() {
        return None;
    }
    let versions =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    Some(Arc::new(versions.ok()?.with_root_certificates(roots).with_no_client_auth()))
}

fn roots() -> RootCertStore {
    #[cfg_attr(
        not(any(feature = "webpki-roots", feature = "native-certs")),
        expect(unused_mut, reason = "there are none")
    )]
    let mut roots = RootCertStore::empty();
    #[cfg(feature = "webpki-roots")]
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    #[cfg(feature = "native-certs")]
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
