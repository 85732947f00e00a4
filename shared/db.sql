-- name: bound
-- From here to its end this transaction only reads, and the server ends each statement after so long.
select set_config('statement_timeout', %(milliseconds)s::int::text, true), set_config('transaction_read_only', 'on', true);
