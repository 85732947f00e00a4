-- The views tell it: a generated column is computed anew at each step of a row.
alter table {{ queue.table }} drop column wake_at;
