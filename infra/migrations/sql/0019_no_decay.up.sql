{% include "0015_facts.sql" %}

-- What was written meanwhile: nobody loses so much in a day.
update daily_summaries set decay_applied = 0 where decay_applied = 999;
