# Relations of PostgreSQL that are not plain tables: partitions, children,
# views, foreign tables, hidden rows.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# two SQL... - $source and $target with the same in them.
two() {
	fresh_pg_db source
	pg "$source" "SET client_min_messages = error;" "$@"
	copy_db target "$source"
}

# rows_are STATUS [OPTION]... - the differences, on stdin; by all hashes alike.
rows_are() {
	local want hash
	want=$(sort)
	for hash in auto md5 sha256; do
		run "-$1" "$TRUEUP" diff -f rows --hash=$hash "${@:2}" \
		    "$source" "$target"
		is "$(sort <<<"$output")" "$want"
	done
}

# loopback DATABASE - a foreign server in it that is the database itself.
loopback() {
	pg "$1" "CREATE EXTENSION IF NOT EXISTS postgres_fdw;" \
	    "CREATE SERVER self FOREIGN DATA WRAPPER postgres_fdw OPTIONS" \
	    " (host '127.0.0.1', port '$TRUEUP_PG_PORT', dbname '${1##*/}');" \
	    "CREATE USER MAPPING FOR PUBLIC SERVER self OPTIONS" \
	    " (user 'trueup', password_required 'false');"
}

partitioned_sql() {
	cat <<'END'
CREATE TABLE h(id int PRIMARY KEY, x text) PARTITION BY HASH (id);
CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE l(id int, k text, x text, PRIMARY KEY (id, k))
 PARTITION BY LIST (k);
CREATE TABLE l_a PARTITION OF l FOR VALUES IN ('a', 'b');
CREATE TABLE l_rest PARTITION OF l DEFAULT;
CREATE TABLE r(id int, d date, x text) PARTITION BY RANGE (d);
CREATE TABLE r_old PARTITION OF r FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE r_new PARTITION OF r FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
 PARTITION BY LIST (id);
CREATE TABLE r_new_1 PARTITION OF r_new FOR VALUES IN (1, 2, 3);
CREATE TABLE r_new_x(x text, gone int, d date, id int);
ALTER TABLE r_new_x DROP COLUMN gone;
ALTER TABLE r_new ATTACH PARTITION r_new_x DEFAULT;
CREATE UNIQUE INDEX ON r(id, d);
INSERT INTO h SELECT i, 'x' || i FROM generate_series(1, 100) i;
INSERT INTO l SELECT i, chr(96 + i), 'x' FROM generate_series(1, 5) i;
INSERT INTO r SELECT i, date '2023-12-30' + i, 'x'
 FROM generate_series(1, 9) i;
ALTER TABLE r ALTER id SET NOT NULL, ALTER d SET NOT NULL;
CREATE TABLE refers(id int PRIMARY KEY, h int REFERENCES h, n int
 REFERENCES refers);
INSERT INTO refers SELECT i, i, i - 1 FROM generate_series(1, 0) i;
END
}

@test "rows move between partitions, of every kind" {
	two "$(partitioned_sql)"
	rows_are 0 </dev/null
	pg "$target" "UPDATE h SET x = 'z' WHERE id IN (7, 8);" \
	    "UPDATE l SET k = 'q' WHERE id = 1; DELETE FROM l WHERE id = 4;" \
	    "INSERT INTO l VALUES (9, 'a', 'new');" \
	    "UPDATE r SET d = '2023-01-01' WHERE id = 4;" \
	    "UPDATE r SET x = 'y' WHERE id = 9;"
	rows_are 1 <<-'END'
	~ h id=7, x='z'->'x7'
	~ h id=8, x='z'->'x8'
	+ l id=1, k='a', x='x'
	- l id=1, k='q', x='x'
	+ l id=4, k='d', x='x'
	- l id=9, k='a', x='new'
	- r id=4, d=2023-01-01, x='x'
	+ r id=4, d=2024-01-03, x='x'
	~ r id=9, d=2024-01-08, x='y'->'x'
	END
	round_trip "$source" "$target"
	# With another key the row itself moves.
	rows_are 1 -t l --key=id <<-'END'
	~ l id=1, k='q'->'a', x='x'
	+ l id=4, k='d', x='x'
	- l id=9, k='a', x='new'
	END
	round_trip "$source" "$target" -t l --key=id
}

@test "a partition is compared when it is named, and with a plain table" {
	two "$(partitioned_sql)"
	pg "$target" "DELETE FROM h0 WHERE id = (SELECT min(id) FROM h0);" \
	    "UPDATE h1 SET x = 'z' WHERE id = (SELECT max(id) FROM h1);"
	first=$(pg "$source" "SELECT min(id) FROM h0")
	last=$(pg "$source" "SELECT max(id) FROM h1")
	rows_are 1 -t h0 <<<"+ h0 id=$first, x='x$first'"
	rows_are 1 -t h1 <<<"~ h1 id=$last, x='z'->'x$last'"
	run -2 "$TRUEUP" diff -t 'h[01]' "$source" "$target"
	rows_are 1 -t 'h*' <<-END
	+ h id=$first, x='x$first'
	~ h id=$last, x='z'->'x$last'
	END
	round_trip "$source" "$target" -t h0

	# The same names, but nothing there is a partition.
	fresh_pg_db target
	pg "$target" "CREATE TABLE h0(id int PRIMARY KEY, x text);" \
	    "CREATE TABLE h(id int PRIMARY KEY, x text);"
	for t in h h0; do
		pg "$source" "COPY (TABLE $t) TO STDOUT" >rows
		"${TRUEUP_PG_BIN:+$TRUEUP_PG_BIN/}psql" -XqAt "$target" \
		    -c "\\copy $t from rows"
	done
	rows_are 0 --common </dev/null
	run -0 "$TRUEUP" diff --common "$target" "$source"
	pg "$target" "UPDATE h0 SET x = 'z' WHERE id = (SELECT min(id) FROM h0)"
	id=$(pg "$target" "SELECT min(id) FROM h0")
	rows_are 1 --common <<<"~ h0 id=$id, x='z'->'x$id'"
	round_trip "$source" "$target" --common
	round_trip "$target" "$source" -t h0
}

@test "a foreign key to a partitioned table orders rows once" {
	two "$(partitioned_sql)" \
	    "INSERT INTO refers VALUES (1, 1, NULL), (2, 2, 1), (3, 3, 2);"
	pg "$target" "TRUNCATE refers; DELETE FROM h WHERE id < 5;"
	round_trip "$source" "$target"
	round_trip "$target" "$source"
}

@test "parents and children of inheritance are read and written alone" {
	two "CREATE TABLE p(id int PRIMARY KEY, x text);" \
	    "CREATE TABLE c(y int, PRIMARY KEY (id)) INHERITS (p);" \
	    "CREATE TABLE cc(z int, PRIMARY KEY (id)) INHERITS (c);" \
	    "INSERT INTO p VALUES (1, 'p'), (2, 'p');" \
	    "INSERT INTO c VALUES (1, 'c', 1), (3, 'c', 1);" \
	    "INSERT INTO cc VALUES (1, 'cc', 1, 1);"
	rows_are 0 </dev/null
	pg "$target" "UPDATE ONLY p SET x = 'z' WHERE id = 1;" \
	    "DELETE FROM ONLY c WHERE id = 1; DELETE FROM cc;"
	rows_are 1 <<-'END'
	+ c id=1, x='c', y=1
	+ cc id=1, x='cc', y=1, z=1
	~ p id=1, x='z'->'p'
	END
	round_trip "$source" "$target"
	round_trip "$target" "$source"
	# Without keys, rows of children are not those of the parent.
	round_trip "$target" "$source" --key=none
}

@test "views and foreign tables can be read; they are no target" {
	two "CREATE TABLE t(id int PRIMARY KEY, x text);" \
	    "INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 50) i;" \
	    "CREATE VIEW v AS SELECT * FROM t WHERE id < 40;" \
	    "CREATE MATERIALIZED VIEW m AS SELECT * FROM t;" \
	    "CREATE UNIQUE INDEX ON m(id);" \
	    "CREATE VIEW editable AS SELECT id, x FROM t;"
	pg "$target" "UPDATE t SET x = 'z' WHERE id = 7"
	rows_are 1 <<<"~ t id=7, x='z'->'x7'"
	rows_are 1 -t v --key=id <<<"~ v id=7, x='z'->'x7'"
	rows_are 0 -t m </dev/null # stale
	pg "$target" "REFRESH MATERIALIZED VIEW m"
	rows_are 1 -t m --key=id <<<"~ m id=7, x='z'->'x7'"
	for name in v m editable; do
		for how in "diff -f sql" "sync --max-delete=100%"; do
			run -1 --separate-stderr "$TRUEUP" $how -t $name \
			    --key=id "$source" "$target"
			[[ $output != *UPDATE* ]]
			[[ $output$stderr == *"no patch can "* ]]
		done
		[[ $output == *"the target is a "*"view, which no patch"* ]]
	done
	is "$(pg "$target" "SELECT x FROM t WHERE id = 7")" z
	# As a source they are as good as a table.
	round_trip "$source" "$target" --map=m:t -t m --common
	run -0 "$TRUEUP" sync --map=editable:t -t editable --key=id --common \
	    "$source" "$target"
	rows_are 0 -t t </dev/null
}

@test "a materialized view that was never filled is an error" {
	two "CREATE MATERIALIZED VIEW m AS SELECT 1 AS id WITH NO DATA"
	run --separate-stderr "$TRUEUP" diff -t m "$source" "$target"
	[ "$status" -ge 4 ]
	[[ $stderr == *"has not been populated"* ]]
}

@test "foreign tables" {
	two "CREATE TABLE t(id int PRIMARY KEY, x text, f float8, d timestamptz);" \
	    "INSERT INTO t SELECT i, 'x' || i, i / 3.0, '2024-01-01 UTC'" \
	    " FROM generate_series(1, 500) i;"
	for db in "$source" "$target"; do
		loopback "$db"
		pg "$db" "CREATE FOREIGN TABLE f(id int NOT NULL, x text," \
		    " f float8, d timestamptz) SERVER self" \
		    " OPTIONS (table_name 't');"
	done
	pg "$target" "UPDATE t SET f = f + 1e-13 WHERE id = 250;" \
	    "DELETE FROM t WHERE id = 500;"
	for hash in auto md5; do
		run -1 "$TRUEUP" diff -f rows --hash=$hash -t f --key=id \
		    "$source" "$target"
		[ "${#lines[@]}" -eq 2 ]
	done
	run -1 "$TRUEUP" sync -t f --key=id "$source" "$target"
	[[ $output == *"the target is a foreign table, which no patch can write"* ]]
	run -0 "$TRUEUP" diff --map=f:t -t f --common "$source" "$source"
	run -0 "$TRUEUP" sync --map=f:t -t f --common "$source" "$target"
	run -0 "$TRUEUP" diff -t t -t f --key=f:id "$source" "$target"
}

@test "a file as a foreign table" {
	two "CREATE EXTENSION file_fdw;" \
	    "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;" \
	    "CREATE FOREIGN TABLE f(id int, x text) SERVER files OPTIONS" \
	    " (program 'printf ''1,a\n2,b\n''', format 'csv');" \
	    "CREATE TABLE t(id int PRIMARY KEY, x text);" \
	    "INSERT INTO t VALUES (1, 'a'), (2, 'c');"
	rows_are 1 --map=f:t -t f --common <<<"~ t id=2, x='c'->'b'"
	round_trip "$source" "$target" --map=f:t -t f --common
}

@test "NOT NULL of a foreign table is a promise that nobody keeps" {
	two "CREATE TABLE t(id int, x text);" \
	    "INSERT INTO t VALUES (1, 'a'), (2, NULL), (NULL, 'c');"
	for db in "$source" "$target"; do
		loopback "$db"
		pg "$db" "CREATE FOREIGN TABLE f(id int NOT NULL," \
		    " x text NOT NULL) SERVER self OPTIONS (table_name 't');" \
		    "CREATE TABLE p(id int NOT NULL, x text NOT NULL)" \
		    " PARTITION BY LIST (id);" \
		    "CREATE FOREIGN TABLE p1 PARTITION OF p DEFAULT" \
		    " SERVER self OPTIONS (table_name 't');"
	done
	rows_are 0 -t f -t p </dev/null
	pg "$target" "UPDATE t SET x = '' WHERE x IS NULL;"
	for t in f p; do
		rows_are 1 -t $t <<-END
		- $t id=2, x=''
		+ $t id=2, x=NULL
		END
	done
}

@test "rows that a policy hides are an error, not a difference" {
	two "CREATE TABLE t(id int PRIMARY KEY, owner text);" \
	    "INSERT INTO t VALUES (1, 'a'), (2, 'b');" \
	    "ALTER TABLE t ENABLE ROW LEVEL SECURITY;" \
	    "CREATE POLICY p ON t USING (owner = 'a');" \
	    "GRANT SELECT ON t TO pwuser;"
	plain=${source/trueup@/pwuser:secret-pw@}
	run --separate-stderr "$TRUEUP" diff "$plain" "$target"
	[ "$status" -ge 4 ]
	[[ $stderr == *"row-level security"*BYPASSRLS* ]]
	[[ $stderr != *secret-pw* ]]
	run --separate-stderr "$TRUEUP" diff "$target" "$plain"
	[ "$status" -ge 4 ]
	run -0 "$TRUEUP" diff "$source" "$target"
}

@test "temporary tables are nobody else's; unlogged ones are tables" {
	two "CREATE UNLOGGED TABLE u(id int PRIMARY KEY, x text);" \
	    "INSERT INTO u VALUES (1, 'a');"
	{
		echo "CREATE TEMP TABLE tt(id int); INSERT INTO tt VALUES (1);"
		echo "\\! \"$TRUEUP\" diff -f rows \"$source\" \"$target\" >out"
	} | pg "$source"
	is "$(cat out)" ""
	pg "$target" "UPDATE u SET x = 'b'"
	rows_are 1 <<<"~ u id=1, x='b'->'a'"
	round_trip "$source" "$target"
}

@test "generated and identity columns" {
	two "CREATE TABLE g(id int PRIMARY KEY, a int," \
	    " b int GENERATED ALWAYS AS (a * 2) STORED);" \
	    "CREATE TABLE i(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY," \
	    " n smallserial, x text);" \
	    "INSERT INTO g VALUES (1, 1), (2, 2);" \
	    "INSERT INTO i(x) VALUES ('a'), ('b'), ('c');"
	pg "$target" "UPDATE g SET a = 5 WHERE id = 2; DELETE FROM i WHERE id = 3;" \
	    "UPDATE i SET x = 'z' WHERE id = 1;" \
	    "SELECT setval('i_id_seq', 2), setval('i_n_seq', 2)" >/dev/null
	rows_are 1 <<-'END'
	~ g id=2, a=5->2, b=10->4
	~ i id=1, n=1, x='z'->'a'
	+ i id=3, n=3, x='c'
	END
	round_trip "$source" "$target"
	run -0 "$TRUEUP" sync "$source" "$target"
	is "$(pg "$target" "INSERT INTO i(x) VALUES ('d') RETURNING id, n")" '4|4'
}
