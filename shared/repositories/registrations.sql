-- name: get
-- What an account waits for.
select * from pending_registrations where telegram_id = %(key)s::bigint and expires_at > now();

-- name: create
-- Wait for an address from now on, whatever the account waited for before.
insert into pending_registrations (telegram_id, email) values (%(telegram_id)s::bigint, %(email)s::text)
on conflict (telegram_id) do update
set email = excluded.email, created_at = excluded.created_at, expires_at = excluded.expires_at
returning *;

-- name: take
-- A registration that has not run out, for the one who deletes it.
delete from pending_registrations where telegram_id = %(key)s::bigint and expires_at > now() returning *;

-- name: delete
-- Wait no more.
delete from pending_registrations where telegram_id = %(key)s::bigint returning telegram_id;

-- name: delete_expired
-- Delete what ran out; how many.
select nightshift.delete_expired_registrations() as gone;
