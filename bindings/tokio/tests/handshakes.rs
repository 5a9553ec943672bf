//! Opening handshakes: refusals, origins, decisions, limits.

mod common;

use std::time::Duration;

use common::{client_config, pair_with};
use sansock_tokio::{
    Acceptor, Answer, CloseCode, Config, Connector, DeflateLimit, Error, FaultKind, Incoming, WebSocket,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

type Outcome = (Result<WebSocket<DuplexStream>, Error>, Result<WebSocket<DuplexStream>, Error>);

fn acceptor() -> Acceptor {
    Acceptor::new(Config::server().subprotocol("chat")).expect("valid options")
}

/// What a client and a server get, whose request is answered so.
async fn decided(origin: Option<&str>, acceptor: Acceptor, answer: Answer) -> Outcome {
    let (near, far) = duplex(64 * 1024);
    let config = client_config().subprotocol("chat");
    let config = if let Some(origin) = origin { config.origin(origin) } else { config };
    let connector = Connector::new(config).expect("valid options");
    tokio::join!(connector.handshake(near), acceptor.accept_with(far, |_| answer))
}

fn refused(outcome: Outcome) -> (u16, u16) {
    match outcome {
        (Err(Error::Rejected(refusal)), Err(Error::Refused { status, fault: None })) => (refusal.status, status),
        other => panic!("it is not refused: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_carries_status_headers_and_body() {
    let answer = Answer::reject(404, "no such page\n").header("X-Reason", "gone");
    let (client, server) = decided(None, acceptor(), answer).await;
    let Err(Error::Rejected(refusal)) = client else { panic!("no refusal") };
    assert_eq!((refusal.status, &refusal.body[..], refusal.truncated), (404, &b"no such page\n"[..], false));
    assert_eq!(refusal.headers["x-reason"], "gone");
    assert_eq!(refusal.fault, FaultKind::HttpStatus);
    assert!(matches!(server, Err(Error::Refused { status: 404, fault: None })), "{server:?}");
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_sites_are_refused_unless_they_are_listed() {
    let accept = Answer::accept;
    assert_eq!(refused(decided(Some("https://evil.example"), acceptor(), accept()).await), (403, 403));
    assert_eq!(refused(decided(Some("null"), acceptor(), accept()).await), (403, 403));
    let listing = || acceptor().allow_origin("https://app.example").allow_origin("https://other.example");
    assert_eq!(refused(decided(Some("https://evil.example"), listing(), accept()).await), (403, 403));
    for (origin, acceptor) in [
        (None, acceptor()),
        (Some("http://example.com"), acceptor()),
        (Some("https://app.example"), listing()),
        (Some("https://OTHER.example"), listing()),
        (Some("https://evil.example"), acceptor().allow_any_origin()),
    ] {
        let (client, server) = decided(origin, acceptor, accept()).await;
        assert_eq!(client.expect("a client").subprotocol(), Some("chat"));
        assert_eq!(server.expect("a server").request().expect("a request").origin.as_deref(), origin);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_adds_headers_and_chooses_the_subprotocol() {
    let answer = Answer::accept().subprotocol("chat").header("Set-Cookie", "session=1");
    let (client, server) = decided(None, Acceptor::new(Config::server()).expect("valid options"), answer).await;
    let client = client.expect("a client");
    assert_eq!(client.subprotocol(), Some("chat"));
    assert_eq!(client.response().expect("a response").headers["set-cookie"], "session=1");
    assert_eq!(server.expect("a server").subprotocol(), Some("chat"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_narrows_compression() {
    for (limit, agreed) in [
        (DeflateLimit::Off, None),
        (DeflateLimit::ServerNoContextTakeover, Some("permessage-deflate; server_no_context_takeover")),
    ] {
        let (near, far) = duplex(64 * 1024);
        let connector = Connector::new(client_config().deflate(true)).expect("valid options");
        let acceptor = Acceptor::new(Config::server().deflate(true)).expect("valid options");
        let answering = acceptor.accept_with(far, |_| Answer::accept().limit_deflate(limit));
        let (client, server) = tokio::join!(connector.handshake(near), answering);
        let client = client.expect("a client");
        let extensions = &client.response().expect("a response").extensions;
        assert_eq!(
            extensions.first().map(|extension| extension.starts_with(agreed.unwrap_or("none"))),
            agreed.map(|_| true)
        );
        assert_eq!(server.expect("a server").response().expect("agreed").extensions.len(), extensions.len());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_allowed_is_an_error_and_the_client_is_told() {
    for answer in [
        Answer::accept().subprotocol("not-offered"),
        Answer::accept().header("Sec-WebSocket-Accept", "mine"),
        Answer::accept().header("a b", "c"),
        Answer::accept().limit_deflate(DeflateLimit::ServerMaxWindowBits(7)),
        Answer::reject(101, ""),
        Answer::reject(600, ""),
        Answer::reject(204, "a body"),
    ] {
        let (client, server) = decided(None, acceptor(), answer).await;
        assert!(matches!(server, Err(Error::Argument(_))), "{server:?}");
        let Err(Error::Rejected(refusal)) = client else { panic!("no refusal: {client:?}") };
        assert_eq!(refusal.status, 500);
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_may_wait() {
    let (near, far) = duplex(4096);
    let connector = Connector::new(client_config().header("Authorization", "Bearer key")).expect("valid options");
    let acceptor = acceptor();
    let server = acceptor.accept_with_async(far, async |request| {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let is_known = request.headers.get("authorization").is_some_and(|value| value == "Bearer key");
        if is_known { Answer::accept() } else { Answer::reject(401, "") }
    });
    let (client, server) = tokio::join!(connector.handshake(near), server);
    client.expect("a client");
    server.expect("a server");
}

#[tokio::test(start_paused = true)]
async fn plain_http_is_answered_where_it_is_wanted() {
    let acceptor = Acceptor::new(Config::server().deliver_http(true)).expect("valid options");
    for (answers, status) in [(true, "HTTP/1.1 200 OK\r\n"), (false, "HTTP/1.1 426 Upgrade Required\r\n")] {
        let (mut near, far) = duplex(4096);
        near.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("written");
        let server = async {
            let incoming: Incoming<_> = acceptor.receive(far).await.expect("a request");
            assert_eq!((incoming.request().path(), incoming.request().fault.is_some()), ("/health", true));
            if answers {
                incoming.reject(Answer::reject(200, "well\n")).await.expect("answered");
            } else {
                let result = incoming.answer(Answer::accept()).await;
                assert!(matches!(result, Err(Error::Refused { status: 426, .. })), "{result:?}");
            }
        };
        let client = async {
            let mut answer = String::new();
            near.read_to_string(&mut answer).await.expect("text");
            near.shutdown().await.expect("shut down");
            answer
        };
        let (answer, ()) = tokio::join!(client, server);
        assert!(answer.starts_with(status) && answer.ends_with("\r\n\r\nwell\n") == answers, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_a_rule_is_refused_by_its_fault() {
    let (mut near, far) = duplex(4096);
    near.write_all(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("written");
    near.shutdown().await.expect("shut down");
    let result = acceptor().accept(far).await;
    assert!(matches!(result, Err(Error::Refused { status: 405, fault: Some(FaultKind::BadMethod) })), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_websocket_server_is_an_error() {
    let (near, mut far) = duplex(4096);
    let connector = Connector::new(client_config()).expect("valid options");
    let server = async {
        far.write_all(b"SSH-2.0-server\r\n\r\n").await.expect("written");
        far.shutdown().await.expect("shut down");
    };
    let (client, ()) = tokio::join!(connector.handshake(near), server);
    assert!(matches!(client, Err(Error::Handshake(_))), "{client:?}");
}

#[tokio::test(start_paused = true)]
async fn limits_close_with_their_codes() {
    for (config, message, code, kind) in [
        (Config::server().max_message_size(1000), vec![0; 1001], CloseCode::MESSAGE_TOO_BIG, FaultKind::MessageTooBig),
        (Config::server().max_frame_size(500), vec![0; 501], CloseCode::MESSAGE_TOO_BIG, FaultKind::FrameTooBig),
        // Few bytes on the wire, many behind them.
        (
            Config::server().deflate(true).max_message_size(50_000),
            vec![0; 60_000],
            CloseCode::MESSAGE_TOO_BIG,
            FaultKind::MessageTooBig,
        ),
    ] {
        let (mut client, mut server) = pair_with(client_config().deflate(true), config, 64 * 1024).await;
        let sending = async {
            client.send(message).await.expect("sent");
            assert!(client.recv().await.is_none(), "both have sent Close");
            client.closed().expect("closed").code
        };
        let (seen, received) = tokio::join!(sending, server.recv());
        let Some(Err(Error::Closed(closed))) = received else { panic!("no error: {received:?}") };
        assert_eq!(closed.fault.map(|fault| fault.kind), Some(kind));
        assert_eq!((closed.close_sent, seen), (Some(code), code));
    }
}
