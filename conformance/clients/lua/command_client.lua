-- The command client (see ../README.md) in Lua: examples/lua/client.lua with every call and every event.
--
--   LUA_PATH='examples/lua/?.lua;;' luajit command_client.lua URL [--subprotocol NAME]... [--echo]

local dial = require("dial")
local Endpoint = require("endpoint")
local Lines = require("lines")
local sansock = require("sansock")
local uv = require("luv")

local N = sansock.numbers
local clean, echo = false, false
local printed = {} -- how many events of each kind no `wait` has used up

local function die(what, why)
  io.stderr:write(what, ": ", why, "\n")
  os.exit(1)
end

local function to_hex(data)
  return (data:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

local function from_hex(digits)
  if #digits % 2 ~= 0 or digits:find("%X") then
    return nil
  end
  return (digits:gsub("..", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

-- Events to output lines ------------------------------------------------------------------------------------------------

local function joined(word, rest)
  return rest == "" and word or word .. " " .. rest
end

local function payload(event)
  return event.payload
end

local function code_and_reason(event)
  return joined(tostring(event.code), event.payload)
end

local DESCRIBE = {
  open = function(event)
    local agreed = sansock.detail(event, "subprotocol")
    return agreed and agreed.payload or ""
  end,
  rejected = function(event)
    return tostring(event.status)
  end,
  text = payload,
  binary = function(event)
    return to_hex(event.payload)
  end,
  ping = payload,
  pong = payload,
  closing = code_and_reason,
  closed = code_and_reason,
}

local function on_event(endpoint, event)
  if event.kind == "closed" then
    clean = event.clean
  end
  if echo and (event.kind == "text" or event.kind == "binary") then
    endpoint.conn:send(event.kind, event.payload) -- refused once our Close is on its way
  elseif DESCRIBE[event.kind] and (not echo or event.kind == "closed") then
    io.stdout:write(joined(event.kind, DESCRIBE[event.kind](event)), "\n")
    io.stdout:flush()
    printed[event.kind] = (printed[event.kind] or 0) + 1
  end
end

-- Input lines to calls --------------------------------------------------------------------------------------------------

local function send_parts(conn, rest)
  local kind, count, data = rest:match("^(%S+) (%d+) (.*)$")
  if not kind then
    return nil, "KIND COUNT DATA is wanted"
  end
  for n = 0, count - 1 do
    local first, last = math.floor(#data * n / count), math.floor(#data * (n + 1) / count)
    local ok, reason = conn:send_part(kind, data:sub(first + 1, last), n == count - 1)
    if not ok then
      return nil, reason
    end
  end
  return true
end

local CALLS = {
  text = function(conn, rest)
    return conn:send("text", rest)
  end,
  binary = function(conn, rest)
    local data = from_hex(rest)
    if not data then
      return nil, "not hexadecimal"
    end
    return conn:send("binary", data)
  end,
  parts = send_parts,
  ping = function(conn, rest)
    return conn:ping(rest, Endpoint.now())
  end,
  pong = function(conn, rest)
    return conn:pong(rest)
  end,
  close = function(conn, rest)
    local code, reason = rest:match("^(%d+) ?(.*)$")
    return conn:close(tonumber(code) or 0, reason or "", Endpoint.now())
  end,
}

-- Carries out one line. Returns false if it must wait.
local function command(conn, line)
  local verb, rest = line:match("^(%S*) ?(.*)$")
  if verb == "wait" then
    if (printed[rest] or 0) == 0 then
      return false
    end
    printed[rest] = printed[rest] - 1
    return true
  end
  if conn:state() == N.STATE_CONNECTING or not conn:is_writable() then
    return false
  end
  local ok, reason = false, "not a command"
  if CALLS[verb] then
    ok, reason = CALLS[verb](conn, rest)
  end
  if not ok then
    io.stderr:write(verb, ": ", reason, "\n")
  end
  return true
end

-- Carries out what has been read, as far as it need not wait.
local function run_commands(endpoint, lines)
  local changed = false
  while not endpoint.ended and lines:next() do
    if not command(endpoint.conn, lines:next()) then
      break
    end
    lines:take()
    changed = true
  end
  if not endpoint.ended and lines.ended and not lines:next() and endpoint.conn:state() == N.STATE_OPEN then
    endpoint.conn:close(1000, "", Endpoint.now())
    changed = true
  end
  if changed then
    endpoint:drive()
  end
end

local function run(conn, socket)
  local endpoint, lines
  local function progress()
    if endpoint and lines then
      run_commands(endpoint, lines)
    end
  end
  endpoint = Endpoint.start(conn, socket, on_event, progress, function()
    if lines then
      lines:close()
    end
    uv.stop()
  end)
  if not echo then
    lines = Lines.open(progress)
  end
end

local function main(url)
  local subprotocols, at = {}, 2
  while arg[at] do
    if arg[at] == "--echo" then
      echo = true
    elseif arg[at] == "--subprotocol" and arg[at + 1] then
      at = at + 1
      subprotocols[#subprotocols + 1] = arg[at]
    else
      die(arg[at], "unknown argument")
    end
    at = at + 1
  end
  dial(url or "", subprotocols, run, function(reason)
    die(url or "usage", reason)
  end)
  uv.run()
  os.exit(clean and 0 or 1)
end

main(arg[1])
