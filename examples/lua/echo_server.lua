-- A WebSocket echo server over libuv: one thread, any number of connections.
--
--   luajit echo_server.lua PORT        (0: any free port)
--
-- With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.

package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path

local Endpoint = require("endpoint")
local sansock = require("sansock")
local uv = require("luv")

local N, now = sansock.numbers, Endpoint.now

local function configure()
  local config = assert(sansock.config("server"))
  assert(config:set_text(N.TEXT_SUBPROTOCOL, "chat"))
  assert(config:set_text(N.TEXT_SUBPROTOCOL, "echo"))
  if os.getenv("DEFLATE") == "1" then
    assert(config:set(N.OPTION_DEFLATE, 1))
  end
  if os.getenv("HTTP") == "1" then
    assert(config:set(N.OPTION_DELIVER_HTTP, 1))
  end
  return config
end

-- Plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page, a health check.
local function answer_page(conn, request)
  local status, body = 200, "ok\n"
  local method = sansock.detail(request, "method") -- nil: GET
  conn:add_response_header("Content-Type", "text/plain")
  if method and method.payload ~= "HEAD" then
    status, body = 405, "only GET and HEAD\n"
    conn:add_response_header("Allow", "GET, HEAD")
  elseif request.payload ~= "/health" then
    status, body = 404, "no such page\n"
  end
  return conn:respond(status, "", body, now())
end

-- Accepts a request, unless it comes from a page of another site. A server may also look at its target and headers.
local function answer(conn, request)
  if request.fault then
    return answer_page(conn, request)
  elseif not request.same_origin then
    return conn:reject(403, "", now())
  end
  return conn:accept("", now())
end

local function echo(endpoint, event)
  if event.kind == "request" then
    return answer(endpoint.conn, event)
  elseif event.kind == "text" or event.kind == "binary" then
    local sent, _, status = endpoint.conn:send(event.kind, event.payload)
    if not sent and status ~= N.ERR_INVALID_STATE then -- this one: Close was sent
      endpoint.conn:fail(1011, "", now())
    end
  end
end

local endpoints = {}

local function serve(config, socket)
  local conn = config:connection(nil, now())
  if not conn then
    socket:close()
    return
  end
  local endpoint = Endpoint.start(conn, socket, echo, nil, function(ended)
    endpoints[ended] = nil
  end)
  endpoints[endpoint] = not endpoint.ended or nil
end

local function main(port)
  local config = configure()
  local listener = uv.new_tcp()
  assert(listener:bind("127.0.0.1", port))
  assert(listener:listen(1024, function(fault)
    local socket = uv.new_tcp()
    if not fault and listener:accept(socket) then
      serve(config, socket)
    else
      socket:close()
    end
  end))
  for _, name in ipairs({ "sigterm", "sigint" }) do
    uv.new_signal():start(name, uv.stop)
  end
  print("listening on ws://127.0.0.1:" .. listener:getsockname().port)
  io.stdout:flush()
  uv.run()
  for endpoint in pairs(endpoints) do
    endpoint:finish()
  end
  config:free()
end

if #arg ~= 1 or not tonumber(arg[1]) then
  io.stderr:write("usage: luajit echo_server.lua PORT\n")
  os.exit(2)
end
main(tonumber(arg[1]))
