--- The C library of Sansock for LuaJIT: bytes in, events and bytes out. No I/O, no clock.
--
-- The manual is the C header, include/sansock.h; the names here are those of its functions. Input calls return a list of
-- events, all others true; a refused call returns nil, what it means, and the number of the error. Events are tables of
-- strings and numbers, which stay. After every call: handle the events, write `output` and report it with `written`, set a
-- timer to `next_deadline`, and do what `transport` says once all output is written.
--
-- What `new` makes is freed with `free`, or by the collector; a call on what was freed returns an error.

local bit = require("bit")
local ffi = require("ffi")
local N = require("numbers")

ffi.cdef(require("declarations"))

local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local built = folder .. "../../target/release/libsansock." .. (ffi.os == "OSX" and "dylib" or "so")
local C = ffi.load(os.getenv("SANSOCK_LIBRARY") or built)
assert(C.sansock_abi_version() == N.ABI_VERSION, "libsansock has another binary interface")
assert(C.sansock_record_size() == ffi.sizeof("sansock_record"), "libsansock has other records")
assert(C.sansock_block_size() >= ffi.sizeof("sansock_block"), "libsansock has a smaller block")

local sansock = { numbers = N }
local NEVER = 0xffffffffffffffffULL

local function check(status)
  if status == 0 then
    return true
  end
  return nil, ffi.string(C.sansock_error_text(status)), status
end

--- The name of a fault, such as "MESSAGE_TOO_BIG"; nil for 0.
function sansock.fault_name(fault)
  return fault ~= 0 and ffi.string(C.sansock_fault_name(fault)) or nil
end

--- Where a ws: or wss: URL points to: host, port, and whether it wants TLS. nil and the reason if it is not valid.
function sansock.parse_url(url)
  local place = ffi.new("sansock_url")
  local ok, reason = check(C.sansock_url_parse(url, #url, place))
  if not ok then
    return nil, reason
  end
  local first = tonumber(place.host_offset)
  return url:sub(first + 1, first + tonumber(place.host_len)), place.port, place.secure ~= 0
end

-- Records to events -----------------------------------------------------------------------------------------------------

local KINDS = {}
for name, number in pairs(N) do
  if name:match("^KIND_") then
    KINDS[number] = name:sub(6):lower()
  end
end
local ORIGINS = { [N.ORIGIN_ABSENT] = "absent", [N.ORIGIN_SAME] = "same", [N.ORIGIN_CROSS] = "cross" }

local function bytes_of(block, record, offset, len)
  local region = block.regions[bit.band(record.flags, N.FLAG_REGION)]
  return len == 0 and "" or ffi.string(region + offset, tonumber(len))
end

local function has(record, flag)
  return bit.band(record.flags, flag) ~= 0
end

-- What an event of a kind has besides its payload.
local FIELDS = {
  request = function(e, r)
    e.origin_relation = ORIGINS[r.code]
    e.same_origin = r.code ~= N.ORIGIN_CROSS
    e.fault = sansock.fault_name(tonumber(r.extra))
  end,
  rejected = function(e, r)
    e.status, e.truncated = r.code, has(r, N.FLAG_TRUNCATED)
  end,
  head = function(e, r)
    e.status = r.code
  end,
  frame = function(e, r)
    e.type = r.code == 1 and "text" or "binary"
    e.frame_end, e.compressed = has(r, N.FLAG_FRAME_END), has(r, N.FLAG_COMPRESSED)
    e.frame_len = tonumber(r.extra)
  end,
  pong = function(e, r)
    e.round_trip = r.extra ~= NEVER and tonumber(r.extra) or nil -- in milliseconds
  end,
  closing = function(e, r)
    e.code = r.code
  end,
  fault = function(e, r)
    e.code, e.fault = r.code, sansock.fault_name(r.aux)
  end,
  closed = function(e, r)
    e.code, e.sent, e.fault = r.code, tonumber(r.extra), sansock.fault_name(r.aux)
    e.clean, e.by_peer = has(r, N.FLAG_CLEAN), has(r, N.FLAG_BY_PEER)
  end,
  subprotocol = function(e, r)
    e.chosen = has(r, N.FLAG_CHOSEN)
  end,
}
local HAS_DETAILS = { request = true, open = true, rejected = true, head = true }
local HAS_ENDS = { text = true, binary = true, frame = true }

local function event_of(block, r)
  local e = { kind = KINDS[r.kind] or "unknown" }
  if e.kind == "header" then
    e.name, e.payload = bytes_of(block, r, r.offset, r.aux), bytes_of(block, r, r.extra, r.len)
    return e
  end
  e.payload = bytes_of(block, r, r.offset, r.len)
  if HAS_ENDS[e.kind] then
    e.first, e.last = has(r, N.FLAG_FIRST), has(r, N.FLAG_LAST)
  end
  if FIELDS[e.kind] then
    FIELDS[e.kind](e, r)
  end
  return e
end

-- The events of the last input call. Details follow their event: they are put in a list of it.
local function events_of(block)
  local events, i = {}, 0
  while i < block.event_count do
    local record = block.events[i]
    local event = event_of(block, record)
    if HAS_DETAILS[event.kind] then
      event.details = {}
      for n = 1, record.aux do
        event.details[n] = event_of(block, block.events[i + n])
      end
      i = i + record.aux
    end
    events[#events + 1] = event
    i = i + 1
  end
  return events
end

--- The first detail of a kind in an event, or nil.
function sansock.detail(event, kind)
  for _, detail in ipairs(event.details or {}) do
    if detail.kind == kind then
      return detail
    end
  end
end

-- Handles ---------------------------------------------------------------------------------------------------------------

-- Creates a handle with a function of the library, which its last argument receives. The collector frees it.
local function create(name, ...)
  local out = ffi.new("sansock_" .. name .. " *[1]")
  local arguments = { ... }
  arguments[#arguments + 1] = out
  local ok, reason, status = check(C["sansock_" .. name .. "_new"](unpack(arguments, 1, #arguments)))
  if not ok then
    return nil, reason, status
  end
  return ffi.gc(out[0], C["sansock_" .. name .. "_free"])
end

local function free(self, name)
  if self.handle ~= nil then
    C["sansock_" .. name .. "_free"](ffi.gc(self.handle, nil))
    self.handle, self.block = nil, nil
  end
end

-- What the configurations of connections and of tunnels have in common.
local function configuration(name)
  local class = {}
  class.__index = class
  function class:free()
    free(self, name)
  end
  --- Sets an option: a number, or cdata for one that a double cannot hold.
  function class:set(option, value)
    return check(C["sansock_" .. name .. "_set"](self.handle, option, value))
  end
  function class:add_header(header, value)
    return check(C["sansock_" .. name .. "_add_header"](self.handle, header, #header, value, #value))
  end
  return class
end

local Config, TunnelConfig = configuration("config"), configuration("tunnel_config")

-- What connections and tunnels have in common: how their block is read, and what is received.
local function engine(name)
  local class = {}
  class.__index = class
  function class:free()
    free(self, name)
  end
  function class:output()
    return ffi.string(self.block.output, self.block.output_len)
  end
  function class:pending_output()
    return tonumber(self.block.output_len)
  end
  --- The first bytes of the output, at most so many.
  function class:peek(size)
    return ffi.string(self.block.output, math.min(size, self:pending_output()))
  end
  function class:transport()
    return self.block.transport
  end
  function class:state()
    return self.block.state
  end
  --- When to call `timeout`, in milliseconds of the host's clock; nil if there is no deadline.
  function class:next_deadline()
    return self.block.next_deadline ~= NEVER and tonumber(self.block.next_deadline) or nil
  end
  function class:has_more()
    return bit.band(self.block.flags, N.BLOCK_MORE) ~= 0
  end
  function class:is_writable()
    return bit.band(self.block.flags, N.BLOCK_WRITABLE) ~= 0
  end
  --- How many bytes the last `receive` consumed.
  function class:consumed()
    return tonumber(self.block.consumed)
  end
  function class:written(n)
    return check(C["sansock_" .. name .. "_written"](self.handle, n))
  end
  --- What an input call returns: the events, or the error.
  function class:events_after(status)
    if status ~= 0 then
      return check(status)
    end
    return events_of(self.block)
  end
  function class:receive_eof(now)
    return self:events_after(C["sansock_" .. name .. "_receive_eof"](self.handle, now))
  end
  function class:timeout(now)
    return self:events_after(C["sansock_" .. name .. "_timeout"](self.handle, now))
  end
  return class
end

local Conn, Tunnel = engine("conn"), engine("tunnel")

--- Creates the configuration of a "client" or a "server".
function sansock.config(role)
  local number = assert(N["ROLE_" .. role:upper()], "a role is client or server")
  local handle, reason, status = create("config", number)
  if not handle then
    return nil, reason, status
  end
  return setmetatable({ handle = handle }, Config)
end

function Config:set_text(text, value)
  return check(C.sansock_config_set_text(self.handle, text, value, #value))
end

--- Creates a connection. `seed`: 32 bytes; nil asks the system for them.
function Config:connection(seed, now)
  local handle, reason, status = create("conn", self.handle, seed or ffi.cast("const uint8_t *", nil), now)
  if not handle then
    return nil, reason, status
  end
  return setmetatable({ handle = handle, block = C.sansock_conn_block(handle) }, Conn)
end

-- The input is unmasked in place, which strings must not be. One buffer serves all connections: events are copied at once.
local input, capacity = ffi.new("uint8_t[?]", 65536), 65536

--- Receives bytes. See `consumed`: pass the rest when the events are handled.
function Conn:receive(data, now)
  if #data > capacity then
    input, capacity = ffi.new("uint8_t[?]", #data), #data
  end
  ffi.copy(input, data, #data)
  return self:events_after(C.sansock_conn_receive(self.handle, input, #data, now))
end

--- Sends a message. `kind`: "text" or "binary".
function Conn:send(kind, data)
  local send = kind == "text" and C.sansock_conn_send_text or C.sansock_conn_send_binary
  return check(send(self.handle, data, #data))
end

local function kind_number(kind)
  return kind == "text" and N.KIND_TEXT or N.KIND_BINARY
end

function Conn:send_part(kind, data, last)
  return check(C.sansock_conn_send_part(self.handle, kind_number(kind), data, #data, last and 1 or 0))
end

--- Creates a message for many connections, "text" or "binary", which is compressed once for all that agreed to the same
--- window. The collector frees it.
function sansock.prepared_message(kind, data)
  return create("prepared", kind_number(kind), data, #data)
end

--- Sends such a message.
function Conn:send_prepared(message)
  return check(C.sansock_conn_send_prepared(self.handle, message))
end

function Conn:send_header(kind, payload_len, last)
  return check(C.sansock_conn_send_header(self.handle, kind_number(kind), payload_len, last and 1 or 0))
end

function Conn:ping(data, now)
  return check(C.sansock_conn_ping(self.handle, data, #data, now))
end

function Conn:pong(data)
  return check(C.sansock_conn_pong(self.handle, data, #data))
end

--- Starts the closing handshake, or answers the peer's Close. Code 0 sends no code.
function Conn:close(code, reason, now)
  return check(C.sansock_conn_close(self.handle, code, reason, #reason, now))
end

function Conn:fail(code, reason, now)
  return check(C.sansock_conn_fail(self.handle, code, reason, #reason, now))
end

function Conn:pause(now)
  return check(C.sansock_conn_pause(self.handle, now))
end

function Conn:resume(now)
  return check(C.sansock_conn_resume(self.handle, now))
end

function Conn:add_response_header(name, value)
  return check(C.sansock_conn_add_response_header(self.handle, name, #name, value, #value))
end

function Conn:limit_deflate(option, value)
  return check(C.sansock_conn_limit_deflate(self.handle, option, value))
end

--- Accepts the request. `subprotocol`: one that it offers; "" for the first of the configured ones.
function Conn:accept(subprotocol, now)
  return self:events_after(C.sansock_conn_accept(self.handle, subprotocol, #subprotocol, now))
end

function Conn:reject(status, body, now)
  return self:events_after(C.sansock_conn_reject(self.handle, status, body, #body, now))
end

--- Answers the request with a response that opens no connection. `reason`: "" for the usual one.
function Conn:respond(status, reason, body, now)
  return self:events_after(C.sansock_conn_respond(self.handle, status, reason, #reason, body, #body, now))
end

-- Fields hold pointers to these strings, which the caller's list keeps meanwhile.
local function fields_of(fields)
  local array = ffi.new("sansock_field[?]", #fields + 1)
  for i, field in ipairs(fields) do
    array[i - 1] = { field[1], #field[1], field[2], #field[2] }
  end
  return array, #fields
end

--- Receives a request as fields, a list of pairs, from an HTTP implementation of the host's.
function Conn:receive_request(version, fields, now)
  local array, count = fields_of(fields)
  return self:events_after(C.sansock_conn_receive_request(self.handle, version, array, count, now))
end

function Conn:request_fields(version, now)
  return self:events_after(C.sansock_conn_request_fields(self.handle, version, now))
end

function Conn:receive_response(status, fields, now)
  local array, count = fields_of(fields)
  return self:events_after(C.sansock_conn_receive_response(self.handle, status, array, count, now))
end

--- Creates the configuration of a tunnel through the proxy at a URL, to a host and port.
function sansock.tunnel_config(proxy, host, port)
  local handle, reason, status = create("tunnel_config", proxy, #proxy, host, #host, port)
  if not handle then
    return nil, reason, status
  end
  return setmetatable({ handle = handle }, TunnelConfig)
end

function TunnelConfig:tunnel(now)
  local handle, reason, status = create("tunnel", self.handle, now)
  if not handle then
    return nil, reason, status
  end
  return setmetatable({ handle = handle, block = C.sansock_tunnel_block(handle) }, Tunnel)
end

function Tunnel:receive(data, now)
  return self:events_after(C.sansock_tunnel_receive(self.handle, data, #data, now))
end

return sansock
