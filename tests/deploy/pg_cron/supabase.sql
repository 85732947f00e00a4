-- What Supabase brings and Debian does not: pg_net, which notes its calls here, and Vault, which keeps its values open.
create schema net;
create table net.calls (url text not null, body jsonb, params jsonb, headers jsonb, timeout_milliseconds integer);
create function net.http_post(
    url text,
    body jsonb default '{}',
    params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}',
    timeout_milliseconds integer default 5000
) returns bigint language sql as $$
    insert into net.calls values (url, body, params, headers, timeout_milliseconds);
    select count(*) from net.calls;
$$;
create schema vault;
create table vault.secrets (name text unique, decrypted_secret text);
create view vault.decrypted_secrets as select name, decrypted_secret from vault.secrets;
