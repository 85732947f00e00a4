drop view nightshift.due_rows;
