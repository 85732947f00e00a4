-- Put the mail that an event asks for into the queue, as the caller wrote it ahead, knowing no more than the event. Two gaps
-- are left in one about an order: {order_id}, and {name} of whoever bought, which goes with the blank before it where there
-- is none; one about an invoice has no gaps, and what looks like one in it are the customer's words.
-- Answers whether it was put. It is not where the templates might have made another mail of the rows: the order is about
-- something else than the event told, the name has to be escaped, nobody is to get it, or its key is taken.
create function nightshift.queue_stripe_mail(p_notice text, p_order uuid, p_mail jsonb) returns boolean
language plpgsql as $$
begin
    insert into email_queue (to_email, subject, html, text, email_type, idempotency_key)
    select whom.email, m.subject,
           replace(replace(m.html, '{order_id}', whom.order_id), ' {name}', whom.name),
           replace(replace(m.text, '{order_id}', whom.order_id), ' {name}', whom.name),
           m.email_type, replace(m.key, '{order_id}', whom.order_id)
    from jsonb_to_record(p_mail) as m(
        notice text, "to" text, key text, email_type text, subject text, html text, text text,
        essence int, amount_total bigint, currency text)
    left join orders o on o.id = p_order
    left join users u on u.id = o.user_id
    cross join lateral (
        select coalesce(m."to", nullif(o.email, ''), nullif(u.email, '')),
               case when o.id is null then ' {name}' else coalesce(' ' || nullif(coalesce(u.display_name, u.username), ''), '') end,
               coalesce(o.id::text, '{order_id}')) as whom(email, name, order_id)
    where m.notice = p_notice and whom.email is not null and whom.name !~ '[\n&<>"'']'
      and (o.essence, o.amount_total, o.currency) is not distinct from (m.essence, m.amount_total, m.currency)
    on conflict (idempotency_key) where idempotency_key is not null do nothing;
    return found;
end
$$;
