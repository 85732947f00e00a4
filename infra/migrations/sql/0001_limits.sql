-- Reserve permits for several rows over several limits in one call, exactly: no window of any limit ever holds more
-- grants than it permits. For each row (p_row ascending) the earliest time that suits all its keys is found; if that is
-- within p_patience it is granted (and recorded) then, else nothing is recorded for the row.
-- Answers the seconds to wait, per row; more than p_patience means "not granted, ask again after that".
create function nightshift.reserve_permits(
    p_row int[], p_key text[], p_permits int[], p_window interval[], p_patience interval
) returns table (row_no int, wait double precision)
language plpgsql as $$
declare
    v_now timestamptz;
    v_row int;
    v_at timestamptz;
begin
    insert into rate_limit_counters as c (key, expires_at)
    select k.key, clock_timestamp() + max(k.span)
    from unnest(p_key, p_window) as k(key, span)
    group by k.key order by k.key
    on conflict (key) do nothing;
    -- Locked in one order by everybody, so that concurrent reservations queue up and never deadlock.
    perform from rate_limit_counters c where c.key = any(p_key) order by c.key for update;
    v_now := clock_timestamp();

    foreach v_row in array (select array_agg(distinct r order by r) from unnest(p_row) as r) loop
        select greatest(v_now, max(c.held_until), max(
            case when cardinality(c.granted) >= k.permits
                 then c.granted[cardinality(c.granted) - k.permits + 1] + k.span end))
        into v_at
        from unnest(p_row, p_key, p_permits, p_window) as k(row_no, key, permits, span)
        join rate_limit_counters c on c.key = k.key
        where k.row_no = v_row;

        row_no := v_row;
        wait := extract(epoch from v_at - v_now);
        if v_at <= v_now + p_patience then
            update rate_limit_counters c
            set granted = (select array_agg(g order by g) from (
                    select g from unnest(c.granted || v_at) as g order by g desc limit k.permits) newest),
                expires_at = greatest(c.expires_at, v_at + k.span)
            from unnest(p_row, p_key, p_permits, p_window) as k(row_no, key, permits, span)
            where k.row_no = v_row and c.key = k.key;
        end if;
        return next;
    end loop;
end
$$;

-- A provider named a time: nobody gets a permit of this key before it.
create function nightshift.hold_permits(p_key text, p_until timestamptz) returns void
language sql as $$
    insert into rate_limit_counters as c (key, held_until, expires_at) values (p_key, p_until, p_until)
    on conflict (key) do update
    set held_until = greatest(c.held_until, excluded.held_until),
        expires_at = greatest(c.expires_at, excluded.expires_at)
$$;
