/*
 * Accessors: what records and the block say, by name.
 *
 * They are inline, and cost no more than reading the fields. `block` and `record` must not be NULL, `len` and `ms` may.
 * Each says what kinds of record it is for; a record of another kind gives false, 0 or NULL, unless said otherwise.
 * Payloads and texts do not end with NUL, and are valid as long as the events.
 */

/* In C++, inline functions may call only functions that are the same in all translation units: not static ones. */
#ifdef __cplusplus
#define SANSOCK_INLINE inline
#define SANSOCK_CAST(type, value) static_cast<type>(value)
#else
#define SANSOCK_INLINE static inline
#define SANSOCK_CAST(type, value) ((type)(value))
#endif

/// The payload of an event or a detail, and its length in bytes. A HEADER gives its value.
SANSOCK_INLINE const uint8_t *
sansock_record_payload(const sansock_block *block, const sansock_record *record, size_t *len) {
    uint64_t offset = record->kind == SANSOCK_KIND_HEADER ? record->extra : record->offset;
    if (len) *len = SANSOCK_CAST(size_t, record->len);
    return block->regions[record->flags & SANSOCK_FLAG_REGION] + offset;
}

/// The same payload as characters: the text of TEXT, the target of REQUEST, the reason of CLOSING and CLOSED, details.
SANSOCK_INLINE const char *sansock_record_text(const sansock_block *block, const sansock_record *record, size_t *len) {
    const void *text = sansock_record_payload(block, record, len);
    return SANSOCK_CAST(const char *, text);
}

/// Whether this is a message or a part of one: TEXT or BINARY.
SANSOCK_INLINE bool sansock_record_is_message(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_TEXT || record->kind == SANSOCK_KIND_BINARY;
}

/// TEXT, BINARY and FRAME: whether a message begins with this payload.
SANSOCK_INLINE bool sansock_record_is_first(const sansock_record *record) {
    bool has_data = sansock_record_is_message(record) || record->kind == SANSOCK_KIND_FRAME;
    return has_data && (record->flags & SANSOCK_FLAG_FIRST) != 0;
}

/// TEXT, BINARY and FRAME: whether a message ends with this payload.
SANSOCK_INLINE bool sansock_record_is_last(const sansock_record *record) {
    bool has_data = sansock_record_is_message(record) || record->kind == SANSOCK_KIND_FRAME;
    return has_data && (record->flags & SANSOCK_FLAG_LAST) != 0;
}

/// FRAME: whether the message is a text; its data may begin and end inside a code point.
SANSOCK_INLINE bool sansock_record_is_text_frame(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_FRAME && record->code == 1;
}

/// FRAME: whether the frame ends with this payload.
SANSOCK_INLINE bool sansock_record_is_frame_end(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_FRAME && (record->flags & SANSOCK_FLAG_FRAME_END) != 0;
}

/// FRAME: whether the message is compressed on the wire.
SANSOCK_INLINE bool sansock_record_is_compressed(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_FRAME && (record->flags & SANSOCK_FLAG_COMPRESSED) != 0;
}

/// FRAME: the length of the whole frame's payload on the wire in bytes.
SANSOCK_INLINE uint64_t sansock_record_frame_len(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_FRAME) return record->extra;
    return 0;
}

/// TEXT and BINARY: whether the payload is a whole message. It always is, unless SANSOCK_OPTION_PARTS is set.
SANSOCK_INLINE bool sansock_record_is_whole(const sansock_record *record) {
    return sansock_record_is_first(record) && sansock_record_is_last(record);
}

/// REQUEST: how the Origin header relates to the host that the request was made to, one of SANSOCK_ORIGIN_*;
/// SANSOCK_ORIGIN_CROSS for another kind.
SANSOCK_INLINE uint16_t sansock_record_origin_relation(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_REQUEST) return record->code;
    return SANSOCK_ORIGIN_CROSS;
}

/// REQUEST: whether the Origin header is absent (the client is not a browser) or names this host. Unless pages of other
/// sites may connect, reject a request for which this is false with 403 (RFC 6455 section 10.2).
SANSOCK_INLINE bool sansock_record_same_origin(const sansock_record *record) {
    uint16_t relation = sansock_record_origin_relation(record);
    return relation == SANSOCK_ORIGIN_ABSENT || relation == SANSOCK_ORIGIN_SAME;
}

/// REJECTED and HEAD: the HTTP status of the response. 0 for the HEAD of a request.
SANSOCK_INLINE uint16_t sansock_record_http_status(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_REJECTED || record->kind == SANSOCK_KIND_HEAD) return record->code;
    return 0;
}

/// REJECTED: whether the payload is only the beginning of the body.
SANSOCK_INLINE bool sansock_record_is_truncated(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_REJECTED && (record->flags & SANSOCK_FLAG_TRUNCATED) != 0;
}

/// PONG: whether it answers the latest ping. Then `ms` receives the milliseconds since that ping; otherwise it is not
/// written.
SANSOCK_INLINE bool sansock_record_round_trip_ms(const sansock_record *record, uint64_t *ms) {
    if (record->kind != SANSOCK_KIND_PONG || record->extra == UINT64_MAX) return false;
    if (ms) *ms = record->extra;
    return true;
}

/// CLOSING and CLOSED: the code of the peer's Close frame: 1005 if it had none, 1006 if there was no such frame. FAULT: the
/// code that the fault calls for.
SANSOCK_INLINE uint16_t sansock_record_close_code(const sansock_record *record) {
    switch (record->kind) {
    case SANSOCK_KIND_CLOSING:
    case SANSOCK_KIND_CLOSED:
    case SANSOCK_KIND_FAULT: return record->code;
    default: return 0;
    }
}

/// CLOSED: the code of the Close frame that was sent to the peer: 1005 if it had none, 0 if no such frame was sent.
SANSOCK_INLINE uint16_t sansock_record_close_sent(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_CLOSED) return SANSOCK_CAST(uint16_t, record->extra);
    return 0;
}

/// CLOSED: the number of the fault that ended the connection, or 0. FAULT: of the one that you are to answer. REQUEST: of
/// the one for which it cannot be accepted, or 0. See sansock_fault_name.
SANSOCK_INLINE uint32_t sansock_record_fault(const sansock_record *record) {
    switch (record->kind) {
    case SANSOCK_KIND_CLOSED:
    case SANSOCK_KIND_FAULT: return record->aux;
    case SANSOCK_KIND_REQUEST: return SANSOCK_CAST(uint32_t, record->extra);
    default: return 0;
    }
}

/// CLOSED: whether a Close frame was sent and one received.
SANSOCK_INLINE bool sansock_record_is_clean(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_CLOSED && (record->flags & SANSOCK_FLAG_CLEAN) != 0;
}

/// CLOSED: whether the peer ended the connection: by its Close frame, its fault, or the end of its stream.
SANSOCK_INLINE bool sansock_record_by_peer(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_CLOSED && (record->flags & SANSOCK_FLAG_BY_PEER) != 0;
}

/// Whether this is a detail of the event before it.
SANSOCK_INLINE bool sansock_record_is_detail(const sansock_record *record) {
    return record->kind >= SANSOCK_KIND_HEADER;
}

/// REQUEST, OPEN, REJECTED and HEAD: how many details follow, at record[1] and so on.
SANSOCK_INLINE uint32_t sansock_record_detail_count(const sansock_record *record) {
    switch (record->kind) {
    case SANSOCK_KIND_REQUEST:
    case SANSOCK_KIND_OPEN:
    case SANSOCK_KIND_REJECTED:
    case SANSOCK_KIND_HEAD: return record->aux;
    default: return 0;
    }
}

/// REQUEST, OPEN, REJECTED and HEAD: the first detail of a kind, such as SANSOCK_KIND_SUBPROTOCOL; NULL if there is none.
SANSOCK_INLINE const sansock_record *sansock_record_find_detail(const sansock_record *record, uint8_t kind) {
    const sansock_record *detail = record + 1, *end = detail + sansock_record_detail_count(record);
    for (; detail != end; detail++)
        if (detail->kind == kind) return detail;
    return NULL;
}

/// SUBPROTOCOL of a REQUEST: whether it will be agreed if accept is given no name.
SANSOCK_INLINE bool sansock_record_is_chosen(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_SUBPROTOCOL && (record->flags & SANSOCK_FLAG_CHOSEN) != 0;
}

/// HEADER: its name, as the peer wrote it, and the length in bytes.
SANSOCK_INLINE const char *
sansock_record_header_name(const sansock_block *block, const sansock_record *record, size_t *len) {
    if (record->kind != SANSOCK_KIND_HEADER) {
        if (len) *len = 0;
        return NULL;
    }
    const void *name = block->regions[record->flags & SANSOCK_FLAG_REGION] + record->offset;
    if (len) *len = record->aux;
    return SANSOCK_CAST(const char *, name);
}

/// HEADER: its value, without the white space around it, and the length in bytes.
SANSOCK_INLINE const char *
sansock_record_header_value(const sansock_block *block, const sansock_record *record, size_t *len) {
    if (record->kind != SANSOCK_KIND_HEADER) {
        if (len) *len = 0;
        return NULL;
    }
    return sansock_record_text(block, record, len);
}

/// HEADER: whether it has this name, which ends with NUL. Names are compared without regard to case.
SANSOCK_INLINE bool
sansock_record_header_is(const sansock_block *block, const sansock_record *record, const char *name) {
    size_t i, len;
    const char *found = sansock_record_header_name(block, record, &len);
    for (i = 0; i < len; i++) {
        int letter = found[i] | 0x20, difference = found[i] ^ name[i];
        if (difference != 0 && (difference != 0x20 || letter < 'a' || letter > 'z')) return false;
    }
    return found && name[len] == '\0';
}

/// REQUEST, OPEN, REJECTED and HEAD: the value of the first header with this name (see sansock_record_header_is), and its
/// length in bytes. NULL and 0 if there is none.
SANSOCK_INLINE const char *
sansock_record_find_header(const sansock_block *block, const sansock_record *record, const char *name, size_t *len) {
    const sansock_record *detail = record + 1, *end = detail + sansock_record_detail_count(record);
    for (; detail != end; detail++)
        if (sansock_record_header_is(block, detail, name)) return sansock_record_header_value(block, detail, len);
    if (len) *len = 0;
    return NULL;
}

/// Whether something is waiting: see SANSOCK_BLOCK_MORE.
SANSOCK_INLINE bool sansock_block_has_more(const sansock_block *block) {
    return (block->flags & SANSOCK_BLOCK_MORE) != 0;
}

/// Whether the output is below its soft limit. While it is not, stop reading from the peer, or stop sending to it.
SANSOCK_INLINE bool sansock_block_is_writable(const sansock_block *block) {
    return (block->flags & SANSOCK_BLOCK_WRITABLE) != 0;
}

/// Whether `written` may take the place of a call to sansock_conn_written: see SANSOCK_BLOCK_DEFER_WRITTEN.
SANSOCK_INLINE bool sansock_block_may_defer_written(const sansock_block *block) {
    return (block->flags & SANSOCK_BLOCK_DEFER_WRITTEN) != 0;
}

#undef SANSOCK_INLINE
#undef SANSOCK_CAST
