/*
 * What an engine brings to be measured, and what the worker gives it. One program for each engine.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a cell asks for. */
typedef struct spec {
    bool server, text, deflate;
    size_t size, read;
    const char *what; /* which floor */
} spec;

/* The bytes of one pass, as reads of a certain size bring them. */
typedef struct input {
    const uint8_t *bytes;
    size_t len;
    size_t read;
    size_t messages;
} input;

typedef struct engine engine;

/* Counts of what came, and a sum over length, first and last byte of each message. */
extern uint64_t delivered_count, delivered_sum;
/* Bytes that went out, and a sum over the first byte of each write. */
extern uint64_t emitted_len, emitted_sum;
/* Where output goes in the first pass; else NULL. */
extern FILE *emitted_file;

/* For engines: a message has come. */
static inline void deliver(const uint8_t *data, size_t len) {
    delivered_count++;
    delivered_sum += len + data[0] + data[len - 1];
}

/* For engines: a connection has opened. */
static inline void opened(void) {
    delivered_count++;
}

/* For engines: bytes go to the transport. */
void emit_to_file(const uint8_t *data, size_t len);

static inline void emit(const uint8_t *data, size_t len) {
    if (emitted_file) emit_to_file(data, len);
    emitted_len += len;
    emitted_sum += data[0];
}

/* For engines: ends the program with a message. */
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void fail(const char *what);

/* For engines: the clock of the measurement, in nanoseconds. */
uint64_t nanoseconds(void);

/* For engines: what a server answers to a client's request. The result stays until the next call. */
const char *respond(const char *request, size_t len, size_t *response_len);

/* A browser's request, and the headers that a client adds: lines of "Name: value". */
extern const char *browser_request, *client_headers;
extern size_t browser_request_len;

/* To be written for each engine. */
const char *engine_version(void);

/* Opens a connection. */
engine *engine_open(const spec *spec);

/* Takes in a pass, and calls deliver for each message. Every read is a copy out of the input. */
void engine_receive(engine *engine, const input *input);

/* Sends a message, and calls emit for what goes out. */
void engine_send(engine *engine, const uint8_t *data, size_t len);

/* Receives one message and sends it back. */
void engine_echo(engine *engine, const input *input);

/* Opens connections with browser_request, or with requests of its own. Calls emit for what goes out, opened for each.
 * Returns the time that took: without respond, and without closing. */
uint64_t engine_server_handshakes(size_t count);
uint64_t engine_client_handshakes(size_t count);

#ifdef __cplusplus
}
#endif

#endif
