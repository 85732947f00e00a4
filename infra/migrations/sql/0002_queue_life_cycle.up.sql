{# The life cycle of one queue table: columns, constraints, indexes. #}
alter table {{ queue.table }}
    add column status text not null default 'pending'
        check (status in ('pending', 'processing', '{{ queue.done }}', '{{ queue.dead }}'{% if queue.skipped %}, '{{ queue.skipped }}'{% endif %}, 'discarded')),
    -- The lease: a fresh token per claim, and the time at which anybody may take the row again.
    add column locked_by uuid,
    add column locked_until timestamptz,
    add column run_id uuid,
    add column finished_at timestamptz,
    -- A later row of the same lane, out of the claim's sight until its predecessor is done.
    add column held boolean not null default false,
    add column waits_for text,
    add column last_error text,
    add column possible_duplicate boolean not null default false,
    add column provider_message_id text,
    add column idempotency_key text check (length(idempotency_key) <= 256),
    add column history jsonb not null default '[]',
{% if queue.table != 'pending_responses' %}
    add column requeued_at timestamptz,
{% endif %}
    add column created_at timestamptz not null default now(),
    add column updated_at timestamptz not null default now(),
    add constraint {{ queue.table }}_lease check
        ((status = 'processing') = (locked_by is not null and locked_until is not null)
         and (locked_by is null) = (locked_until is null)),
    add constraint {{ queue.table }}_finished check
        ((status in ('pending', 'processing')) = (finished_at is null)),
    add constraint {{ queue.table }}_held check (not held or status = 'pending');
alter table {{ queue.table }}
    add column {{ queue.done_at }} timestamptz
        generated always as (case when status = '{{ queue.done }}' then finished_at end) stored,
    -- When a claim should look at the row again: when it is due, or when its lease runs out. Null: not at all.
    add column wake_at timestamptz generated always as (
        case when held then null
             when status = 'pending' then {{ queue.due }}
             when status = 'processing' then locked_until end) stored;

comment on column {{ queue.table }}.history is 'Every attempt, oldest first: at, fate, why, run, ms.';

-- The claim's index holds only rows that a claim may want, in the order it wants them: millions of later and of
-- finished rows cost it nothing.
create index {{ queue.table }}_wake on {{ queue.table }} (wake_at, id) where wake_at is not null;
create unique index {{ queue.table }}_key on {{ queue.table }} (idempotency_key) where idempotency_key is not null;
create index {{ queue.table }}_dead on {{ queue.table }} (finished_at) where status = '{{ queue.dead }}';
create index {{ queue.table }}_done on {{ queue.table }} (finished_at)
    where status in ('{{ queue.done }}'{% if queue.skipped %}, '{{ queue.skipped }}'{% endif %}, 'discarded');
{% if queue.lane %}
create index {{ queue.table }}_lane on {{ queue.table }} ({{ queue.lane }}, {{ queue.lane_order }}, id)
    where status in ('pending', 'processing');
-- Two replies to one chat are never in flight together: the table itself says so.
create unique index {{ queue.table }}_one_in_flight on {{ queue.table }} ({{ queue.lane }}) where status = 'processing';
create index {{ queue.table }}_held on {{ queue.table }} ({{ queue.lane }}) where held;
{% endif %}
-- Rows are rewritten at every step of their life: vacuum early, and leave room for it in each page.
alter table {{ queue.table }} set (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

{% include "0002_claim.sql" %}

{% include "0002_settle.sql" %}

{% include "0002_letters.sql" %}
