-- Extensions live in a schema of their own, as on Supabase: what is in `public` is the product's. One that is installed in
-- `public` already moves; one that the server does not have is done without. What we install is marked, so that going
-- down takes back only that.
do $$
declare
    v_name text;
begin
    if to_regnamespace('extensions') is null then
        create schema extensions;
        comment on schema extensions is 'Made by Nightshift.';
        -- Roles that query the tables need the types and operators in here.
        grant usage on schema extensions to public;
    end if;
    foreach v_name in array '{vector, pg_trgm}'::text[] loop
        if exists (select from pg_extension where extname = v_name and extnamespace = 'public'::regnamespace) then
            execute format('alter extension %I set schema extensions', v_name);
        elsif not exists (select from pg_extension where extname = v_name)
              and exists (select from pg_available_extensions where name = v_name) then
            execute format('create extension %I schema extensions', v_name);
            execute format('comment on extension %I is %L', v_name, 'Installed by Nightshift.');
        end if;
    end loop;
end
$$;
