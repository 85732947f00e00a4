-- Lease up to p_limit due rows of {{ queue.table }}, the longest due first, and open the run's history row if there are
-- any (p_job not null). Commits before anything is sent: it, or it after a settlement, is all of its transaction. The rows
-- come in no order; whoever cares sorts them.
create or replace function nightshift.claim_{{ queue.table }}(
    p_limit int, p_token uuid, p_lease interval,
    p_run uuid default null, p_job text default null, p_trigger text default 'schedule', p_now timestamptz default now()
) returns setof {{ queue.table }}
language plpgsql as $$
declare
    v_limit int := p_limit;
    v_paused timestamptz;
    v_broken timestamptz;
    v_window int;
    v_rounds int := 0;
    v_heads tid[] := '{}';
    v_found tid[];
    v_spent uuid[];
{% if queue.too_late %}
    v_late uuid[];
{% endif %}
{% if queue.lane %}
    v_blocked tid[];
    v_parked int := 0;
{% endif %}
begin
    select q.paused_at, q.opened_at into v_paused, v_broken from queues q where q.name = '{{ queue.table }}';
    if v_paused is not null then
        return;
    elsif v_broken is not null then
        -- Only a row that is there may use up the probe.
        perform from {{ queue.table }} r
        where {{ due }} <= p_now and {{ claimable }}
        order by {{ due }}, r.id limit 1;
        v_limit := case when found then nightshift.admit('{{ queue.table }}', p_limit, p_now) else 0 end;
    end if;

    -- A claim stays short: of very many rows that only want to be put aside, the next ones put aside the rest.
    while cardinality(v_heads) < v_limit and v_rounds < 20 loop
        v_rounds := v_rounds + 1;
{% if queue.lane %}
        v_window := greatest(v_limit - cardinality(v_heads), least(v_parked * 2, 1000));
{% else %}
        v_window := v_limit - cardinality(v_heads);
{% endif %}
        select array_agg(w.ctid) filter (where w.verdict = 'head'),
               array_agg(w.id) filter (where w.verdict = 'spent')
{% if queue.too_late %}
               , array_agg(w.id) filter (where w.verdict = 'late')
{% endif %}
{% if queue.lane %}
               , array_agg(w.ctid) filter (where w.verdict = 'blocked')
{% endif %}
        into v_found, v_spent{% if queue.too_late %}, v_late{% endif %}{% if queue.lane %}, v_blocked{% endif %}

        from (
{% if queue.lane %}
            select r.ctid, r.id, case
                when r.state <> 'head' then r.state
                -- Of a chat's rows in this window only the first one has to be asked about.
                when r.status = 'pending' and r.turn > 1 then 'blocked'
                -- Two questions, since one with an `or` would read the whole chat.
                when r.status = 'pending' and (exists (
                    select from {{ queue.table }} e
                    where e.{{ queue.lane }} = r.lane and e.status in ('pending', 'processing')
                      and (e.{{ queue.lane_order }}, e.id) < (r.turns_at, r.id)
                ) or exists (
                    select from {{ queue.table }} e where e.{{ queue.lane }} = r.lane and e.status = 'processing'
                )) then 'blocked'
                else 'head' end as verdict
            from (
                select s.*, row_number() over (partition by s.lane order by s.turns_at, s.id) as turn from (
{% endif %}
            select r.ctid, r.id, {% if queue.lane %}r.status, r.{{ queue.lane }} as lane, r.{{ queue.lane_order }} as turns_at, {{ due }} as due_at, {% endif %}case
{% if queue.too_late %}
                when {{ queue.too_late }} then 'late'
{% endif %}
                when r.status = 'processing' and {{ queue.spent }} then 'spent'
                else 'head' end as {{ "state" if queue.lane else "verdict" }}
            from {{ queue.table }} r
            where {{ due }} <= p_now and {{ claimable }} and r.ctid <> all (v_heads)
            order by {{ due }}, r.id
            limit v_window
            for update skip locked
{% if queue.lane %}
                ) s
            ) r
            order by r.due_at, r.id
{% endif %}
        ) w;
        exit when v_found is null and v_spent is null{% if queue.too_late %} and v_late is null{% endif %}{% if queue.lane %} and v_blocked is null{% endif %};

        v_heads := v_heads || v_found[1 : v_limit - cardinality(v_heads)];
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

    if v_heads = '{}' then
        return;
    elsif p_job is not null then
        insert into job_history (id, job_name, trigger, started_at) values (p_run, p_job, p_trigger, p_now)
        on conflict (id) do nothing;
    end if;
{% include "0006_lease.sql" %}

end
$$;

drop function nightshift.next_wake_{{ queue.table }};
-- When something next wants attention: a row's due time or the end of a lease, but not before a broken queue may be
-- probed; null while it is paused or empty. Leased rows were due: while another one is, their leases do not matter.
create function nightshift.next_wake_{{ queue.table }}(p_now timestamptz default now()) returns timestamptz
language sql stable as $$
    with pending as materialized (
        select {{ due }} as at from {{ queue.table }} r
        where {{ live }} and r.status = 'pending' order by {{ due }}, r.id limit 1
    ), first as materialized (
        select case when p.at <= p_now then p.at else least(p.at, (
            select min(r.locked_until) from {{ queue.table }} r
            where {{ due }} <= p_now and {{ live }} and r.status = 'processing')) end as at
        from (select (select at from pending) as at) p
    )
    select case when q.paused_at is null and f.at is not null then greatest(f.at, q.probe_at) end
    from queues q, first f
    where q.name = '{{ queue.table }}'
$$;
