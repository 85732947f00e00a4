drop function apply_daily_decay(date, text);
drop index score_history_decay;
alter table score_history drop column decay_date;
