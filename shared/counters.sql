-- name: count_up
-- Add to counters.
select nightshift.count_up(%(counts)s::jsonb);
