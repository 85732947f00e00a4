drop table push_receipts;
alter table queues
    drop constraint queues_name_check,
    add constraint queues_name_check
        check (name in ('pending_responses', 'email_queue', 'webhook_retry_queue', 'alert_queue'));
