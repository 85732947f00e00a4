create table partnerships (
    id uuid primary key default nightshift.uuid7(),
    requester_id uuid not null references users on delete cascade,
    addressee_id uuid not null references users on delete cascade,
    status text not null default 'pending' check (status in ('pending', 'accepted', 'declined')),
    created_at timestamptz not null default now(),
    responded_at timestamptz,
    check (requester_id <> addressee_id),
    check (status <> 'pending' or responded_at is null)
);
comment on table partnerships is 'Of two users there is one at most, whoever asked: a request, then what became of it.';
comment on column partnerships.created_at is 'When it was asked for, the last time.';
create unique index partnerships_pair
    on partnerships (least(requester_id, addressee_id), greatest(requester_id, addressee_id));
create index partnerships_requester on partnerships (requester_id, status, created_at desc, id desc);
create index partnerships_addressee on partnerships (addressee_id, status, created_at desc, id desc);
