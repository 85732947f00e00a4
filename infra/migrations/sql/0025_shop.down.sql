drop function purchase_item_atomic(uuid, uuid, boolean, uuid, text, text);
drop function nightshift.purchase_item(uuid, uuid, boolean, uuid, text, text);
create index essence_transactions_user on essence_transactions (user_id, created_at desc);
drop index essence_transactions_page;
comment on column essence_transactions.related_item_id is null;
alter table essence_transactions drop column answer, drop column request, drop column idempotency_key;
drop table user_items;
drop table items;
