-- name: limit
-- For the rest of the transaction.
select set_config('statement_timeout', %(limit)s::text, true);
