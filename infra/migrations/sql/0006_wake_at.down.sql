alter table {{ queue.table }}
    add column wake_at timestamptz generated always as (
        case when held then null
             when status = 'pending' then {{ queue.due }}
             when status = 'processing' then locked_until end) stored,
    set (fillfactor = 80);
create index {{ queue.table }}_wake on {{ queue.table }} (wake_at, id) where wake_at is not null;
