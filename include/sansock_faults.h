/* The numbers of faults: what `fault` of a block, and sansock_record_fault, return. Optional: sansock_fault_name
 * and sansock_fault_text have the same as text.
 *
 * Made of the engine's tables: do not edit, run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`. */
#ifndef SANSOCK_FAULTS_H
#define SANSOCK_FAULTS_H

/// The HTTP head is larger than the limit (RFC 6585 section 5).
#define SANSOCK_FAULT_HEAD_TOO_LARGE 100

/// The first line is longer than the limit (RFC 9110 section 15.5.15).
#define SANSOCK_FAULT_REQUEST_LINE_TOO_LONG 101

/// A header line is longer than the limit (RFC 6585 section 5).
#define SANSOCK_FAULT_HEADER_TOO_LONG 102

/// There are more headers than the limit (RFC 6585 section 5).
#define SANSOCK_FAULT_TOO_MANY_HEADERS 103

/// A line does not end with CR LF (RFC 9112 section 2.2).
#define SANSOCK_FAULT_BAD_LINE_END 104

/// The request line is malformed (RFC 9112 section 3).
#define SANSOCK_FAULT_BAD_REQUEST_LINE 105

/// A header is malformed (RFC 9112 section 5).
#define SANSOCK_FAULT_BAD_HEADER 106

/// The method is not GET (RFC 6455 section 4.2.1).
#define SANSOCK_FAULT_BAD_METHOD 107

/// The HTTP version is not 1.1 (RFC 6455 section 4.2.1).
#define SANSOCK_FAULT_BAD_HTTP_VERSION 108

/// The peer speaks HTTP/2 (RFC 9113 section 3.4).
#define SANSOCK_FAULT_HTTP2_PREFACE 109

/// The request target is malformed (RFC 9112 section 3.2).
#define SANSOCK_FAULT_BAD_TARGET 110

/// There is not exactly one valid Host header (RFC 9112 section 3.2).
#define SANSOCK_FAULT_BAD_HOST 111

/// The request carries a body (RFC 9112 section 6).
#define SANSOCK_FAULT_UNEXPECTED_BODY 112

/// The request does not ask for an upgrade to websocket (RFC 6455 section 4.2.1).
#define SANSOCK_FAULT_NOT_AN_UPGRADE 113

/// There is not exactly one Sec-WebSocket-Key of 16 bytes in base64 (RFC 6455 section 4.2.1).
#define SANSOCK_FAULT_BAD_KEY 114

/// There is not exactly one Sec-WebSocket-Version (RFC 6455 section 4.2.1).
#define SANSOCK_FAULT_BAD_VERSION 115

/// The protocol version is not 13 (RFC 6455 section 4.4).
#define SANSOCK_FAULT_UNSUPPORTED_VERSION 116

/// Sec-WebSocket-Protocol is not a list of distinct tokens (RFC 6455 section 4.1).
#define SANSOCK_FAULT_BAD_SUBPROTOCOL 117

/// Sec-WebSocket-Extensions is malformed (RFC 6455 section 9.1).
#define SANSOCK_FAULT_BAD_EXTENSIONS 118

/// The Origin header is repeated or malformed (RFC 6454 section 7.3).
#define SANSOCK_FAULT_BAD_ORIGIN 119

/// A pseudo-header field is missing, repeated, misplaced or unknown (RFC 9113 section 8.3).
#define SANSOCK_FAULT_BAD_PSEUDO_HEADERS 120

/// The request is no extended CONNECT (RFC 8441 section 4).
#define SANSOCK_FAULT_NOT_EXTENDED_CONNECT 121

/// The protocol of the extended CONNECT is not websocket (RFC 9220 section 3).
#define SANSOCK_FAULT_UNSUPPORTED_PROTOCOL 122

/// The status line is malformed or not HTTP/1.1 (RFC 9112 section 4).
#define SANSOCK_FAULT_BAD_STATUS_LINE 150

/// The server refused the request (RFC 6455 section 4.1).
#define SANSOCK_FAULT_HTTP_STATUS 151

/// The Upgrade header of the response is not websocket (RFC 6455 section 4.1).
#define SANSOCK_FAULT_BAD_UPGRADE 152

/// The Connection header of the response lacks upgrade (RFC 6455 section 4.1).
#define SANSOCK_FAULT_BAD_CONNECTION 153

/// Sec-WebSocket-Accept does not match the key (RFC 6455 section 4.1).
#define SANSOCK_FAULT_BAD_ACCEPT 154

/// The server chose a subprotocol that was not offered (RFC 6455 section 4.1).
#define SANSOCK_FAULT_SUBPROTOCOL_NOT_OFFERED 155

/// The server chose an extension that was not offered (RFC 6455 section 4.1).
#define SANSOCK_FAULT_EXTENSION_NOT_OFFERED 156

/// The 101 response announces a body (RFC 9110 section 8.6).
#define SANSOCK_FAULT_BODY_ON_101 157

/// There were too many interim responses (RFC 9110 section 15.2).
#define SANSOCK_FAULT_TOO_MANY_INTERIM 158

/// The body of the refusal is malformed (RFC 9112 section 7.1).
#define SANSOCK_FAULT_BAD_BODY 159

/// The answer to the compression offer is not valid (RFC 7692 section 7.1).
#define SANSOCK_FAULT_BAD_EXTENSION_PARAMETERS 160

/// The host answered with another response (RFC 6455 section 4.2.2).
#define SANSOCK_FAULT_REFUSED 180

/// A reserved bit is set (RFC 6455 section 5.2).
#define SANSOCK_FAULT_RESERVED_BITS 200

/// The opcode is reserved (RFC 6455 section 5.2).
#define SANSOCK_FAULT_RESERVED_OPCODE 201

/// A frame from the client is not masked (RFC 6455 section 5.1).
#define SANSOCK_FAULT_UNMASKED 202

/// A frame from the server is masked (RFC 6455 section 5.1).
#define SANSOCK_FAULT_MASKED 203

/// The length is not in its shortest form (RFC 6455 section 5.2).
#define SANSOCK_FAULT_NON_MINIMAL_LENGTH 204

/// The top bit of a 64-bit length is set (RFC 6455 section 5.2).
#define SANSOCK_FAULT_LENGTH_OVERFLOW 205

/// A control frame is longer than 125 bytes (RFC 6455 section 5.5).
#define SANSOCK_FAULT_CONTROL_TOO_LONG 206

/// A control frame is fragmented (RFC 6455 section 5.5).
#define SANSOCK_FAULT_CONTROL_FRAGMENTED 207

/// A continuation frame has nothing to continue (RFC 6455 section 5.4).
#define SANSOCK_FAULT_UNEXPECTED_CONTINUATION 208

/// A new message begins inside another (RFC 6455 section 5.4).
#define SANSOCK_FAULT_EXPECTED_CONTINUATION 209

/// The payload of Close is one byte (RFC 6455 section 5.5.1).
#define SANSOCK_FAULT_CLOSE_TOO_SHORT 210

/// The close code must not be sent (RFC 6455 section 7.4).
#define SANSOCK_FAULT_BAD_CLOSE_CODE 211

/// The close reason is not UTF-8 (RFC 6455 section 5.5.1).
#define SANSOCK_FAULT_BAD_CLOSE_REASON 212

/// The text message is not UTF-8 (RFC 6455 section 8.1).
#define SANSOCK_FAULT_BAD_TEXT 213

/// The compressed data is corrupt, or begins too many streams (RFC 7692 section 7.2.2).
#define SANSOCK_FAULT_BAD_COMPRESSED_DATA 214

/// The message is larger than the limit (RFC 6455 section 7.4.1).
#define SANSOCK_FAULT_MESSAGE_TOO_BIG 300

/// The frame is larger than the limit (RFC 6455 section 7.4.1).
#define SANSOCK_FAULT_FRAME_TOO_BIG 301

/// The message has more fragments than the limit (RFC 6455 section 10.4).
#define SANSOCK_FAULT_TOO_MANY_FRAGMENTS 302

/// Memory for the message could not be allocated (RFC 6455 section 7.4.1).
#define SANSOCK_FAULT_NO_MEMORY 303

/// The peer closed the transport during the handshake (RFC 9112 section 8).
#define SANSOCK_FAULT_EOF_IN_HANDSHAKE 400

/// The peer closed the transport without a Close frame (RFC 6455 section 7.1.5).
#define SANSOCK_FAULT_EOF 401

/// The handshake took too long (RFC 9110 section 15.5.9).
#define SANSOCK_FAULT_HANDSHAKE_TIMEOUT 402

/// A ping was not answered in time (RFC 6455 section 5.5.2).
#define SANSOCK_FAULT_PONG_TIMEOUT 403

/// The closing handshake took too long (RFC 6455 section 7.1.1).
#define SANSOCK_FAULT_CLOSE_TIMEOUT 404

/// The host ended the connection (RFC 6455 section 7.1.7).
#define SANSOCK_FAULT_FAILED_BY_HOST 405

/// The host did not decide on the request in time (RFC 9110 section 15.6.4).
#define SANSOCK_FAULT_DECISION_TIMEOUT 406

/// The peer did not read in time (RFC 6455 section 7.1.7).
#define SANSOCK_FAULT_WRITE_TIMEOUT 407

/// The proxy refused the tunnel (RFC 9110 section 9.3.6).
#define SANSOCK_FAULT_TUNNEL_REFUSED 500

/// The answer of the proxy is malformed or of another protocol (RFC 1928 section 6).
#define SANSOCK_FAULT_TUNNEL_BAD_ANSWER 501

/// The proxy does not accept the credentials, or their absence (RFC 9110 section 15.5.8).
#define SANSOCK_FAULT_TUNNEL_AUTHENTICATION 502

/// The proxy closed the transport before its answer was complete (RFC 9112 section 8).
#define SANSOCK_FAULT_TUNNEL_EOF 503

/// The proxy did not answer in time (RFC 9110 section 9.3.6).
#define SANSOCK_FAULT_TUNNEL_TIMEOUT 504

#endif /* SANSOCK_FAULTS_H */
