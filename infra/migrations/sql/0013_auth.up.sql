-- What Supabase has and PostgREST expects: the roles that a request takes on, and functions that read its token's claims.
-- Made only where missing. Roles belong to the whole server, so they are never taken back.
do $$
declare
    v_role text;
begin
    foreach v_role in array '{anon, authenticated, service_role}'::text[] loop
        if not exists (select from pg_roles where rolname = v_role) then
            begin
                execute format('create role %I nologin noinherit', v_role);
            exception when duplicate_object or unique_violation then
                null;  -- another database of this server is being migrated at this moment
            end;
        end if;
    end loop;
    if not (select rolbypassrls from pg_roles where rolname = 'service_role') then
        begin
            alter role service_role bypassrls;
        exception when insufficient_privilege then
            raise warning 'service_role will see no rows of users: a superuser has to run `alter role service_role bypassrls`';
        end;
    end if;
    if to_regnamespace('auth') is null then
        create schema auth;
        comment on schema auth is 'Made by Nightshift.';
        grant usage on schema auth to anon, authenticated, service_role;
    end if;
end
$$;

{% for name, result, body in functions %}
do $do$
begin
    if to_regprocedure('auth.{{ name }}()') is null then
        create function auth.{{ name }}() returns {{ result }} language sql stable as $$ {{ body }} $$;
        comment on function auth.{{ name }}() is 'Made by Nightshift.';
        grant execute on function auth.{{ name }}() to anon, authenticated, service_role;
    end if;
end
$do$;
{% endfor %}
