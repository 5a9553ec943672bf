/* What nothing that touches each byte can do without. */
#include "engine.h"
#include <stdlib.h>
#include <string.h>

struct engine {
    bool xor;
    uint8_t *target;
};

const char *engine_version(void) {
    return __VERSION__;
}

engine *engine_open(const spec *spec) {
    engine *e = malloc(sizeof *e);
    if (!e || !(e->target = malloc(spec->size + sizeof(uint64_t)))) fail("no memory");
    e->xor = !strcmp(spec->what, "xor");
    return e;
}

void engine_send(engine *e, const uint8_t *data, size_t len) {
    static const uint64_t mask = 0x9d3ac5719d3ac571;
    memcpy(e->target, data, len);
    for (size_t at = 0; e->xor && at < len; at += sizeof mask) {
        uint64_t word;
        memcpy(&word, e->target + at, sizeof word);
        word ^= mask;
        memcpy(e->target + at, &word, sizeof word);
    }
    emit(e->target, len);
}
