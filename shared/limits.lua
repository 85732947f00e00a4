-- Reserve permits for several rows over several limits at once; the twin of nightshift.reserve_permits.
-- ARGV: patience (microseconds), then per demand: row, index into KEYS, permits, window (microseconds), rows ascending.
-- Each limit keeps its newest grants in a sorted set, and perhaps a time before which nothing is granted.
-- Answers the wait of each row in microseconds; more than the patience means that nothing was taken.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local patience = tonumber(ARGV[1])
local waits = {}
local at = 2
while at <= #ARGV do
    local row, first, earliest = ARGV[at], at, now
    while ARGV[at] == row do
        local key, permits, window = KEYS[tonumber(ARGV[at + 1])], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
        local held = tonumber(redis.call('GET', key .. ':held') or 0)
        local oldest = redis.call('ZREVRANGE', key, permits - 1, permits - 1, 'WITHSCORES')
        if held > earliest then earliest = held end
        if oldest[2] and tonumber(oldest[2]) + window > earliest then earliest = tonumber(oldest[2]) + window end
        at = at + 4
    end
    if earliest - now <= patience then
        for demand = first, at - 1, 4 do
            local key, permits, window = KEYS[tonumber(ARGV[demand + 1])], tonumber(ARGV[demand + 2]), tonumber(ARGV[demand + 3])
            local number = redis.call('INCR', key .. ':number')
            redis.call('ZADD', key, string.format('%.0f', earliest), number)
            redis.call('ZREMRANGEBYRANK', key, 0, -permits - 1)
            -- As long as the newest grant counts, which need not be this one.
            local newest = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
            local life = math.ceil((tonumber(newest[2]) - now + window) / 1000) + 1000
            redis.call('PEXPIRE', key, life)
            redis.call('PEXPIRE', key .. ':number', life)
        end
    end
    waits[#waits + 1] = string.format('%.0f', earliest - now)
end
return waits
