/* What an engine that lacks something answers for it. */
#include "engine.h"

#define ABSENT __attribute__((weak))

ABSENT void engine_receive(engine *e, const input *input) {
    (void)e;
    (void)input;
    fail("this engine does not receive");
}

ABSENT void engine_echo(engine *e, const input *input) {
    (void)e;
    (void)input;
    fail("this engine does not echo");
}

ABSENT uint64_t engine_server_handshakes(size_t count) {
    (void)count;
    fail("this engine has no opening handshake");
}

ABSENT uint64_t engine_client_handshakes(size_t count) {
    (void)count;
    fail("this engine has no opening handshake");
}
