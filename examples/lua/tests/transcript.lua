-- Events as lines of a transcript (core/vectors/README.md).

local show = require("vector_text").show

local function part(e)
  if e.first and e.last then
    return ""
  end
  return e.first and " first" or e.last and " last" or " middle"
end

local function word(on, text)
  return on and " " .. text or ""
end

local BEFORE = {
  rejected = function(e) return " " .. e.status end,
  head = function(e) return " " .. e.status end,
  closing = function(e) return " " .. e.code end,
  closed = function(e) return " " .. e.code end,
  fault = function(e) return " " .. e.fault .. " " .. e.code end,
  header = function(e) return " " .. show(e.name) end,
  frame = function(e) return " " .. e.type end,
}
local AFTER = {
  request = function(e) return " origin=" .. e.origin_relation .. word(e.fault, "fault=" .. tostring(e.fault)) end,
  rejected = function(e) return word(e.truncated, "truncated") end,
  text = part,
  binary = part,
  frame = function(e)
    return part(e) .. word(e.frame_end, "end") .. word(e.compressed, "compressed") .. (" of=%.0f"):format(e.frame_len)
  end,
  pong = function(e) return word(e.round_trip, ("rtt=%.0f"):format(e.round_trip or 0)) end,
  subprotocol = function(e) return word(e.chosen, "chosen") end,
  closed = function(e)
    return (e.clean and " clean" or " unclean")
      .. (e.by_peer and " by-peer" or " by-us")
      .. word(e.sent ~= 0, "sent=" .. e.sent)
      .. word(e.fault, "fault=" .. tostring(e.fault))
  end,
}
local WITHOUT_PAYLOAD = { open = true, fault = true }

--- The lines of an event and its details.
local function describe(e)
  local line = e.kind .. (BEFORE[e.kind] and BEFORE[e.kind](e) or "")
  if not WITHOUT_PAYLOAD[e.kind] then
    line = line .. " " .. show(e.payload)
  end
  local lines = { line .. (AFTER[e.kind] and AFTER[e.kind](e) or "") .. "\n" }
  for _, detail in ipairs(e.details or {}) do
    lines[#lines + 1] = describe(detail)
  end
  return table.concat(lines)
end

return describe
