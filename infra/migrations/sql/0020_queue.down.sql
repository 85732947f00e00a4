delete from requeue_waves where queue = '{{ queue.table }}';
delete from queues where name = '{{ queue.table }}';
drop table {{ queue.table }} cascade;
do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p
             where p.pronamespace = 'nightshift'::regnamespace and p.proname ~ '_{{ queue.table }}$'
    loop
        execute format('drop function %s', f);
    end loop;
end
$$;
