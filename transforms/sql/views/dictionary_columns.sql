-- Grain: one row per column of the tables and views of this file. Key: table_name, column_name.
select
    table_name,
    column_name,
    lower(data_type) as data_type,
    comment as says
from duckdb_columns()
where database_name = current_database() and not internal
order by table_name, column_index
