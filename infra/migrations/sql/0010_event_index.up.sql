-- Ids that programs make are compared byte by byte, and what differs comes first: half the work for each settlement.
drop index webhook_retry_queue_event;
create unique index webhook_retry_queue_event on webhook_retry_queue (webhook_event_id collate "C", webhook_type collate "C")
    with (deduplicate_items = off);
