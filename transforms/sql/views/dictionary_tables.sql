-- Grain: one row per table or view of this file, with what it says of itself. Key: relation.
select
    table_name as relation,
    'table' as kind,
    comment as says
from duckdb_tables()
where database_name = current_database() and not internal
union all
select
    view_name as relation,
    'view' as kind,
    comment as says
from duckdb_views()
where database_name = current_database() and not internal
order by relation
