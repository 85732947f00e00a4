create table items (
    id uuid primary key default nightshift.uuid7(),
    name text not null check (length(name) between 1 and 200),
    description text,
    category text not null default 'furniture' check (category <> ''),
    rarity text not null default 'common' check (rarity <> ''),
    image_url text,
    essence_cost int not null check (essence_cost >= 0),
    tier text not null default 'basic' check (tier <> ''),
    is_available boolean not null default true,
    is_purchasable boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (essence_cost > 0 or not is_purchasable)
);
comment on column items.is_purchasable is 'Others can only be earned, or given by the product itself.';
create index items_for_sale on items (id desc) where is_available and is_purchasable;

create table user_items (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    item_id uuid not null references items,
    acquired_at timestamptz not null default now(),
    acquisition_type text not null default 'earned' check (acquisition_type in ('earned', 'purchased', 'gift')),
    gifted_by uuid references users on delete set null,
    gift_message text check (length(gift_message) <= 500),
    gift_seen boolean not null default false,
    check (acquisition_type = 'gift' or (gifted_by is null and gift_message is null and not gift_seen))
);
comment on table user_items is 'A row for each copy: of one item a user may have several.';
comment on column user_items.gifted_by is 'Null too where the giver has left.';
create index user_items_user on user_items (user_id, acquired_at desc, id desc);
create index user_items_unseen on user_items (user_id) where acquisition_type = 'gift' and not gift_seen;
create index user_items_item on user_items (item_id);
create index user_items_giver on user_items (gifted_by) where gifted_by is not null;

-- What a purchase was asked for and what was answered, so that the same key answers the same again.
alter table essence_transactions
    add column idempotency_key text check (length(idempotency_key) between 1 and 256),
    add column request bytea,
    add column answer json,
    add check ((idempotency_key is null) = (request is null)),
    add check ((idempotency_key is null) = (answer is null));
comment on column essence_transactions.related_item_id is 'The item that was bought. No reference: the ledger outlives it.';
comment on column essence_transactions.request is 'SHA-256 of what was asked for under the key.';
create unique index essence_transactions_key on essence_transactions (user_id, idempotency_key)
    where idempotency_key is not null;
create index essence_transactions_page on essence_transactions (user_id, created_at desc, id desc);
drop index essence_transactions_user;

{% include "0025_purchase.sql" %}

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
{% set ours = "purchase_item_atomic(uuid, uuid, boolean, uuid, text, text)" %}
revoke execute on function {{ ours }} from public, anon, authenticated;
grant execute on function {{ ours }} to service_role;
