//! The opening handshake (RFC 6455 §4), whatever carries it. A server begins in `Request`, a client in `Response`. The end of the stream and the
//! host's `close` end it at any stage: see [`super::closing`].

use super::transitions;

/// What arriving bytes are, or what is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// The head of the client's request.
    Request,
    /// The request has been delivered, and the host's decision is awaited.
    Decision,
    /// A request that cannot be accepted has been delivered, and the host's response is awaited.
    PlainHttp,
    /// The head of the server's response.
    Response,
    /// The body of a response that refuses.
    Refusal,
    /// The handshake is complete: frames follow.
    Open,
    /// The handshake has failed: nothing follows.
    Failed,
}

/// The inputs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A request arrives that is a valid opening handshake (§4.2.1).
    ValidRequest,
    /// Another well-formed request arrives, and the host wants those.
    OtherRequest,
    /// The host accepts.
    HostAccept,
    /// The host refuses.
    HostReject,
    /// A response arrives that accepts the request and fulfils §4.1.
    SwitchingProtocols,
    /// A response arrives that accepts the request and does not fulfil §4.1.
    FaultySwitching,
    /// Another response of the 1xx class arrives (RFC 9110 §15.2).
    InterimResponse,
    /// A response of another class arrives.
    RefusalHead,
    /// The body of the refusal is complete, or has reached the limit of what is kept.
    BodyEnd,
    /// A rule is broken, a limit is reached, or the handshake deadline passes.
    Fault,
    /// The server's stream ends, and with it the body.
    Eof,
}

/// What a transition does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Delivers the request with its details.
    DeliverRequest,
    /// Sends the response that accepts: 101, or 200 over HTTP/2 and HTTP/3.
    SendSwitching,
    /// Delivers OPEN with what was agreed.
    DeliverOpen,
    /// Sends a refusal, with the status that the host chose or that the fault calls for.
    SendRefusal,
    /// Starts to read the next head.
    ReadNextHead,
    /// Starts to read the body.
    ReadBody,
    /// Delivers the response with what was kept of its body.
    DeliverRefusal,
}

transitions! {
    HANDSHAKE: Stage, Input, Effect;
    Request + ValidRequest => Decision [DeliverRequest];
    Request + OtherRequest => PlainHttp [DeliverRequest];
    Request + Fault => Failed [SendRefusal];
    Decision + HostAccept => Open [SendSwitching, DeliverOpen];
    Decision + HostReject => Failed [SendRefusal];
    Decision + Fault => Failed [SendRefusal];
    PlainHttp + HostReject => Failed [SendRefusal];
    PlainHttp + Fault => Failed [SendRefusal];
    Response + SwitchingProtocols => Open [DeliverOpen];
    Response + FaultySwitching => Failed [DeliverRefusal];
    Response + InterimResponse => Response [ReadNextHead];
    Response + RefusalHead => Refusal [ReadBody];
    Response + Fault => Failed [];
    Refusal + BodyEnd => Failed [DeliverRefusal];
    Refusal + Eof => Failed [DeliverRefusal];
    Refusal + Fault => Failed [];
}
