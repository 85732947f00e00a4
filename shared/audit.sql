-- name: page
-- The latest acts; ids are in the order of time.
select id, at, actor, action, subject, detail from audit_log
where (%(actor)s::text is null or actor = %(actor)s::text)
  and (%(action)s::text is null or action = %(action)s::text)
  and (%(subject)s::text is null or subject = %(subject)s::text)
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc limit %(limit)s::int;
