{% set replace, cached, pushed = replace | default(false), cached | default(false), pushed | default(false) %}
{# Until 0017 a summary did not tell cached tokens from others; until 0028 nobody was told of one. #}
-- Write many recaps down at once, and let go of those without a text: back to waiting, for so many seconds. Only what is
-- leased with the token: a run that lost its lease changes nothing. Either way what was reserved is given back, and what
-- was spent is counted. Answers how many were written.
create {{ "or replace " if replace }}function nightshift.write_recaps(p_token uuid, p_items jsonb) returns int
language sql as $$
    with given as (
        select * from jsonb_to_recordset(p_items) as g (
            user_id uuid, summary_date date, score_start numeric, score_end numeric, decay_applied numeric,
            conversations_count int, events jsonb, recap text, written_by text, model text, input_tokens int,
            output_tokens int, cache_creation_input_tokens int, cache_read_input_tokens int, cost_usd numeric, calls int,
            wait float8, attempts int, doubts int, error text)
    ), gone as (
        delete from recap_work w using given g
        where w.user_id = g.user_id and w.summary_date = g.summary_date and w.locked_by = p_token and g.recap is not null
        returning w.user_id, w.summary_date, w.reserved_usd, w.reserved_on,
            (select b.batch_id from recap_batches b where b.id = w.batch) as batch_id
    ), written as (
        insert into daily_summaries (
            user_id, summary_date, score_start, score_end, decay_applied, conversations_count, recap, key_events,
            written_by, model, batch_id, input_tokens, {{ "cache_creation_input_tokens, cache_read_input_tokens, " if cached }}output_tokens, cost_usd)
        select g.user_id, g.summary_date, g.score_start, g.score_end, g.decay_applied, g.conversations_count, g.recap,
            g.events, g.written_by, g.model, case when g.written_by = 'claude' then d.batch_id end,
            g.input_tokens {{ "," if cached else "+" }} g.cache_creation_input_tokens {{ "," if cached else "+" }} g.cache_read_input_tokens, g.output_tokens, g.cost_usd
        from gone d join given g using (user_id, summary_date)
        on conflict (user_id, summary_date) do nothing
{% if pushed %}
        returning user_id, summary_date
    ), noticed as (
        -- What the recap says is not for a lock screen. Of a day that is made up for later nobody is told.
        insert into push_queue (user_id, device_id, title, body, data, idempotency_key)
        select u.id, d.id, 'Nikita', 'I wrote down how yesterday was for us.',
            jsonb_build_object('kind', 'recap_ready', 'summary_date', w.summary_date),
            'recap_ready:' || w.summary_date || ':' || d.id || ':' || u.id
        from written w
        join users u on u.id = w.user_id and u.notifications_enabled
        join user_devices d on d.user_id = u.id and d.status = 'active'
        where w.summary_date = (now() at time zone u.timezone)::date - 1
        on conflict (idempotency_key) where idempotency_key is not null do nothing
{% endif %}
    ), back as (
        -- The row as it was is needed too, for what it had reserved.
        update recap_work w
        set locked_by = null, locked_until = null, batch = null, place = null, reserved_usd = 0, reserved_on = null,
            next_at = now() + make_interval(secs => g.wait), attempts = w.attempts + g.attempts,
            doubts = w.doubts + g.doubts, last_error = g.error
        from given g, recap_work o
        where w.user_id = g.user_id and w.summary_date = g.summary_date and w.locked_by = p_token and g.recap is null
          and o.user_id = w.user_id and o.summary_date = w.summary_date
        returning w.user_id, w.summary_date, o.reserved_usd, o.reserved_on
    ), settled as (
        select user_id, summary_date, reserved_usd, reserved_on from gone
        union all select user_id, summary_date, reserved_usd, reserved_on from back
    ), spent as (
        update recap_spend s
        set reserved_usd = greatest(s.reserved_usd - t.reserved, 0), cost_usd = s.cost_usd + t.cost, calls = s.calls + t.calls,
            input_tokens = s.input_tokens + t.input, output_tokens = s.output_tokens + t.output,
            cache_creation_input_tokens = s.cache_creation_input_tokens + t.creation,
            cache_read_input_tokens = s.cache_read_input_tokens + t.read
        from (
            select e.reserved_on, sum(e.reserved_usd) as reserved, sum(g.cost_usd) as cost, sum(g.calls) as calls,
                sum(g.input_tokens) as input, sum(g.output_tokens) as output,
                sum(g.cache_creation_input_tokens) as creation, sum(g.cache_read_input_tokens) as read
            from settled e join given g using (user_id, summary_date)
            where e.reserved_on is not null group by 1) t
        where s.day = t.reserved_on
    )
    select count(*)::int from gone
$$;
