drop function nightshift.depth;
{% for queue in queues %}
drop function nightshift.depth_{{ queue.table }};
{% endfor %}
