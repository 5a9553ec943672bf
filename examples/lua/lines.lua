--- The lines of standard input, of any length, for a program that must not block on them.

local uv = require("luv")

local Lines = {}
Lines.__index = Lines

local READ_SIZE = 65536

--- Reads from now on. `on_lines` is called when there are new ones, and at the end.
function Lines.open(on_lines)
  local self = setmetatable({ on_lines = on_lines, lines = {}, first = 1, last = 0, start = {}, ended = false }, Lines)
  if uv.guess_handle(0) == "file" then
    self.is_file = true
  elseif uv.guess_handle(0) == "tty" then
    self.stream = uv.new_tty(0, true)
  else
    self.stream = uv.new_pipe(false)
    self.stream:open(0)
  end
  self:read()
  return self
end

--- The next line, without its end, or nil. It stays the next one until `take`.
function Lines:next()
  return self.lines[self.first]
end

--- Drops the next line. When there is no other, it reads on.
function Lines:take()
  self.lines[self.first] = nil
  self.first = self.first + 1
  if not self:next() then
    self:read()
  end
end

--- Stops reading for good.
function Lines:close()
  self.ended = true
  if self.stream and not self.stream:is_closing() then
    self.stream:close()
  end
end

function Lines:read()
  if self.reading or self.ended then
    return
  end
  self.reading = true
  local function on_read(fault, data)
    if not self.ended then
      self:add(not fault and data or "")
    end
  end
  if self.is_file then
    uv.fs_read(0, READ_SIZE, -1, on_read)
  else
    self.stream:read_start(on_read)
  end
end

function Lines:push(line)
  self.last = self.last + 1
  self.lines[self.last] = line
end

-- Adds what was read, nothing at the end, and stops reading as long as a line waits.
function Lines:add(data)
  local at, newline = 1, data:find("\n", 1, true)
  while newline do
    self.start[#self.start + 1] = data:sub(at, newline - 1)
    self:push(table.concat(self.start))
    self.start, at = {}, newline + 1
    newline = data:find("\n", at, true)
  end
  self.start[#self.start + 1] = data:sub(at)
  if data == "" then
    local rest = table.concat(self.start)
    if rest ~= "" then
      self:push(rest)
    end
    self:close()
  end
  if self.is_file then
    self.reading = false
    if not self:next() then
      self:read()
    end
  elseif self:next() and not self.ended then
    self.reading = false
    self.stream:read_stop()
  end
  self.on_lines()
end

return Lines
