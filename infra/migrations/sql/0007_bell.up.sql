-- A run that has nothing to do listens on the channel `nightshift.<table>` and holds a shared lock on the hash of that name.
-- Who inserts rings only while somebody holds it: a commit that notifies takes a lock of the whole server, so that no
-- other one can share its flush to disk. Taking the lock and giving it back is one expression, which nothing interrupts.
-- No function of ours is called in here: who may insert needs no right to call one.

{% for queue in queues %}
{% include "0007_ring.sql" %}

{% endfor %}
-- Dead letters were brought back, to be sent at once: seldom enough to ring whoever waits, or nobody.
create function nightshift.ring_requeued() returns trigger
language plpgsql as $$
begin
    perform pg_notify('nightshift.' || tg_table_name, '');
    return null;
end
$$;
{% for queue in queues %}
{% include "0007_ring_requeued.sql" %}

{% endfor %}

-- A queue was resumed, or its breaker closed: whatever it holds may go out.
create function nightshift.ring_opened() returns trigger
language plpgsql as $$
begin
    perform pg_notify('nightshift.' || new.name, '');
    return null;
end
$$;
create trigger bell_opened after update of paused_at, opened_at on queues for each row
    when ((old.paused_at is not null or old.opened_at is not null) and new.paused_at is null and new.opened_at is null)
    execute function nightshift.ring_opened();

revoke execute on all functions in schema nightshift from public;
