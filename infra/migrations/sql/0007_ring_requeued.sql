create trigger bell_requeued after update of requeued_at on {{ queue.table }}
    for each statement execute function nightshift.ring_requeued();
