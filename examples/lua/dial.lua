--- Connects to a ws: URL, as the clients do.

local Endpoint = require("endpoint")
local sansock = require("sansock")
local uv = require("luv")

local N = sansock.numbers

local function configure(url, subprotocols)
  local config = assert(sansock.config("client"))
  assert(config:set_text(N.TEXT_URL, url))
  for _, name in ipairs(subprotocols) do
    assert(config:set_text(N.TEXT_SUBPROTOCOL, name))
  end
  assert(config:set(N.OPTION_RECEIVE_WHILE_CLOSING, 1)) -- for the echoes of what was sent before our Close
  if os.getenv("DEFLATE") == "1" then
    assert(config:set(N.OPTION_DEFLATE, 1))
  end
  return config
end

--- Calls `on_connected(conn, socket)` with a connection and a socket, or `on_fault(reason)`.
local function dial(url, subprotocols, on_connected, on_fault)
  local host, port, secure = sansock.parse_url(url)
  if not host or secure then
    return on_fault(host and "wss: needs TLS, which this example leaves out" or port)
  end
  local conn = assert(configure(url, subprotocols):connection(nil, Endpoint.now()))
  uv.getaddrinfo(host, nil, { socktype = "stream" }, function(fault, addresses)
    if fault then
      return on_fault(fault)
    end
    local function try(n)
      local socket = uv.new_tcp()
      socket:connect(addresses[n].addr, port, function(refused)
        if not refused then
          return on_connected(conn, socket)
        end
        socket:close()
        if addresses[n + 1] then
          return try(n + 1)
        end
        return on_fault(refused)
      end)
    end
    try(1)
  end)
end

return dial
