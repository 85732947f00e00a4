-- Reserve permits for several rows over several limits at once; the twin of nightshift.reserve_permits.
-- KEYS: the limits. ARGV: JSON of the patience; of each limit its permits, its window and its grain; of each row its
-- limits, by their places in KEYS. All times in microseconds.
-- A key holds a time before which nothing is granted, then pairs of a time and how many grants it had, oldest first: as
-- many of the newest as are permitted. So each key is read once and written once, however many rows ask for it.
-- Answers the wait of each row; more than the patience means that nothing was taken.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wanted = cjson.decode(ARGV[1])
local limits = {}

-- A limit with the grants that still count, from the place `oldest` on; where they are all that is permitted, the next
-- one has to wait for the oldest of them.
local function load(index, packed)
    local kept = packed and cmsgpack.unpack(packed) or {0}
    local permits, window = wanted.permits[index], wanted.windows[index]
    local oldest, total = #kept + 1, 0
    while oldest > 2 and total < permits and kept[oldest - 2] + window > now do
        oldest = oldest - 2
        total = total + kept[oldest + 1]
    end
    if total > permits then kept[oldest + 1] = kept[oldest + 1] - (total - permits) end
    return {
        kept = kept, oldest = oldest, free = math.max(permits - total, 0), window = window, grain = wanted.grains[index]
    }
end

-- Enter a grant, which need not be the newest, and forget the oldest one if there are too many.
local function enter(limit, at)
    local kept = limit.kept
    local place = #kept - 1
    at = math.ceil(at / limit.grain) * limit.grain
    while place >= limit.oldest and kept[place] > at do place = place - 2 end
    if place >= limit.oldest and kept[place] == at then
        kept[place + 1] = kept[place + 1] + 1
    else
        table.insert(kept, place + 2, at)
        table.insert(kept, place + 3, 1)
    end
    limit.changed = true
    if limit.free > 0 then
        limit.free = limit.free - 1
    else
        kept[limit.oldest + 1] = kept[limit.oldest + 1] - 1
        if kept[limit.oldest + 1] == 0 then limit.oldest = limit.oldest + 2 end
    end
end

local function reserve(row)
    local earliest = now
    for _, index in ipairs(row) do
        local limit = limits[index]
        local free = limit.free > 0 and 0 or limit.kept[limit.oldest] + limit.window
        earliest = math.max(earliest, limit.kept[1], free)
    end
    if earliest - now <= wanted.patience then
        for _, index in ipairs(row) do enter(limits[index], earliest) end
    end
    return earliest - now
end

-- Kept as long as the newest grant counts, or the hold.
local function save(key, limit)
    local kept = limit.kept
    local ends = math.max(kept[#kept - 1] + limit.window, kept[1])
    if limit.oldest > 2 then kept = {kept[1], unpack(kept, limit.oldest)} end
    redis.call('SET', key, cmsgpack.pack(kept), 'PXAT', math.ceil(ends / 1000) + 1000)
end

for index, packed in ipairs(redis.call('MGET', unpack(KEYS))) do limits[index] = load(index, packed) end
local waits = {}
for number, row in ipairs(wanted.rows) do waits[number] = reserve(row) end
for index, limit in ipairs(limits) do
    if limit.changed then save(KEYS[index], limit) end
end
return cjson.encode(waits)
