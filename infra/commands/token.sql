-- name: by_username
-- A user by the name that they have chosen.
select id from users where username = %(name)s::text order by created_at limit 1;
