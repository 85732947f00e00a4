-- Lease up to p_limit due rows of {{ queue.table }} in order of their due time, and open the run's history row if
-- there are any (p_job not null). Commits before anything is sent: it is called by itself.
create function nightshift.claim_{{ queue.table }}(
    p_limit int, p_token uuid, p_lease interval,
    p_run uuid default null, p_job text default null, p_trigger text default 'schedule', p_now timestamptz default now()
) returns setof {{ queue.table }}
language plpgsql as $$
declare
    v_limit int;
    v_window int;
    v_rounds int := 0;
    v_heads uuid[] := '{}';
    v_found uuid[];
    v_spent uuid[];
{% if queue.too_late %}
    v_late uuid[];
{% endif %}
{% if queue.lane %}
    v_blocked uuid[];
    v_parked int := 0;
{% endif %}
begin
    -- In the index's order: without it the planner may look for a due row among all the finished ones.
    perform from {{ queue.table }} where wake_at <= p_now order by wake_at, id limit 1;
    if not found then
        return;
    end if;
    v_limit := nightshift.admit('{{ queue.table }}', p_limit, p_now);

    -- A claim stays short: of very many rows that only want to be put aside, the next ones put aside the rest.
    while cardinality(v_heads) < v_limit and v_rounds < 20 loop
        v_rounds := v_rounds + 1;
{% if queue.lane %}
        v_window := greatest(v_limit - cardinality(v_heads), least(v_parked * 2, 1000));
{% else %}
        v_window := v_limit - cardinality(v_heads);
{% endif %}
        select array_agg(w.id order by w.wake_at, w.id) filter (where w.verdict = 'head'),
               array_agg(w.id) filter (where w.verdict = 'spent')
{% if queue.too_late %}
               , array_agg(w.id) filter (where w.verdict = 'late')
{% endif %}
{% if queue.lane %}
               , array_agg(w.id) filter (where w.verdict = 'blocked')
{% endif %}
        into v_found, v_spent{% if queue.too_late %}, v_late{% endif %}{% if queue.lane %}, v_blocked{% endif %}

        from (
            select r.id, r.wake_at, case
{% if queue.too_late %}
                when {{ queue.too_late }} then 'late'
{% endif %}
                when r.status = 'processing' and {{ queue.spent }} then 'spent'
{% if queue.lane %}
                -- Two questions, since one with an `or` would read the whole chat.
                when r.status = 'pending' and (exists (
                    select from {{ queue.table }} e
                    where e.{{ queue.lane }} = r.{{ queue.lane }} and e.status in ('pending', 'processing')
                      and (e.{{ queue.lane_order }}, e.id) < (r.{{ queue.lane_order }}, r.id)
                ) or exists (
                    select from {{ queue.table }} e
                    where e.{{ queue.lane }} = r.{{ queue.lane }} and e.status = 'processing'
                )) then 'blocked'
{% endif %}
                else 'head' end as verdict
            from {{ queue.table }} r
            where r.wake_at <= p_now and r.id <> all (v_heads)
            order by r.wake_at, r.id
            limit v_window
            for update skip locked
        ) w;
        exit when v_found is null and v_spent is null{% if queue.too_late %} and v_late is null{% endif %}{% if queue.lane %} and v_blocked is null{% endif %};

        v_heads := v_heads || coalesce(v_found[1 : v_limit - cardinality(v_heads)], '{}');
{% if queue.lane %}
        v_parked := 0;
        if v_blocked is not null then
            v_parked := nightshift.park_{{ queue.table }}(v_blocked);
        end if;
{% endif %}
        if v_spent is not null then
            perform nightshift.bury_{{ queue.table }}(v_spent, 'the process that held it died, and no attempt is left', p_now);
        end if;
{% if queue.too_late %}
        if v_late is not null then
            perform nightshift.bury_{{ queue.table }}(v_late, 'stale: more than 24 hours late', p_now);
        end if;
{% endif %}
        -- Nothing moved out of sight: the same window would come back.
        exit when v_spent is null{% if queue.too_late %} and v_late is null{% endif %}{% if queue.lane %} and v_parked = 0{% endif %};
    end loop;

    if cardinality(v_heads) > 0 and p_job is not null then
        insert into job_history (id, job_name, trigger, started_at) values (p_run, p_job, p_trigger, p_now)
        on conflict (id) do nothing;
    end if;
    -- A row that is still `processing` here lost its worker between send and settle: that counts as an attempt, and what
    -- goes out now may be a second copy.
    return query
    with taken as (
        update {{ queue.table }} r
        set status = 'processing', locked_by = p_token, locked_until = p_now + p_lease, run_id = p_run,
            possible_duplicate = r.possible_duplicate or r.status = 'processing',
            {{ queue.attempts }} = r.{{ queue.attempts }} + (r.status = 'processing')::int,
            history = case when r.status = 'processing'
                then r.history || nightshift.attempt(p_now, 'lost', 'its lease ran out: the process that held it died', r.run_id, null)
                else r.history end,
            waits_for = null, updated_at = p_now
        where r.id = any (v_heads)
        returning r.*
    )
    select t.* from taken t order by array_position(v_heads, t.id);
end
$$;
{% if queue.lane %}

-- Take later rows of a lane out of the claim's index until one that is before them, or in flight, lets go: whoever ends
-- that one releases the lane's next. The shared lock on it keeps it from ending unseen in between; if somebody is ending
-- it right now, nothing is parked.
create function nightshift.park_{{ queue.table }}(p_ids uuid[]) returns int
language plpgsql as $$
declare
    v_parked int;
begin
    with waiting as materialized (
        select w.{{ queue.lane }}, min(w.{{ queue.lane_order }}) as first
        from {{ queue.table }} w where w.id = any (p_ids) group by 1
    ), predecessors as materialized (
        select w.{{ queue.lane }}, b.status = 'processing' as in_flight, b.{{ queue.lane_order }} as at, b.id
        from waiting w
        cross join lateral (
            select e.id, e.status, e.{{ queue.lane_order }} from {{ queue.table }} e
            where e.{{ queue.lane }} = w.{{ queue.lane }} and e.status in ('pending', 'processing')
              and not e.held and e.id <> all (p_ids)
              and (e.status = 'processing' or e.{{ queue.lane_order }} <= w.first)
            order by e.{{ queue.lane_order }}, e.id
            limit 1 for share skip locked
        ) b
    )
    update {{ queue.table }} r set held = true
    from predecessors p
    where r.id = any (p_ids) and r.{{ queue.lane }} = p.{{ queue.lane }} and r.status = 'pending'
      and (p.in_flight or (p.at, p.id) < (r.{{ queue.lane_order }}, r.id));
    get diagnostics v_parked = row_count;
    return v_parked;
end
$$;

-- Let the first waiting row of each lane back into the claim's sight.
create function nightshift.release_{{ queue.table }}(p_lanes bigint[]) returns int
language plpgsql as $$
declare
    v_heads uuid[];
begin
    -- One look at the first row of each lane, however many wait behind it.
    select array_agg(head.id) into v_heads
    from unnest(p_lanes) as lane(id)
    cross join lateral (
        select n.id, n.held from {{ queue.table }} n
        where n.{{ queue.lane }} = lane.id and n.status = 'pending'
        order by n.{{ queue.lane_order }}, n.id limit 1
    ) head
    where head.held;
    update {{ queue.table }} r set held = false where r.id = any (v_heads);
    return coalesce(cardinality(v_heads), 0);
end
$$;

-- Lanes whose rows were changed by other programs: nobody in sight, somebody waiting.
create function nightshift.sweep_{{ queue.table }}() returns int
language sql as $$
    select nightshift.release_{{ queue.table }}(array(
        select distinct h.{{ queue.lane }} from {{ queue.table }} h
        where h.held and not exists (
            select from {{ queue.table }} l
            where l.{{ queue.lane }} = h.{{ queue.lane }} and l.status in ('pending', 'processing') and not l.held)))
$$;
{% endif %}

-- Make dead letters of rows that can never go out.
create function nightshift.bury_{{ queue.table }}(p_ids uuid[], p_why text, p_now timestamptz default now()) returns int
language plpgsql as $$
declare
    v_buried int;
begin
    update {{ queue.table }} r
    set status = '{{ queue.dead }}', finished_at = p_now, locked_by = null, locked_until = null, held = false,
        waits_for = null, last_error = p_why, updated_at = p_now,
        possible_duplicate = r.possible_duplicate or r.status = 'processing',
        history = r.history || nightshift.attempt(p_now, 'dead', p_why, r.run_id, null)
    where r.id = any (p_ids) and r.status in ('pending', 'processing');
    get diagnostics v_buried = row_count;
{% if queue.lane %}
    perform nightshift.release_{{ queue.table }}(array(select distinct {{ queue.lane }} from {{ queue.table }} where id = any (p_ids)));
{% endif %}
    return v_buried;
end
$$;

-- When something next wants attention: a row's wake time, but not before a broken queue may be probed; null while it is
-- paused or empty.
create function nightshift.next_wake_{{ queue.table }}() returns timestamptz
language sql stable as $$
    select case when q.paused_at is null and first.at is not null then greatest(first.at, q.probe_at) end
    from queues q, (select min(wake_at) as at from {{ queue.table }} where wake_at is not null) first
    where q.name = '{{ queue.table }}'
$$;
