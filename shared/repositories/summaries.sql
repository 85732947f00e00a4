-- name: get
-- A summary.
select * from daily_summaries where id = %(key)s::uuid;

-- name: create
-- The summary of a user's day. No row: there is one.
insert into daily_summaries (user_id, summary_date, score_start, score_end, decay_applied, conversations_count, recap,
                             key_events, written_by, model, batch_id, input_tokens, cache_creation_input_tokens,
                             cache_read_input_tokens, output_tokens, cost_usd)
values (%(user_id)s::uuid, %(summary_date)s::date, %(score_start)s::numeric, %(score_end)s::numeric,
        %(decay_applied)s::numeric, %(conversations_count)s::int, %(recap)s::text, %(key_events)s::jsonb,
        %(written_by)s::text, %(model)s::text, %(batch_id)s::text, %(input_tokens)s::int,
        %(cache_creation_input_tokens)s::int, %(cache_read_input_tokens)s::int, %(output_tokens)s::int,
        %(cost_usd)s::numeric)
on conflict (user_id, summary_date) do nothing
returning *;

-- name: get_range
-- A user's summaries from one day to another, both included.
select * from daily_summaries
where user_id = %(user_id)s::uuid and summary_date between %(start)s::date and %(end)s::date
order by summary_date;
