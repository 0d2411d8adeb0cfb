-- Grain: one row per macro of this file. Key: macro_name.
select
    function_name as macro_name,
    list_aggregate(parameters, 'string_agg', ', ') as takes,
    comment as says,
    function_type as kind
from duckdb_functions()
where
    database_name = current_database()
    and not internal
    and function_type in ('macro', 'table_macro')
order by function_name
