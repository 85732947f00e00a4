-- An address here gets no more mail (one that only unsubscribed still gets what it has to know, such as a receipt).
-- The first reason stays, since it is the one that explains the silence.
create table email_suppressions (
    address text primary key check (address = lower(address) and length(address) between 3 and 320),
    reason text not null check (reason in ('bounce', 'complaint', 'manual', 'unsubscribe')),
    source text not null,
    provider_message_id text,
    detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
    created_at timestamptz not null default now()
);
comment on column email_suppressions.address is 'In lower case; a domain that is not ASCII in its ASCII form (xn--).';
comment on column email_suppressions.source is 'Who said so: smtp, ses, resend, or the operator.';
