-- A WebSocket client for the terminal, over libuv.
--
--   luajit client.lua URL
--
-- Each line of input is sent as a text message, each message received is printed as a line (binary in hexadecimal), and the
-- end of the input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only if the
-- connection was closed cleanly. With DEFLATE=1 in the environment it offers compression.

package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path

local dial = require("dial")
local Endpoint = require("endpoint")
local Lines = require("lines")
local sansock = require("sansock")
local uv = require("luv")

local N = sansock.numbers
local clean = false

local function show(line)
  io.stdout:write(line, "\n")
  io.stdout:flush()
end

local function on_event(_, event)
  if event.kind == "text" then
    show(event.payload)
  elseif event.kind == "binary" then
    show((event.payload:gsub(".", function(byte)
      return ("%02x"):format(byte:byte())
    end)))
  elseif event.kind == "rejected" then
    io.stderr:write("rejected with status ", event.status, "\n")
  elseif event.kind == "closed" then
    clean = event.clean
    show("closed " .. event.code .. (event.payload ~= "" and " " .. event.payload or ""))
  end
end

-- Sends what has been read, as far as the connection takes it; at the end of the input it closes.
local function send_lines(endpoint, lines)
  local conn, sent = endpoint.conn, false
  while not endpoint.ended and conn:state() == N.STATE_OPEN and conn:is_writable() do
    local line = lines:next()
    if line then
      local ok, reason = conn:send("text", line)
      if not ok then
        io.stderr:write("error: ", reason, "\n")
      end
      lines:take()
    elseif lines.ended then
      conn:close(1000, "", Endpoint.now())
    else
      break
    end
    sent = true
  end
  if sent then
    endpoint:drive()
  end
end

local function run(conn, socket)
  local endpoint, lines
  local function progress()
    if endpoint and lines then
      send_lines(endpoint, lines)
    end
  end
  endpoint = Endpoint.start(conn, socket, on_event, progress, function()
    if lines then
      lines:close()
    end
    uv.stop()
  end)
  lines = Lines.open(progress)
end

if #arg ~= 1 then
  io.stderr:write("usage: luajit client.lua URL\n")
  os.exit(2)
end
dial(arg[1], {}, run, function(reason)
  io.stderr:write(arg[1], ": ", reason, "\n")
end)
uv.run()
os.exit(clean and 0 or 1)
