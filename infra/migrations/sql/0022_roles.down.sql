drop function public.custom_access_token_hook(jsonb);
drop function public.is_admin();
drop table user_roles;
