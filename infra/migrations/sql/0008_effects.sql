-- Do what an event asks for, once its row is safe. Answers what somebody should be told by mail (receipt and order_failed of
-- an order, invoice_failed), and which order it is about.
create function nightshift.apply_stripe_facts(p_family text, p_facts jsonb, out notice text, out order_id uuid)
language plpgsql as $$
begin
    case p_family
        when 'checkout' then order_id := nightshift.note_checkout(p_facts);
        when 'payment' then order_id := nightshift.note_payment(p_facts);
        when 'subscription' then perform nightshift.mirror_subscription(p_facts);
        when 'invoice' then
            if nightshift.mirror_invoice(p_facts) and p_facts ->> 'status' = 'payment_failed' then
                notice := 'invoice_failed';
            end if;
        when 'nothing' then null;
    end case;
    if order_id is not null then
        if nightshift.settle_order(order_id) then
            notice := 'receipt';
        elsif p_facts ->> 'outcome' = 'failed' and exists (select from orders o where o.id = order_id and o.status = 'failed') then
            notice := 'order_failed';
        end if;
    end if;
end
$$;

-- Do everything that one recorded event asks for, exactly once: its row is locked first and marked processed with it.
-- Answers `processed`; `done` if it was before; `busy` if another call is at it (or the event is not recorded).
create or replace function nightshift.apply_stripe_event(p_event_id text, p_family text, p_facts jsonb)
returns table (verdict text, notice text, order_id uuid)
language plpgsql as $$
declare
    v_status text;
begin
    select e.status into v_status from webhook_events e
    where e.provider = 'stripe' and e.event_id = p_event_id for update skip locked;
    if not found then
        verdict := 'busy';
    elsif v_status in ('processed', 'ignored') then
        verdict := 'done';
    else
        select f.notice, f.order_id into notice, order_id from nightshift.apply_stripe_facts(p_family, p_facts) f;
        update webhook_events e
        set status = 'processed', processed_at = clock_timestamp(), error = null
        where e.provider = 'stripe' and e.event_id = p_event_id;
        verdict := 'processed';
    end if;
    return next;
end
$$;
