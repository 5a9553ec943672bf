//! The opening handshake (RFC 6455 §4). A server begins in `Request`, a client in `Response`. The end of the stream and the
//! host's `close` end it at any stage: see [`super::closing`].

use super::transitions;

/// What arriving bytes are, or what is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// The head of the client's request.
    Request,
    /// The request is delivered, and the host's decision awaited.
    Decision,
    /// The head of the server's response.
    Response,
    /// The body of a response that refuses.
    Refusal,
    /// The handshake is complete: frames follow.
    Open,
    /// The handshake has failed: nothing follows.
    Failed,
}

/// What happens during the opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    /// A request arrives that is a valid opening handshake (§4.2.1).
    RequestArrives,
    /// The host accepts.
    HostAccepts,
    /// The host refuses.
    HostRejects,
    /// A response with status 101 arrives that fulfils §4.1.
    SwitchingArrives,
    /// Another response of the 1xx class arrives (RFC 9110 §15.2).
    InterimArrives,
    /// A response of another class arrives.
    RefusalArrives,
    /// The body of the refusal is complete, or what is kept of it.
    BodyEnds,
    /// A rule is broken, a limit is reached, or the handshake deadline passes.
    Faults,
    /// The server's stream ends, and with it the body.
    StreamEnds,
}

/// What a transition does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Delivers the request with its details.
    DeliverRequest,
    /// Sends 101.
    SendSwitching,
    /// Delivers that the connection is open, with what was agreed.
    DeliverOpen,
    /// Sends the status that the host chose, or that the fault calls for.
    SendRefusal,
    /// Begins to read the next head.
    ReadNextHead,
    /// Begins to read the body.
    ReadBody,
    /// Delivers the refusal with what is kept of its body.
    DeliverRefusal,
}

transitions! {
    HANDSHAKE: Stage, Cue, Effect;
    Request + RequestArrives => Decision [DeliverRequest];
    Request + Faults => Failed [SendRefusal];
    Decision + HostAccepts => Open [SendSwitching, DeliverOpen];
    Decision + HostRejects => Failed [SendRefusal];
    Decision + Faults => Failed [SendRefusal];
    Response + SwitchingArrives => Open [DeliverOpen];
    Response + InterimArrives => Response [ReadNextHead];
    Response + RefusalArrives => Refusal [ReadBody];
    Response + Faults => Failed [];
    Refusal + BodyEnds => Failed [DeliverRefusal];
    Refusal + StreamEnds => Failed [DeliverRefusal];
    Refusal + Faults => Failed [];
}
