create table items (name text, price int);
insert into items values ('tea', 3), ('cake', 5);
