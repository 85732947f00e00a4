drop index webhook_retry_queue_event;
create unique index webhook_retry_queue_event on webhook_retry_queue (webhook_type, webhook_event_id)
    with (deduplicate_items = off);
