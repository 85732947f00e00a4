-- name: sizes
-- What a queue's table weighs: its rows, its bytes with and without all indexes, the claim's index, dead rows, vacuums.
select (s.n_tup_ins - s.n_tup_del)::bigint as rows, pg_table_size(s.relid)::bigint as table_bytes,
       pg_indexes_size(s.relid)::bigint as index_bytes,
       coalesce(pg_relation_size(to_regclass(%(table)s::text || '_due')), 0)::bigint as due_bytes,
       s.n_dead_tup::bigint as dead, s.autovacuum_count::bigint as vacuums
from pg_stat_user_tables s
where s.relname = %(table)s::text;

-- name: replies
-- From due to settled, of what was settled in this time: how many, the median and the 99th percentile in milliseconds.
select count(*)::bigint as settled,
       percentile_cont(array[0.5, 0.99]) within group (
           order by extract(epoch from q.finished_at - q.scheduled_at)::float8 * 1000) as ms
from pending_responses q
where q.finished_at >= %(since)s::timestamptz and q.finished_at < %(until)s::timestamptz;

-- name: webhooks
-- The same of the other queue.
select count(*)::bigint as settled,
       percentile_cont(array[0.5, 0.99]) within group (
           order by extract(epoch from q.finished_at - q.next_retry_at)::float8 * 1000) as ms
from webhook_retry_queue q
where q.finished_at >= %(since)s::timestamptz and q.finished_at < %(until)s::timestamptz;

-- name: replies_left
-- Rows that were sent, and rows that may have been sent more than once.
select count(*) filter (where q.status = 'delivered')::bigint as sent,
       count(*) filter (where q.possible_duplicate or jsonb_array_length(q.history) > 1)::bigint as doubted
from pending_responses q;

-- name: webhooks_left
-- The same of the other queue.
select count(*) filter (where q.status = 'processed')::bigint as sent,
       count(*) filter (where q.possible_duplicate or jsonb_array_length(q.history) > 1)::bigint as doubted
from webhook_retry_queue q;
