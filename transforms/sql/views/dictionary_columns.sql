-- Grain: one row per column of the tables and views of this file. Key: table_name, name.
select
    table_name,
    column_name as name,
    lower(data_type) as type,
    comment as says
from duckdb_columns()
where database_name = current_database() and not internal
order by table_name, column_index
