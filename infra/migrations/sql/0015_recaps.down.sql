drop function nightshift.claim_batch_rows, nightshift.claim_recap_batch, nightshift.finish_recap_batch,
    nightshift.bind_recaps, nightshift.write_recaps, nightshift.reserve_recaps, nightshift.claim_recaps,
    nightshift.recap_facts, nightshift.plan_recaps;
drop index users_recaps;
drop table recap_channel, recap_spend, recap_work, recap_batches;
