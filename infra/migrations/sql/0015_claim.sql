-- Lease up to so many recaps that are due, with all that a prompt needs. While Claude is not to be asked, only those that
-- wait for over a day: the template writes them. A run whose lease ran out may have asked: an attempt, and what it had
-- reserved counts as spent.
create function nightshift.claim_recaps(p_token uuid, p_limit int, p_lease interval)
returns table (
    user_id uuid, summary_date date, attempts int, doubts int, overdue boolean, name text, chapter int, status text,
    score_start numeric, score_end numeric, decay_applied numeric, conversations_count int, messages jsonb, events jsonb
)
language plpgsql as $$
#variable_conflict use_column
declare
    v_held boolean;
begin
    select coalesce(c.held_until > now(), false) into v_held from recap_channel c where c.one;
    return query
    with due as (
        select * from (
            select w.* from recap_work w
            where not v_held and w.batch is null and coalesce(w.locked_until, w.next_at) <= now()
            order by coalesce(w.locked_until, w.next_at), w.user_id
            limit p_limit for update skip locked) as free
        union all
        select * from (
            select w.* from recap_work w
            where v_held and w.batch is null and w.created_at < now() - interval '24 hours'
              and coalesce(w.locked_until, w.next_at) <= now()
            order by w.created_at
            limit p_limit for update skip locked) as held
    ), spent as (
        update recap_spend s
        set cost_usd = s.cost_usd + lost.usd, reserved_usd = greatest(s.reserved_usd - lost.usd, 0)
        from (select d.reserved_on, sum(d.reserved_usd) as usd from due d where d.reserved_usd > 0 group by 1) lost
        where s.day = lost.reserved_on
    ), needless as (
        -- Planned at the very moment at which another run wrote it.
        delete from recap_work w using due d
        where w.user_id = d.user_id and w.summary_date = d.summary_date
          and exists (select from daily_summaries s where s.user_id = d.user_id and s.summary_date = d.summary_date)
    ), taken as (
        update recap_work w
        set locked_by = p_token, locked_until = now() + p_lease, reserved_usd = 0, reserved_on = null,
            attempts = w.attempts + (d.locked_by is not null)::int,
            last_error = case when d.locked_by is null then w.last_error else 'the run that had it ended without a word' end
        from due d
        where w.user_id = d.user_id and w.summary_date = d.summary_date
          and not exists (select from daily_summaries s where s.user_id = d.user_id and s.summary_date = d.summary_date)
        returning w.user_id, w.summary_date, w.attempts, w.doubts, w.created_at
    )
    select t.user_id, t.summary_date, t.attempts::int, t.doubts::int, t.created_at < now() - interval '24 hours', f.*
    from taken t, lateral nightshift.recap_facts(t.user_id, t.summary_date) f;
end
$$;
-- In the index's order, whatever the statistics say of a worklist that was just filled: a claim reads what it takes.
alter function nightshift.claim_recaps set plan_cache_mode to force_generic_plan;
alter function nightshift.claim_recaps set enable_seqscan to off;
alter function nightshift.claim_recaps set enable_bitmapscan to off;
alter function nightshift.claim_recaps set enable_sort to off;
-- Before PostgreSQL 18 what is off only costs very much, and what costs very much is compiled: a second for each claim.
alter function nightshift.claim_recaps set jit to off;

-- Hold back money for calls, in the order given, as far as the day's budget goes. Answers whose it was enough for.
create function nightshift.reserve_recaps(p_token uuid, p_items jsonb, p_day date, p_budget numeric)
returns table (user_id uuid, summary_date date)
language plpgsql as $$
#variable_conflict use_column
declare
    v_left numeric;
begin
    insert into recap_spend (day) values (p_day) on conflict do nothing;
    -- Locked until the end of this call, so that nobody else counts on the same money.
    select p_budget - s.cost_usd - s.reserved_usd into v_left from recap_spend s where s.day = p_day for update;
    return query
    with wanted as (
        select g.user_id, g.summary_date, g.usd, sum(g.usd) over (order by g.n) as up_to
        from (
            select (i ->> 'user_id')::uuid as user_id, (i ->> 'summary_date')::date as summary_date,
                   (i ->> 'usd')::numeric(16, 8) as usd, n
            from jsonb_array_elements(p_items) with ordinality as e(i, n)) g
    ), granted as (
        update recap_work w set reserved_usd = g.usd, reserved_on = p_day
        from wanted g
        where w.user_id = g.user_id and w.summary_date = g.summary_date and w.locked_by = p_token
          and w.reserved_usd = 0 and g.up_to <= v_left
        returning w.user_id, w.summary_date, w.reserved_usd
    ), held as (
        update recap_spend s
        set reserved_usd = s.reserved_usd + (select coalesce(sum(g.reserved_usd), 0) from granted g)
        where s.day = p_day
    )
    select g.user_id, g.summary_date from granted g;
end
$$;
alter function nightshift.reserve_recaps set enable_seqscan to off;
alter function nightshift.reserve_recaps set jit to off;
