-- Which event an object's columns were last taken from. Compared from left to right: a final event beats every other,
-- then the later one wins; within one second (Stripe's clock has no smaller unit) the higher rank, then the event's id.
create type nightshift.watermark as (final boolean, at timestamptz, rank int, event_id text);

create table webhook_events (
    id uuid primary key default nightshift.uuid7(),
    provider text not null default 'stripe',
    event_id text not null check (length(event_id) between 1 and 255),
    event_type text not null,
    api_version text,
    object_id text,
    livemode boolean not null default false,
    event_created timestamptz not null,
    raw_body text not null,
    status text not null default 'received' check (status in ('received', 'processed', 'ignored', 'failed')),
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    error text,
    unique (provider, event_id),
    check ((status in ('processed', 'ignored')) = (processed_at is not null))
);
comment on table webhook_events is 'Ids are kept for 30 days at least: a provider may send an event again for that long.';
comment on column webhook_events.raw_body is 'As sent and as signed.';
comment on column webhook_events.error is 'What kind of error the last try ended in; never its text.';
create index webhook_events_open on webhook_events (status, received_at) where status in ('received', 'failed');
create index webhook_events_done on webhook_events (received_at) where status in ('processed', 'ignored');
create index webhook_events_object on webhook_events (object_id, event_created) where object_id is not null;

-- What is known of a payment intent, whether or not an order of ours has it yet. Every column only ever grows (or only
-- ever shrinks), so the same events in any order leave the same row.
create table stripe_payments (
    payment_intent_id text primary key,
    amount bigint check (amount >= 0),
    currency text,
    amount_refunded bigint not null default 0 check (amount_refunded >= 0),
    paid_at timestamptz,
    failed_at timestamptz,
    refunded_at timestamptz,
    disputed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table stripe_payments is 'Facts per payment intent (or per charge, for a charge without one). Amounts in the currency''s smallest unit.';

create table orders (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid references users on delete set null,
    stripe_checkout_session_id text unique,
    stripe_payment_intent_id text unique,
    amount_total bigint check (amount_total >= 0),
    currency text,
    essence int not null default 0 check (essence >= 0),
    email text,
    status text not null default 'pending' check (status in ('pending', 'paid', 'failed', 'expired', 'refunded', 'disputed')),
    amount_refunded bigint not null default 0 check (amount_refunded >= 0),
    paid_at timestamptz,
    failed_at timestamptz,
    expired_at timestamptz,
    refunded_at timestamptz,
    disputed_at timestamptz,
    essence_credited int check (essence_credited >= 0),
    essence_taken int not null default 0 check (essence_taken >= 0),
    essence_owed int not null default 0 check (essence_owed >= 0),
    receipted boolean not null default false,
    session_seen nightshift.watermark,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (essence_taken + essence_owed <= coalesce(essence_credited, 0))
);
create index orders_user on orders (user_id, created_at desc);
comment on column orders.amount_total is 'In the currency''s smallest unit, as Stripe counts.';
comment on column orders.status is 'Derived from the times beside it by nightshift.settle_order.';
comment on column orders.essence_credited is 'Null until the order was paid and its essence credited.';
comment on column orders.receipted is 'The receipt was put into the email queue; that waits until an address is known.';
comment on column orders.essence_owed is 'What a refund or dispute should have taken back and could not: it was spent already.';

create table furniture_essence (
    user_id uuid primary key references users on delete cascade,
    balance int not null default 0 check (balance >= 0),
    total_earned int not null default 0 check (total_earned >= 0),
    total_spent int not null default 0 check (total_spent >= 0),
    updated_at timestamptz not null default now()
);
comment on column furniture_essence.total_earned is 'Less what refunds and disputes took back.';

create table essence_transactions (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    amount int not null check (amount <> 0),
    transaction_type text not null check (transaction_type <> ''),
    description text,
    related_item_id uuid,
    order_id uuid references orders,
    order_step int,
    created_at timestamptz not null default now(),
    check ((order_id is null) = (order_step is null))
);
comment on column essence_transactions.order_step is
    '0: the credit of the order. Else how much of its essence is to be taken back up to and including this row.';
create index essence_transactions_user on essence_transactions (user_id, created_at desc);
-- Each order is credited once, and each step of taking it back is taken once, whatever the code above does.
create unique index essence_transactions_order on essence_transactions (order_id, order_step) where order_id is not null;

create table subscriptions (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid references users on delete set null,
    stripe_subscription_id text not null unique,
    stripe_customer_id text,
    status text check (status <> ''),
    price_id text,
    current_period_end timestamptz,
    cancel_at_period_end boolean not null default false,
    canceled_at timestamptz,
    ended_at timestamptz,
    seen nightshift.watermark,
    latest_invoice_id text,
    latest_invoice_created timestamptz,
    latest_invoice_status text check (latest_invoice_status in ('paid', 'payment_failed')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index subscriptions_user on subscriptions (user_id) where user_id is not null;
comment on column subscriptions.status is 'Stripe''s own word; null while only a checkout or an invoice has told of it.';
comment on column subscriptions.latest_invoice_created is
    'With the id and the status: the watermark of the invoice columns. A later invoice beats an earlier one, and paid beats failed.';

{% include "0004_essence.sql" %}

{% include "0004_orders.sql" %}

{% include "0004_subscriptions.sql" %}

{% include "0004_intake.sql" %}

revoke execute on all functions in schema nightshift from public;
