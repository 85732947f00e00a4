do $$
declare
    v_drop text;
begin
    if obj_description(to_regnamespace('auth'), 'pg_namespace') = 'Made by Nightshift.' then
        revoke usage on schema public from anon, authenticated, service_role;
        alter default privileges in schema public revoke all on tables from service_role;
    end if;
    for v_drop in
        select format('drop function %s', oid::regprocedure) from pg_proc
        where pronamespace = to_regnamespace('auth') and obj_description(oid, 'pg_proc') = 'Made by Nightshift.'
        union all
        select 'drop schema auth' where obj_description(to_regnamespace('auth'), 'pg_namespace') = 'Made by Nightshift.'
    loop
        begin
            execute v_drop;
        exception when dependent_objects_still_exist then
            raise notice 'not done, since others use it: %', v_drop;
        end;
    end loop;
end
$$;
