-- One limit while permits are reserved: its grants, oldest first, and how many more its window has room for.
create type nightshift.limit_state as (
    key text, span interval, grain interval, held_until timestamptz,
    granted timestamptz[], numbers int[], free int, changed boolean
);

-- When a row may be deleted: in whole minutes, so that most updates leave the index of it alone.
create function nightshift.limit_expiry(p_at timestamptz) returns timestamptz
language sql immutable as $$
    select date_bin('1 minute', p_at, 'epoch') + interval '1 minute'
$$;

-- A limit without what has left its window, and without the oldest grants where it permits fewer than it did.
create function nightshift.limit_now(p_limit nightshift.limit_state, p_now timestamptz) returns nightshift.limit_state
language plpgsql as $$
begin
    while p_limit.granted[1] + p_limit.span <= p_now or p_limit.free + p_limit.numbers[1] <= 0 loop
        p_limit.free := p_limit.free + p_limit.numbers[1];
        p_limit.granted := p_limit.granted[2:];
        p_limit.numbers := p_limit.numbers[2:];
    end loop;
    if p_limit.free < 0 then
        p_limit.numbers[1] := p_limit.numbers[1] + p_limit.free;
        p_limit.free := 0;
    end if;
    return p_limit;
end
$$;

-- A limit with one more grant, which need not be the newest; the oldest one is forgotten if there are too many.
create function nightshift.limit_granted(p_limit nightshift.limit_state, p_at timestamptz)
returns nightshift.limit_state language plpgsql as $$
declare
    v_at constant timestamptz := date_bin(p_limit.grain, p_at + p_limit.grain - interval '1 microsecond', 'epoch');
    v_entry int := cardinality(p_limit.granted);
begin
    while p_limit.granted[v_entry] > v_at loop
        v_entry := v_entry - 1;
    end loop;
    if p_limit.granted[v_entry] = v_at then
        p_limit.numbers[v_entry] := p_limit.numbers[v_entry] + 1;
    else
        p_limit.granted := p_limit.granted[:v_entry] || v_at || p_limit.granted[v_entry + 1:];
        p_limit.numbers := p_limit.numbers[:v_entry] || 1 || p_limit.numbers[v_entry + 1:];
    end if;
    p_limit.changed := true;
    if p_limit.free > 0 then
        p_limit.free := p_limit.free - 1;
    elsif p_limit.numbers[1] > 1 then
        p_limit.numbers[1] := p_limit.numbers[1] - 1;
    else
        p_limit.granted := p_limit.granted[2:];
        p_limit.numbers := p_limit.numbers[2:];
    end if;
    return p_limit;
end
$$;

-- Reserve permits for several rows over several limits in one call, exactly; the twin of shared/limits.lua.
-- p_wanted: the patience; of each limit its key, permits, window and grain; of each row its limits, by their places.
-- All times in microseconds. For each row the earliest time that suits all its limits is found; if that is within the
-- patience it is granted (and recorded) then, else nothing is recorded for the row.
-- Answers the wait of each row; more than the patience means "not granted, ask again after that".
create function nightshift.reserve_permits(p_wanted jsonb) returns bigint[]
language plpgsql
-- Always by the keys: the table may have grown from nothing to millions since it was last analyzed.
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    c_patience constant interval := (p_wanted ->> 'patience')::bigint * interval '1 microsecond';
    v_limits nightshift.limit_state[];
    v_now timestamptz;
    v_waits bigint[];
    v_row int[];
    v_place int;
    v_at timestamptz;
begin
    -- Locked in one order by everybody, so that concurrent reservations queue up and never deadlock.
    insert into rate_limit_counters as c (key, expires_at)
    select k.key, nightshift.limit_expiry(clock_timestamp() + k.span::bigint * interval '1 microsecond')
    from rows from (
        jsonb_array_elements_text(p_wanted -> 'keys'), jsonb_array_elements_text(p_wanted -> 'windows')
    ) as k(key, span)
    order by k.key collate "C"
    on conflict (key) do update set key = c.key where false;
    v_now := clock_timestamp();

    select array_agg(nightshift.limit_now(row(
        k.key, k.span::bigint * interval '1 microsecond', k.grain::bigint * interval '1 microsecond', c.held_until,
        c.granted, c.numbers, k.permits::int - (select coalesce(sum(n), 0)::int from unnest(c.numbers) n), false
    ), v_now) order by k.place)
    into v_limits
    from rows from (
        jsonb_array_elements_text(p_wanted -> 'keys'), jsonb_array_elements_text(p_wanted -> 'permits'),
        jsonb_array_elements_text(p_wanted -> 'windows'), jsonb_array_elements_text(p_wanted -> 'grains')
    ) with ordinality as k(key, permits, span, grain, place)
    join rate_limit_counters c on c.key = k.key;

    for v_row in select translate(r::text, '[]', '{}')::int[] from jsonb_array_elements(p_wanted -> 'rows') r loop
        v_at := v_now;
        foreach v_place in array v_row loop
            v_at := greatest(v_at, v_limits[v_place].held_until);
            if v_limits[v_place].free = 0 then
                v_at := greatest(v_at, v_limits[v_place].granted[1] + v_limits[v_place].span);
            end if;
        end loop;
        v_waits := v_waits || (extract(epoch from v_at - v_now) * 1000000)::bigint;
        continue when v_at > v_now + c_patience;
        foreach v_place in array v_row loop
            v_limits[v_place] := nightshift.limit_granted(v_limits[v_place], v_at);
        end loop;
    end loop;

    update rate_limit_counters c
    set granted = k.granted, numbers = k.numbers,
        expires_at = greatest(c.expires_at, nightshift.limit_expiry(k.granted[cardinality(k.granted)] + k.span))
    from unnest(v_limits) k
    where c.key = k.key and k.changed;
    return v_waits;
end
$$;
