-- Handles: what is freed, when, and what calls on it say; and which calls are refused.

local folder = arg[0]:match("^(.*/)") or "./"
package.path = folder .. "../?.lua;" .. package.path

local ffi = require("ffi")
local sansock = require("sansock")
local N = sansock.numbers

local checks = 0

local function expect(wanted, found)
  checks = checks + 1
  if wanted ~= found then
    error(("expected %s, found %s"):format(tostring(wanted), tostring(found)), 2)
  end
end

-- The number of the error with which a call was refused.
local function refusal(result, _, status)
  expect(nil, result)
  return status
end

local START_OPEN, ERR_BAD_HANDLE = 1, -6

local function open(role)
  local config = assert(sansock.config(role))
  assert(config:set(START_OPEN, 1))
  local conn = assert(config:connection(ffi.new("uint8_t[32]"), 0))
  config:free()
  return conn
end

-- Calls on what was freed are refused.
local conn = open("client")
conn:free()
conn:free()
expect(ERR_BAD_HANDLE, refusal(conn:send("text", "late")))
expect(ERR_BAD_HANDLE, refusal(conn:receive("late", 0)))

-- Refused calls say why.
local config = assert(sansock.config("client"))
expect(N.ERR_INVALID_ARGUMENT, refusal(config:set(9999, 1)))
expect(N.ERR_INVALID_ARGUMENT, refusal(config:set_text(N.TEXT_URL, "http://localhost/")))
expect(N.ERR_INVALID_ARGUMENT, refusal(config:connection(nil, 0))) -- without a URL
expect(nil, (sansock.parse_url("localhost")))
expect(N.ERR_INVALID_STATE, refusal(open("server"):accept("", 0)))
expect(false, (pcall(sansock.config, "proxy")))

-- Events are copies: they outlive the next input call, also of another connection, and the connection.
local one, other = open("server"), open("server")
local first = one:receive("\130\131\1\2\3\4\96\96\96", 0)[1]
local second = other:receive("\130\131\0\0\0\0xyz", 0)[1]
one:free()
expect("abc", first.payload)
expect("xyz", second.payload)

-- The collector frees what the program does not.
local function count_after(rounds)
  for _ = 1, rounds do
    open("client"):send("text", ("x"):rep(1000))
  end
  collectgarbage()
  collectgarbage()
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("*n", "*n") and file:seek("set") and select(2, file:read("*n", "*n"))
  file:close()
  return pages
end

if io.open("/proc/self/statm") then
  count_after(2000)
  local before = count_after(2000)
  expect(true, count_after(8000) - before < 1000) -- pages; 8,000 connections that stay have more than 8 MB of output
end
print(("lifetime: %d checks hold"):format(checks))
