import { COMMON } from "./session-scripts.ts";

/**
 * Part of a list in one of its orders. A place is a figure and a key, and need not be there (any more): it is found by halving.
 * ARGV: list, descending, has a place, figure, key, most, namespace. Returns where it goes on, then the sessions.
 */
export const PART = `${COMMON}
local function compare(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y and -1 or 1 end
  end
  return #a - #b
end
local z, desc, most, at = ARGV[1], ARGV[2] == '1', tonumber(ARGV[6]), now()
local first = 0
local last = most - 1
if ARGV[3] == '1' or desc then
  local low, high = 0, redis.call('ZCARD', z)
  if ARGV[3] == '1' then
    low = redis.call('ZCOUNT', z, '-inf', '(' .. ARGV[4])
    high = low + redis.call('ZCOUNT', z, ARGV[4], ARGV[4])
    while low < high do
      local middle = math.floor((low + high) / 2)
      local order = compare(redis.call('ZRANGE', z, middle, middle)[1], ARGV[5])
      if order < 0 or (order == 0 and not desc) then low = middle + 1 else high = middle end
    end
  end
  if desc then first, last = high - most, high - 1 else first, last = low, low + most - 1 end
end
if last < 0 then return {at, 0} end
local reply, seen = {at, 1}, redis.call('ZRANGE', z, math.max(first, 0), last, 'WITHSCORES')
local from, to, step = 1, #seen - 1, 2
if desc then from, to, step = #seen - 1, 1, -2 end
for i = from, to, step do
  local s = session(seen[i])
  if not s then
    forgetPlaces(ARGV[7], seen[i])
    redis.call('ZREM', z, seen[i])
  end
  reply[#reply + 1] = {seen[i], seen[i + 1], s and expiry(s) > at and fields(s) or false}
end
if #seen / 2 < most then reply[2] = 0 end
return reply
`;

/** ARGV: namespace, prefix, has a place, member, most. */
export const WITH_PREFIX = `${COMMON}
local at, most = now(), tonumber(ARGV[5])
local from = ARGV[3] == '1' and '(' .. ARGV[4] or '[' .. ARGV[2]
local seen = redis.call('ZRANGEBYLEX', 'headroom:ids:' .. ARGV[1], from, '(' .. ARGV[2] .. '\\255', 'LIMIT', 0, most)
local reply = {at, #seen == most and seen[#seen] or ''}
for _, member in ipairs(seen) do
  local key = member:sub(-43)
  local s = session(key)
  if not s then
    redis.call('ZREM', 'headroom:ids:' .. ARGV[1], member)
    forgetPlaces(ARGV[1], key)
  elseif expiry(s) > at then reply[#reply + 1] = {key, fields(s)} end
end
return reply
`;
