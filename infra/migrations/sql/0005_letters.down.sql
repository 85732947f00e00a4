drop function nightshift.begin_wave, nightshift.advance_wave, nightshift.stop_wave;
drop function nightshift.requeue, nightshift.discard, nightshift.recall;
{% for queue in queues %}
drop function nightshift.recall_{{ queue.table }};
{% endfor %}
drop table requeue_waves;
drop view nightshift.queue_rows, nightshift.live_rows, nightshift.dead_rows;
drop function nightshift.plain_error;
drop index job_history_latest;
