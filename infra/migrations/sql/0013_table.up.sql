{# Who may do what with one table: `access` (infra/migrations/access.py). One policy; grants decide which commands. #}
alter table {{ access.table }} enable row level security;
revoke all on {{ access.table }} from public, anon, authenticated;
grant all on {{ access.table }} to service_role;
{% if access.owner %}
create policy {{ access.policy }} on {{ access.table }} for {{ "all" if access.writable else "select" }} to authenticated
    using ({{ access.condition }}){% if access.writable %}

    with check ({{ access.condition }}){% endif %};
grant {{ access.may | join(", ") }} on {{ access.table }} to authenticated;
{% else %}
create policy {{ access.policy }} on {{ access.table }} to service_role using (true) with check (true);
{% endif %}
