-- One entry of a row's history.
create function nightshift.attempt(p_at timestamptz, p_fate text, p_why text, p_run uuid, p_ms int) returns jsonb
language sql stable as $$
    select jsonb_strip_nulls(jsonb_build_object('at', p_at, 'fate', p_fate, 'why', p_why, 'run', p_run, 'ms', p_ms))
$$;

-- The wait after the n-th attempt, with ten per cent of jitter either way so that failed batches do not come back as one.
create function nightshift.retry_delay(p_queue text, p_attempts int, p_delays interval[] default null) returns interval
language sql volatile as $$
    select delays.d[least(greatest(p_attempts, 1), cardinality(delays.d))] * (0.9 + 0.2 * random())
    from (select coalesce(p_delays, (select retry_delays from queues where name = p_queue)) as d) delays
$$;

-- How many rows of a queue may be claimed now: none while paused or broken, one as the probe of a broken one.
create function nightshift.admit(p_queue text, p_limit int, p_now timestamptz default now()) returns int
language plpgsql as $$
declare
    q queues;
begin
    select * into q from queues where name = p_queue;
    if q.paused_at is not null then
        return 0;
    elsif q.opened_at is null then
        return p_limit;
    end if;
    update queues
    set probe_wait = least(probe_wait * 1.5, interval '60 seconds'), probe_at = p_now + probe_wait
    where name = p_queue and opened_at is not null and probe_at <= p_now;
    return case when found then least(1, p_limit) else 0 end;
end
$$;

-- Keep the breaker's books after a settle: p_up sends were answered, p_down were not. Answers whether the queue is open
-- for more. Five failures more than successes in a row break it; one success mends it.
create function nightshift.note_health(p_queue text, p_up int, p_down int, p_error text, p_now timestamptz default now())
returns boolean
language plpgsql as $$
declare
    q queues;
begin
    select * into q from queues where name = p_queue;
    if p_down > p_up then
        update queues h
        set failures = h.failures + p_down - p_up, last_error = p_error,
            opened_at = coalesce(h.opened_at, case when h.failures + p_down - p_up >= 5 then p_now end),
            probe_at = coalesce(h.probe_at, case when h.failures + p_down - p_up >= 5 then p_now + h.probe_wait end)
        where name = p_queue
        returning * into q;
    -- A busy queue succeeds thousands of times a second: once a second is enough to know that its way out is alive.
    elsif p_up > 0 and (q.failures > 0 or q.opened_at is not null
            or q.last_success_at is null or q.last_success_at < p_now - interval '1 second') then
        update queues
        set failures = 0, opened_at = null, probe_at = null, probe_wait = default, last_success_at = p_now
        where name = p_queue
        returning * into q;
    end if;
    return q.opened_at is null and q.paused_at is null;
end
$$;
