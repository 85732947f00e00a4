-- Who among the users may do more. Written by the server alone: nobody makes themselves an admin.
create table user_roles (
    user_id uuid not null references users on delete cascade,
    role text not null check (role in ('admin', 'moderator')),
    granted_at timestamptz not null default now(),
    primary key (user_id, role)
);
comment on table user_roles is 'Roles of users. A token says the strongest one as user_role: custom_access_token_hook.';

-- The role of this moment is asked for by its setting, which stays what it is inside a function that runs as its owner,
-- and which nobody sets to a role that they are no member of. Claims are those of the request's token.
create function public.is_admin() returns boolean language sql stable security definer set search_path = '' as $$
    select caller.name = 'service_role'
        or coalesce(pg_has_role(caller.name, t.relowner, 'member'), false)
        or exists (select from public.user_roles where user_id = (select auth.uid()) and role = 'admin')
    from pg_catalog.pg_class t,
         (select coalesce(nullif(current_setting('role'), 'none'), session_user)::name as name) as caller
    where t.oid = 'public.user_roles'::regclass
$$;
comment on function public.is_admin() is
    'True for a user whose role in user_roles is admin, for service_role, and for the owner of the tables.';

-- Security definer, so that the role that calls it needs no right to the table, and the table no policy for it.
create function public.custom_access_token_hook(event jsonb) returns jsonb
language sql stable security definer set search_path = '' as $$
    select jsonb_set(event, '{claims}', coalesce(event -> 'claims', '{}') - 'user_role' || coalesce((
        select jsonb_build_object('user_role', role) from public.user_roles
        where user_id = (event ->> 'user_id')::uuid order by role = 'admin' desc, role limit 1), '{}'))
$$;
comment on function public.custom_access_token_hook(jsonb) is
    'Supabase Auth calls it for each token: the claim user_role is the strongest role of the user, or is not there.';

revoke execute on function public.is_admin(), public.custom_access_token_hook(jsonb) from public, anon, authenticated;
grant execute on function public.is_admin() to authenticated, service_role;
grant execute on function public.custom_access_token_hook(jsonb) to service_role;
do $$
begin
    if exists (select from pg_roles where rolname = 'supabase_auth_admin') then
        grant usage on schema public to supabase_auth_admin;
        grant execute on function public.custom_access_token_hook(jsonb) to supabase_auth_admin;
    end if;
end
$$;
