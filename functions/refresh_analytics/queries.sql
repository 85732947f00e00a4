-- name: fold
-- A page of changes into the roll-ups.
select nightshift.fold_analytics(%(page)s::int) as folded;

-- name: views
-- The views in their order.
select name from unnest(nightshift.analytics_views()) with ordinality as v (name, number) order by number;

-- name: refresh
-- One view anew; the ledger's row of it.
select duration, rows, error from nightshift.refresh_view(%(view)s::text);

-- name: note
-- What the refresh itself could not write down.
select duration, rows, error from nightshift.note_refresh(
    %(view)s::text, %(started)s::timestamptz, null, %(error)s::text);
