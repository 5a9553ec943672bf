-- The text of the conformance vectors (core/vectors/README.md).

local bit = require("bit")
local M = {}

function M.cut_word(line)
  local word, rest = line:match("^(%S+)%s*(.*)$")
  return word or "", rest or ""
end

--- The cases of a file: name, settings (a list of pairs), steps (line, call, rest, expected).
function M.read_cases(path)
  local cases, case, number = {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    line = line:match("^%s*(.-)%s*$")
    local word, rest = M.cut_word(line)
    local for_people = line == "" or line:sub(1, 1) == "#"
    if word == "case" then
      case = { file = path:match("[^/]*$"), name = rest, settings = {}, steps = {} }
      cases[#cases + 1] = case
    elseif word == ">" then
      local call, arguments = M.cut_word(rest)
      case.steps[#case.steps + 1] = { line = number, call = call, rest = arguments, expected = "" }
    elseif case and #case.steps == 0 and not for_people then
      case.settings[#case.settings + 1] = { word, rest }
    elseif not for_people then
      local step = case.steps[#case.steps]
      step.expected = step.expected .. line .. "\n"
    end
  end
  return cases
end

local ESCAPED = { r = "\r", n = "\n", t = "\t", ['"'] = '"', ["\\"] = "\\" }

-- Where the string that begins with a text ends.
local function quoted(text)
  local pieces, at = {}, 2
  while text:sub(at, at) ~= '"' do
    local plain = text:match('^[^"\\]+', at)
    local digits = text:match("^\\x(%x%x)", at)
    if plain then
      pieces[#pieces + 1], at = plain, at + #plain
    elseif digits then
      pieces[#pieces + 1], at = string.char(tonumber(digits, 16)), at + 4
    else
      pieces[#pieces + 1], at = assert(ESCAPED[text:sub(at + 1, at + 1)], "not a string: " .. text), at + 2
    end
  end
  return table.concat(pieces), at + 1
end

--- The first atom of a text, and what follows it.
function M.cut_atom(text)
  local atom, at
  if text:sub(1, 1) == '"' then
    atom, at = quoted(text)
  else
    local digits = assert(text:match("^%x+"), "not an atom: " .. text)
    atom, at = M.from_hex(digits), #digits + 1
  end
  local times = text:match("^%*(%d+)", at)
  if times then
    atom, at = atom:rep(tonumber(times)), at + 1 + #times
  end
  return atom, text:sub(at):match("^%s*(.*)$")
end

function M.from_hex(digits)
  return (digits:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

function M.atoms(text)
  local found = {}
  while text ~= "" do
    found[#found + 1], text = M.cut_atom(text)
  end
  return found
end

function M.bytes(text)
  return table.concat(M.atoms(text))
end

-- a * b modulo 2^32: a double holds no product of two such numbers.
local function multiply(a, b)
  local low, high = a % 65536, math.floor(a / 65536)
  return (low * b + (high * b % 65536) * 65536) % 4294967296
end

local function fnv1a(data)
  local hash = 0x811c9dc5
  for i = 1, #data do
    hash = multiply(bit.bxor(hash, data:byte(i)) % 4294967296, 0x01000193)
  end
  return hash
end

local SHOWN = { ["\r"] = "\\r", ["\n"] = "\\n", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

--- Bytes as a transcript shows them.
function M.show(data)
  if #data > 512 then
    return ("bytes %d fnv1a=%08x"):format(#data, fnv1a(data))
  end
  return '"' .. data:gsub('[%c"\\\127-\255]', function(byte)
    return SHOWN[byte] or ("\\x%02x"):format(byte:byte())
  end) .. '"'
end

return M
