create table items as select 2 as items;
