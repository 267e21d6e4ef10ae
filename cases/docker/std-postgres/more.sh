#!/bin/sh
exec psql --username="$POSTGRES_USER" --command="create table cakes as select 'cake' as name"
