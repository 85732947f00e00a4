drop trigger bell_opened on queues;
drop function nightshift.ring_opened;
{% for queue in queues %}
drop trigger bell_requeued on {{ queue.table }};
drop trigger bell_inserted on {{ queue.table }};
drop function nightshift.ring_{{ queue.table }};
{% endfor %}
drop function nightshift.ring_requeued;
