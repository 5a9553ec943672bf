//! URLs, for programs that connect the transport.

use js_sys::Object;
use sansock::{Proxy, Url};
use wasm_bindgen::prelude::*;

use super::arguments::url_text;
use super::errors::refused;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Object)]
    type Parsed;
    #[wasm_bindgen(method, setter)]
    fn set_secure(this: &Parsed, secure: bool);
    #[wasm_bindgen(method, setter)]
    fn set_host(this: &Parsed, host: &str);
    #[wasm_bindgen(method, setter)]
    fn set_port(this: &Parsed, port: u16);
    #[wasm_bindgen(method, setter, js_name = resolvesNames)]
    fn set_resolves_names(this: &Parsed, resolves_names: bool);
}

/// Parses a `ws:` or `wss:` URL (RFC 6455 section 3) by the same rules as `Connection.client`, so that you can connect the
/// transport. `user:password@` is allowed: `Connection.client` sends it as a Basic Authorization header.
///
/// Throws a `SansockError` with the code `INVALID_ARGUMENT` if it is not such a URL: another scheme, no host, a bad port, a
/// fragment, or a character that must be percent-encoded.
#[wasm_bindgen(js_name = parseUrl, unchecked_return_type = "ParsedUrl")]
pub fn parse_url(
    #[wasm_bindgen(unchecked_param_type = "string | UrlObject")] url: &JsValue,
) -> Result<JsValue, JsValue> {
    let url = Url::parse(&url_text("url", url)?).map_err(|error| refused(error, "url"))?;
    Ok(parsed(url.secure, &url.host, url.port).into())
}

/// Parses the URL of a proxy: `http:`, `https:`, `socks4a:`, `socks5:` or `socks5h:`, perhaps with `user:password@`.
///
/// Throws a `SansockError` with the code `INVALID_ARGUMENT` if it is not such a URL.
#[wasm_bindgen(js_name = parseProxy, unchecked_return_type = "ParsedProxy")]
pub fn parse_proxy(
    #[wasm_bindgen(unchecked_param_type = "string | UrlObject")] url: &JsValue,
) -> Result<JsValue, JsValue> {
    let proxy = Proxy::parse(&url_text("url", url)?).map_err(|error| refused(error, "url"))?;
    let object = parsed(proxy.secure, &proxy.host, proxy.port);
    object.set_resolves_names(proxy.resolves_names);
    Ok(object.into())
}

fn parsed(secure: bool, host: &str, port: u16) -> Parsed {
    let object: Parsed = Object::new().unchecked_into();
    object.set_secure(secure);
    object.set_host(host);
    object.set_port(port);
    object
}
