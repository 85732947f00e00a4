{% set due = queue.due %}
{% set late = queue.too_late %}
-- Of the rows at these places, which were blocked: the lanes that have very many of them.
create function nightshift.hot_lanes_{{ queue.table }}(p_places tid[]) returns bigint[]
language sql stable as $$
    select coalesce(array_agg(h.lane), '{}')
    from (
        select r.{{ queue.lane }} as lane from {{ queue.table }} r where r.ctid = any (p_places)
        group by 1 having count(*) >= 32) h
$$;

-- Remember until when claims may pass over the hot lanes' rows and all that lies before p_seen. Nobody waits for it: it is
-- a hint, and somebody else is writing it already.
create function nightshift.pass_over_{{ queue.table }}(p_lanes bigint[], p_seen timestamptz, p_until timestamptz) returns void
language sql as $$
    update queues set hot_lanes = p_lanes, hot_from = p_seen, hot_until = p_until
    where name = (select q.name from queues q where q.name = '{{ queue.table }}' for no key update skip locked)
$$;

-- As the other queues' claim, for a queue whose lanes keep their order: of each lane only the first row, and none while
-- one is in flight. What is behind that one is parked, once; where that is very much, claims pass over the whole lane for
-- a moment instead, and begin where the last one ended.
create or replace function nightshift.claim_{{ queue.table }}(
    p_limit int, p_token uuid, p_lease interval,
    p_run uuid default null, p_job text default null, p_trigger text default 'schedule', p_now timestamptz default now()
) returns setof {{ queue.table }}
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    v_began timestamptz := clock_timestamp();
    v_limit int := p_limit;
    v_paused timestamptz;
    v_broken timestamptz;
    v_passing boolean;
    v_hot bigint[];
    v_from timestamptz;
    v_until timestamptz;
    v_seen timestamptz;
    v_rounds int := 0;
    v_heads tid[] := '{}';
    v_found tid[];
    v_spent uuid[];
    v_late uuid[];
    v_blocked tid[];
    v_hotter bigint[];
    v_moved int := 0;
begin
    select q.paused_at, q.opened_at, coalesce(q.hot_until > p_now, false), q.hot_lanes, q.hot_from, q.hot_until
    into v_paused, v_broken, v_passing, v_hot, v_from, v_until
    from queues q where q.name = '{{ queue.table }}';
    if not v_passing then
        v_hot := '{}';
        v_from := '-infinity';
    end if;
    if v_paused is not null then
        return;
    elsif v_broken is not null then
        -- Only a row that is there may use up the probe.
        perform from {{ queue.table }} r
        where {{ due }} <= p_now and r.finished_at is null and not r.held and (r.status = 'pending' or r.locked_until <= p_now)
        order by {{ due }}, r.id limit 1;
        v_limit := case when found then nightshift.admit('{{ queue.table }}', p_limit, p_now) else 0 end;
    end if;

    -- A claim stays short: of very many rows that only want to be put aside, the next ones put aside the rest.
    while cardinality(v_heads) < v_limit and v_rounds < 20 loop
        v_rounds := v_rounds + 1;
        select array_agg(w.ctid) filter (where w.verdict = 'head'),
               array_agg(w.id) filter (where w.verdict = 'spent'),
               array_agg(w.id) filter (where w.verdict = 'late'),
               array_agg(w.ctid) filter (where w.verdict = 'blocked')
        into v_found, v_spent, v_late, v_blocked
        from (
            select r.ctid, r.id, case
                when r.state <> 'head' then r.state
                -- Of a lane's rows in this window only the first one has to be asked about.
                when r.status = 'pending' and r.turn > 1 then 'blocked'
                -- Two questions, since one with an `or` would read the whole lane.
                when r.status = 'pending' and (exists (
                    select from {{ queue.table }} e
                    where e.{{ queue.lane }} = r.lane and e.status in ('pending', 'processing')
                      and (e.{{ queue.lane_order }}, e.id) < (r.turns_at, r.id)
                ) or exists (
                    select from {{ queue.table }} e where e.{{ queue.lane }} = r.lane and e.status = 'processing'
                )) then 'blocked'
                else 'head' end as verdict
            from (
                select s.*, row_number() over (partition by s.lane order by s.turns_at, s.id) as turn
                from (
                    select r.ctid, r.id, r.status, r.{{ queue.lane }} as lane, r.{{ queue.lane_order }} as turns_at, {{ due }} as due_at, case
                        when {{ late }} then 'late'
                        when r.status = 'processing' and {{ queue.spent }} then 'spent'
                        else 'head' end as state
                    from {{ queue.table }} r
                    where {{ due }} <= p_now and {{ due }} >= v_from and r.{{ queue.lane }} <> all (v_hot)
                      and r.finished_at is null and not r.held and (r.status = 'pending' or r.locked_until <= p_now)
                      and r.ctid <> all (v_heads)
                    order by {{ due }}, r.id
                    limit greatest(v_limit - cardinality(v_heads), least(v_moved * 2, 1000))
                    for update skip locked
                ) s
            ) r
            order by r.due_at, r.id
        ) w;

        if v_found is null and v_spent is null and v_late is null and v_blocked is null then
            v_seen := p_now - interval '1 second';
            exit when v_heads <> '{}' or not v_passing;
            -- Nothing besides: what was passed over gets its turn, as far as one window goes.
            v_passing := false;
            v_hot := '{}';
            v_from := '-infinity';
            v_rounds := 19;
            continue;
        end if;

        v_heads := v_heads || v_found[1 : v_limit - cardinality(v_heads)];
        v_hotter := '{}';
        if cardinality(v_blocked) >= 32 and v_rounds < 20 and cardinality(v_hot) < 20 then
            v_hotter := nightshift.hot_lanes_{{ queue.table }}(v_blocked);
            v_hot := v_hot || v_hotter;
            v_blocked := array(select r.ctid from {{ queue.table }} r where r.ctid = any (v_blocked) and r.{{ queue.lane }} <> all (v_hotter));
        end if;
        v_moved := case when v_blocked <> '{}' then nightshift.park_{{ queue.table }}(v_blocked) else 0 end
            + coalesce(cardinality(v_spent), 0) + coalesce(cardinality(v_late), 0);
        if v_spent is not null then
            perform nightshift.bury_{{ queue.table }}(v_spent, 'the process that held it died, and no attempt is left', p_now);
        end if;
        if v_late is not null then
            perform nightshift.bury_{{ queue.table }}(v_late, 'stale: more than 24 hours late', p_now);
        end if;
        -- Nothing moved out of sight: the same window would come back.
        exit when v_moved = 0 and v_hotter = '{}';
    end loop;

    if v_hot <> '{}' then
        v_seen := coalesce(v_seen, (select max({{ due }}) from {{ queue.table }} r where r.ctid = any (v_heads)), v_from);
        if not v_passing then
            v_until := p_now + greatest(interval '250 ms', 20 * (clock_timestamp() - v_began));
        end if;
    end if;
    if v_heads <> '{}' and p_job is not null then
        insert into job_history (id, job_name, trigger, started_at) values (p_run, p_job, p_trigger, p_now)
        on conflict (id) do nothing;
    end if;
{% include "0006_lease.sql" %}

    -- At the very end: from here to the commit nothing waits for anybody.
    if v_hot <> '{}' then
        perform nightshift.pass_over_{{ queue.table }}(v_hot, greatest(v_seen, v_from), v_until);
    end if;
end
$$;
