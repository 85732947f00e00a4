-- name: list
-- The rows of a queue, the most urgent first; finished ones by the time they ended.
select id, status, coalesce(wake_at, finished_at) as at, last_error, cardinality(array(select jsonb_array_elements(history))) as events
from {table}
where (%(status)s::text is null and status in ('pending', 'processing', {dead})) or status = %(status)s::text
order by coalesce(wake_at, finished_at), id
limit %(limit)s::int;

-- name: show
-- One row with all that is known about it.
select to_jsonb(r) as row from {table} r where id = %(id)s::uuid;

-- name: why
-- One line for a person.
select why(%(table)s::text, %(id)s::uuid) as why;

-- name: requeue
-- Bring rows back; the act is recorded.
select {requeue}(%(ids)s::uuid[], %(actor)s::text) as id;

-- name: discard
-- Give rows up; the act is recorded.
select {discard}(%(ids)s::uuid[], %(actor)s::text) as id;
