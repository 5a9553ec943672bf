--- One connection over a TCP socket of libuv: what every host does. The library does the protocol; this reads, writes,
--- keeps the timer, reports the end of the stream and obeys the transport instruction.

local ffi = require("ffi")
local sansock = require("sansock")
local uv = require("luv")

ffi.cdef("int setsockopt(int socket, int level, int name, const void *value, unsigned size);")

local N = sansock.numbers
local WRITE_SIZE = 65536
local IPPROTO_TCP = 6
local TCP_NOTSENT_LOWAT = ({ Linux = 25, OSX = 0x201 })[ffi.os]
local UNSENT_SIZE = 16384

local Endpoint = {}
Endpoint.__index = Endpoint

--- The clock of all connections, in milliseconds.
function Endpoint.now()
  uv.update_time()
  return uv.now()
end

-- libuv writes when the system says that there is room: by default when a third of a buffer of megabytes is free, which a
-- slow peer may not achieve within the write timeout. With this it says so when few bytes are left to be sent.
local function write_little_by_little(socket)
  local size = ffi.new("int[1]", UNSENT_SIZE)
  if TCP_NOTSENT_LOWAT then
    ffi.C.setsockopt(socket:fileno(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, size, ffi.sizeof(size))
  end
end

--- Drives a connection over a connected socket, both of which it frees at the end.
--
-- `on_event(endpoint, event)` may make any call on `endpoint.conn`, and returns the events of the input call that it makes,
-- if any: an answer to a request. After calls from elsewhere, call `drive`. `on_progress(endpoint)` comes when the output
-- may have room again, `on_end(endpoint)` when all is over.
function Endpoint.start(conn, socket, on_event, on_progress, on_end)
  local self = setmetatable({
    conn = conn,
    socket = socket,
    on_event = on_event,
    on_progress = on_progress or function() end,
    on_end = on_end or function() end,
    timer = uv.new_timer(),
    reading = false,
    stream_ended = false,
    write_shut = false,
  }, Endpoint)
  socket:nodelay(true)
  write_little_by_little(socket)
  self:drive()
  return self
end

--- What follows every call: handle the events, write, set the timer, obey the transport instruction.
function Endpoint:drive(events)
  self:handle(events or {})
  while not self.ended and self.conn:has_more() do
    self:handle(self.conn:timeout(self.now()) or {})
  end
  if self.ended then
    return
  end
  self:write()
  self:regulate()
  self:set_timer()
  if self.conn:pending_output() > 0 then
    return
  end
  local transport = self.conn:transport()
  if transport == N.TRANSPORT_CLOSE then
    self:finish()
  elseif transport == N.TRANSPORT_SHUTDOWN_WRITE and not self.write_shut then
    self.write_shut = true
    self.socket:shutdown()
  end
end

function Endpoint:handle(events)
  for _, event in ipairs(events) do
    local more = self.on_event(self, event)
    if more then
      self:handle(more)
    end
  end
end

-- Passes input until all of it is consumed. The events are copies, so that they may be handled in between.
function Endpoint:receive(data)
  while true do
    local events = self.conn:receive(data, self.now())
    if not events then
      break -- the block of a handle that failed says to close
    end
    local consumed = self.conn:consumed()
    data = data:sub(consumed + 1)
    self:handle(events)
    if data == "" or (consumed == 0 and #events == 0 and not self.conn:has_more()) then
      break
    end
  end
  self:drive()
end

-- Hands the start of the output to libuv, a piece at a time: its callback says that all of the piece is written.
function Endpoint:write()
  if self.writing or self.conn:pending_output() == 0 then
    return
  end
  local piece = self.conn:peek(WRITE_SIZE)
  self.writing, self.reported = #piece, 0
  self.socket:write(piece, function(fault)
    local left = self.writing and self.writing - self.reported
    self.writing = nil
    if self.ended then
      return
    end
    self.conn:written(left)
    if fault then
      self:end_of_stream() -- nobody is left to read it
      self.conn:written(self.conn:pending_output())
    end
    self:drive()
    self.on_progress(self)
  end)
end

-- Reports what has been written of the piece so far: the engine watches for progress.
function Endpoint:report_progress()
  if self.writing then
    local progress = self.writing - self.socket:get_write_queue_size() - self.reported
    self.reported = self.reported + progress
    self.conn:written(progress)
  end
end

-- Back-pressure: a peer that does not read is not read from.
function Endpoint:regulate()
  local may_read = self.conn:is_writable() and not self.stream_ended
  if may_read == self.reading then
    return
  end
  self.reading = may_read
  if may_read then
    self.conn:resume(self.now())
    self.socket:read_start(function(fault, data)
      if fault or not data then
        self:end_of_stream()
        self:drive()
      else
        self:receive(data)
      end
      self.on_progress(self)
    end)
  else
    self.socket:read_stop()
    if not self.stream_ended then
      self.conn:pause(self.now())
    end
  end
end

function Endpoint:end_of_stream()
  if not self.stream_ended then
    self.stream_ended = true
    self:handle(self.conn:receive_eof(self.now()) or {})
  end
end

function Endpoint:set_timer()
  local deadline = self.conn:next_deadline()
  if deadline == self.deadline then
    return
  end
  self.deadline = deadline
  self.timer:stop()
  if deadline then
    self.timer:start(math.max(deadline - self.now(), 0), 0, function()
      self.deadline = nil
      self:report_progress()
      self:drive(self.conn:timeout(self.now()))
      self.on_progress(self)
    end)
  end
end

--- Closes the socket and frees the connection, whatever their state.
function Endpoint:finish()
  if not self.ended then
    self.ended = true
    self.timer:close()
    self.socket:close()
    self.conn:free()
    self.on_end(self)
  end
end

return Endpoint
