{# Both ways: counting the breaker's openings, or as it was before. #}
create or replace function nightshift.note_health(p_queue text, p_up int, p_down int, p_error text, p_now timestamptz default now())
returns boolean
language plpgsql as $$
declare
    q queues;
begin
    select * into q from queues where name = p_queue;
    if p_down > p_up then
        update queues h
        set failures = h.failures + p_down - p_up, last_error = p_error,
{% if counted %}
            openings = h.openings + (h.opened_at is null and h.failures + p_down - p_up >= 5)::int,
{% endif %}
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
