-- Replays the conformance vectors: each case as it stands, and with every receive cut into single bytes. Before that it
-- compares what the binding declares with the header.
--
--   luajit vectors.lua HEADER FILE...

local folder = arg[0]:match("^(.*/)") or "./"
package.path = folder .. "?.lua;" .. folder .. "../?.lua;" .. package.path

local ffi = require("ffi")
local sansock = require("sansock")
local describe = require("transcript")
local T = require("vector_text")

ffi.cdef("unsigned long long strtoull(const char *text, char **end, int base);")

-- Also those that a double cannot hold.
local function number(digits)
  return ffi.C.strtoull(digits, nil, 10)
end

-- The header --------------------------------------------------------------------------------------------------------

local header_numbers = {}

local function compare_with_header(path)
  local file = assert(io.open(path))
  local header = file:read("*a")
  file:close()
  for name, value in header:gmatch("#define SANSOCK_(%S+) %(?(%-?%d+)%)?\n") do
    header_numbers[name] = tonumber(value)
  end
  for name, value in pairs(sansock.numbers) do
    assert(header_numbers[name] == value, name .. " is another number in the header")
  end
  local code = header:gsub("///[^\n]*", ""):gsub("SANSOCK_API", ""):gsub("%s+", "")
  for declaration in require("declarations"):gmatch("[^\n;]*%b{}[^;]*;") do
    assert(code:find(declaration:gsub("%s+", ""), 1, true), "not in the header: " .. declaration)
  end
  for declaration in require("declarations"):gmatch("[^\n;{}]*%b();") do
    assert(code:find(declaration:gsub("%s+", ""), 1, true), "not in the header: " .. declaration)
  end
end

local function option(name)
  return assert(header_numbers["OPTION_" .. name:upper()], name)
end

-- A case ------------------------------------------------------------------------------------------------------------

local Player = {}
Player.__index = Player

function Player:all(name)
  local values = {}
  for _, setting in ipairs(self.case.settings) do
    if setting[1] == name then
      values[#values + 1] = setting[2]
    end
  end
  return values
end

function Player:has(name, value)
  for _, found in ipairs(self:all(name)) do
    if found == value then
      return true
    end
  end
  return false
end

local function new_player(case, byte_by_byte)
  local self = setmetatable({ case = case, byte_by_byte = byte_by_byte, now = 0, fields = {}, output = "" }, Player)
  self.held = self:has("hold", "")
  self.shown = { transport = "open", deadline = "never", writable = "yes", fault = "" }
  return self
end

function Player:configure(config)
  for _, setting in ipairs(self:all("option")) do
    local name, value = T.cut_word(setting)
    assert(config:set(option(name), number(value)))
  end
  for _, header in ipairs(self:all("header")) do
    assert(config:add_header(unpack(T.atoms(header))))
  end
end

function Player:start()
  if self:has("role", "tunnel") then
    local host, port = T.cut_atom(self:all("target")[1])
    local config = assert(sansock.tunnel_config(T.bytes(self:all("url")[1]), host, tonumber(port)))
    self:configure(config)
    return config:tunnel(0)
  end
  local config = assert(sansock.config(self:has("role", "client") and "client" or "server"))
  for _, setting in ipairs(self.case.settings) do
    local text = ({ url = 1, origin = 1, subprotocol = 1, key = 1 })[setting[1]]
    if text then
      assert(config:set_text(sansock.numbers["TEXT_" .. setting[1]:upper()], T.bytes(setting[2])))
    end
  end
  self:configure(config)
  local seed = ffi.new("uint8_t[32]")
  for i = 0, 31 do
    seed[i] = i
  end
  return config:connection(seed, 0)
end

-- Takes what an input call returned. Returns the number of its error, if it was refused.
function Player:take(events, _, status)
  if not events then
    return status
  end
  for _, event in ipairs(events) do
    self.transcript[#self.transcript + 1] = describe(event)
  end
  self:collect_output()
end

function Player:collect_output()
  -- A report may bring more: pongs that had to wait.
  while not self.held and self.engine:pending_output() > 0 do
    local output = self.engine:output()
    self.output = self.output .. output
    assert(self.engine:written(#output))
  end
end

-- Passes one piece, and again what is left of it. Returns how many bytes were not consumed.
function Player:pass(data)
  while true do
    local events = assert(self.engine:receive(data, self.now))
    local consumed = self.engine:consumed()
    local progress = consumed > 0 or #events > 0
    data = data:sub(consumed + 1)
    self:take(events)
    if not self.engine:has_more() and (data == "" or not progress) then
      return #data
    end
  end
end

function Player:receive(data)
  if not self.byte_by_byte or data == "" then
    return self:pass(data)
  end
  for i = 1, #data do
    if self:pass(data:sub(i, i)) > 0 then
      return #data - i + 1
    end
  end
  return 0
end

function Player:take_fields()
  local fields = self.fields
  self.fields = {}
  return fields
end

local function version(word)
  return assert(header_numbers["HTTP_VERSION_" .. word:gsub("%.", "_")])
end

-- What is before the word `last`, and whether it is there.
local function split_last(text)
  local before = text:match("^(.-)%s*last$")
  return before or text, before ~= nil
end

-- The calls of connections that replace the events, and those that do not.
local INPUT = {
  eof = function(p) return p.engine:receive_eof(p.now) end,
  timeout = function(p) return p.engine:timeout(p.now) end,
  accept = function(p, rest) return p.engine:accept(T.bytes(rest), p.now) end,
  reject = function(p, _, word, rest) return p.engine:reject(tonumber(word), T.bytes(rest), p.now) end,
  respond = function(p, _, word, rest)
    local reason, body = T.cut_atom(rest)
    return p.engine:respond(tonumber(word), reason, T.bytes(body), p.now)
  end,
  ["receive-request"] = function(p, rest) return p.engine:receive_request(version(rest), p:take_fields(), p.now) end,
  ["request-fields"] = function(p, rest) return p.engine:request_fields(version(rest), p.now) end,
  ["receive-response"] = function(p, rest)
    return p.engine:receive_response(tonumber(rest), p:take_fields(), p.now)
  end,
}
local OTHER = {
  ["response-header"] = function(p, rest) return p.engine:add_response_header(unpack(T.atoms(rest))) end,
  ["limit-deflate"] = function(p, _, word, rest) return p.engine:limit_deflate(option(word), number(rest)) end,
  text = function(p, rest) return p.engine:send("text", T.bytes(rest)) end,
  binary = function(p, rest) return p.engine:send("binary", T.bytes(rest)) end,
  part = function(p, _, word, rest)
    local data, last = split_last(rest)
    return p.engine:send_part(word, T.bytes(data), last)
  end,
  prepared = function(p, _, word, rest)
    local message, reason, status = sansock.prepared_message(word, T.bytes(rest))
    if not message then
      return nil, reason, status
    end
    return p.engine:send_prepared(message)
  end,
  header = function(p, _, word, rest)
    local size, last = split_last(rest)
    return p.engine:send_header(word, number(size), last)
  end,
  ping = function(p, rest) return p.engine:ping(T.bytes(rest), p.now) end,
  pong = function(p, rest) return p.engine:pong(T.bytes(rest)) end,
  close = function(p, _, word, rest) return p.engine:close(tonumber(word), T.bytes(rest), p.now) end,
  fail = function(p, _, word, rest) return p.engine:fail(tonumber(word), T.bytes(rest), p.now) end,
  pause = function(p) return p.engine:pause(p.now) end,
  resume = function(p) return p.engine:resume(p.now) end,
  time = function(p, rest) p.now = tonumber(rest) return true end,
  field = function(p, rest) p.fields[#p.fields + 1] = T.atoms(rest) return true end,
  hold = function(p) p.held = true return true end,
  drain = function(p) p.held = false return true end,
}

-- Makes the call of a step. Returns how many bytes were left, and the number of the error.
function Player:call(step)
  local left, status = 0, nil
  local word, rest = T.cut_word(step.rest)
  if step.call == "start" then
    local created, _, refused = self:start()
    if not created then
      return 0, refused
    end
    self.engine = created
  elseif step.call == "receive" then
    left = self:receive(T.bytes(step.rest))
  elseif INPUT[step.call] then
    status = self:take(INPUT[step.call](self, step.rest, word, rest))
  else
    local ok, _, refused = OTHER[step.call](self, step.rest, word, rest)
    status = not ok and refused or nil
  end
  while self.engine:has_more() do
    self:pass("")
  end
  return left, status
end

local function error_name(status)
  for name, value in pairs(header_numbers) do
    if name:match("^ERR_") and value == status then
      return name:sub(5)
    end
  end
end

function Player:fault_text()
  local block = self.engine.block
  if block.fault == 0 then
    return ""
  end
  local text = sansock.fault_name(block.fault)
  if block.fault_actual > 0 then
    text = text .. (" actual=%.0f"):format(tonumber(block.fault_actual))
  end
  if block.fault_limit > 0 then
    text = text .. (" limit=%.0f"):format(tonumber(block.fault_limit))
  end
  if block.fault_position ~= 0xffffffffffffffffULL then
    text = text .. (" position=%.0f"):format(tonumber(block.fault_position))
  end
  return text
end

-- Writes what follows the events of a step.
function Player:end_step(left, status)
  local lines = self.transcript
  if status then
    lines[#lines + 1] = "error " .. error_name(status) .. "\n"
  end
  if not self.engine then
    return
  end
  if left > 0 then
    lines[#lines + 1] = "left " .. left .. "\n"
  end
  self:collect_output()
  if not self.held and self.output ~= "" then
    lines[#lines + 1] = "out " .. T.show(self.output) .. "\n"
    self.output = ""
  end
  local deadline = self.engine:next_deadline()
  local values = {
    { "transport", ({ [0] = "open", "shutdown-write", "close" })[self.engine:transport()], true },
    { "deadline", deadline and ("%.0f"):format(deadline) or "never", self:has("show", "deadline") },
    { "writable", self.engine:is_writable() and "yes" or "no", self:has("show", "writable") },
    { "fault", self:fault_text(), self:has("show", "fault") },
  }
  for _, value in ipairs(values) do
    if value[3] and self.shown[value[1]] ~= value[2] then
      self.shown[value[1]] = value[2]
      lines[#lines + 1] = value[1] .. " " .. value[2] .. "\n"
    end
  end
end

-- Plays all steps. Returns whether each has the transcript that is expected.
function Player:play()
  for _, step in ipairs(self.case.steps) do
    self.transcript = {}
    self:end_step(self:call(step))
    local found = table.concat(self.transcript)
    if found ~= step.expected then
      print(("%s:%d: %s (%s)\n> %s %s\nexpected:\n%sfound:\n%s"):format(self.case.file, step.line, self.case.name,
        self.byte_by_byte and "byte by byte" or "whole", step.call, step.rest:sub(1, 160), step.expected, found))
      return false
    end
    if not self.engine then
      return true
    end
  end
  self.engine:free()
  return true
end

compare_with_header(arg[1])
local passed, failed = 0, 0
for i = 2, #arg do
  for _, case in ipairs(T.read_cases(arg[i])) do
    for _, byte_by_byte in ipairs({ false, true }) do
      local player = new_player(case, byte_by_byte)
      if not (byte_by_byte and player:has("whole", "")) then
        local agrees = player:play()
        passed, failed = passed + (agrees and 1 or 0), failed + (agrees and 0 or 1)
      end
    end
  end
end
print(("vectors: %d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and passed > 0 and 0 or 1)
