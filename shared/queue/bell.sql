-- name: backend
-- The server's process that answers.
select pg_backend_pid() as pid;

-- name: strike
-- Notify a channel.
select pg_notify(%(channel)s::text, '');

-- name: wait
-- Tell those who insert that somebody waits for them; false while one of them looks for just that.
select pg_try_advisory_lock_shared(hashtextextended(%(channel)s::text, 0)) as waits;

-- name: leave
-- Nobody waits here any more.
select pg_advisory_unlock_shared(hashtextextended(%(channel)s::text, 0));
