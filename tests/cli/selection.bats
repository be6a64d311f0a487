# What is compared with what: patterns, maps, columns, keys, conditions, queries,
# schemas; and the shapes of tables.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

setup() {
	cd "$BATS_TEST_TMPDIR"
	lite a.db 'CREATE TABLE orders(id integer PRIMARY KEY, x text, y int);
	    INSERT INTO orders VALUES (1, '\'a\'', 1), (2, '\'b\'', 2), (3, '\'c\'', 3);
	    CREATE TABLE log_1(id integer PRIMARY KEY, m); INSERT INTO log_1 VALUES (1, 1);
	    CREATE TABLE log_2(id integer PRIMARY KEY, m);
	    CREATE VIEW v AS SELECT * FROM orders;'
	cp a.db b.db
	lite b.db "UPDATE orders SET x = 'z' WHERE id = 2; DELETE FROM log_1;"
}

# differ STATUS [ARG]... - diff -f rows of a.db and b.db, or of $a and $b, ends so
# and says what is on stdin.
differ() {
	local want=$1 said
	said=$(cat)
	shift
	run "-$want" --separate-stderr "$TRUEUP" diff -f rows "$@" \
	    "${a:-a.db}" "${b:-b.db}"
	is "$output" "$said"
	is "$stderr" ""
}

# refuse STATUS MESSAGE [ARG]... - it fails with this first line of stderr.
refuse() {
	local want=$1 message=$2
	shift 2
	run "-$want" --separate-stderr "$TRUEUP" diff -f rows "$@" \
	    "${a:-a.db}" "${b:-b.db}"
	is "${stderr_lines[0]}" "trueup diff: $message"
}

# new_pg - $a and $b, empty databases, and SQL for both.
new_pg() {
	fresh_pg_db a
	fresh_pg_db b
	pg "$a" "$@"
	pg "$b" "$@"
}

# --- tables -----------------------------------------------------------------------

@test "patterns choose tables" {
	differ 1 <<-'END'
	+ log_1 id=1, m=1
	~ orders id=2, x='z'->'b', y=2
	END
	differ 1 -t 'log_*' <<<'+ log_1 id=1, m=1'
	differ 1 -t orders -t log_2 <<<"~ orders id=2, x='z'->'b', y=2"
	differ 1 -t 'log_[13]' <<<'+ log_1 id=1, m=1'
	differ 0 -t 'log_?' -T log_1 </dev/null
	differ 1 -t ORDERS <<<"~ orders id=2, x='z'->'b', y=2"
	run -1 "$TRUEUP" diff -f rows a.db b.db 'log_*'
	is "$output" '+ log_1 id=1, m=1'
}

@test "a pattern that matches nothing is an error" {
	refuse 2 "no table on either side matches 'nope'" -t nope
	refuse 2 "no table on either side matches 'nope*'" -t orders -t 'nope*'
	refuse 2 "--exclude-table: no table on either side matches 'nope'" -T nope
	refuse 2 "--map=nope:log_1: the source has no table of that name" --map=nope:log_1
	refuse 2 "--map=log_1:nope: the target has no table of that name" --map=log_1:nope
	refuse 2 "--map needs SOURCE-TABLE:TARGET-TABLE, not 'orders'" --map=orders
}

@test "what only one side has is named and a difference, unless --common" {
	lite a.db 'CREATE TABLE mine(x); ALTER TABLE orders ADD COLUMN p;'
	lite b.db 'CREATE TABLE yours(x); ALTER TABLE orders ADD COLUMN q;
	    ALTER TABLE log_2 ADD COLUMN more;'
	differ 1 <<-'END'
	< mine only in the source
	> yours only in the target
	+ log_1 id=1, m=1
	> log_2.more only in the target
	~ orders id=2, x='z'->'b', y=2
	< orders.p only in the source
	> orders.q only in the target
	END
	differ 1 --common <<-'END'
	+ log_1 id=1, m=1
	~ orders id=2, x='z'->'b', y=2
	END
	differ 1 -t mine <<<'< mine only in the source'
	differ 1 -t log_2 <<<'> log_2.more only in the target'
	differ 0 -t log_2 --common </dev/null
	differ 0 -t log_2 --exclude-columns=more </dev/null
	run -1 "$TRUEUP" diff -f csv a.db b.db -t '*s' -t mine
	[[ $output == *$'mine,only-source,,,,\r\n'* ]]
	[[ $output == *$'orders,only-target,,q,,\r'* ]]
	run -1 "$TRUEUP" diff -f stat a.db b.db
	[[ $output =~ mine\ +only\ in\ the\ source ]]
}

@test "views take part when they are named" {
	differ 1 -t v <<-'END'
	+ v id=2, x='b', y=2
	- v id=2, x='z', y=2
	END
	differ 1 -t v --key=v:id <<<"~ v id=2, x='z'->'b', y=2"
	# A view cannot be written, nor is that a reason to fail before looking.
	run -1 "$TRUEUP" sync --key=id a.db b.db v
	run -1 "$TRUEUP" diff -f sql --key=id a.db b.db v
	[[ $output != *UPDATE* ]]
	# A view against a table.
	lite b.db 'CREATE TABLE w AS SELECT * FROM orders;'
	differ 1 --map=v:w -t w --key=id <<<"~ w id=2, x='z'->'b', y=2"
}

@test "tables are mapped, also within one file" {
	lite b.db 'ALTER TABLE orders RENAME TO auftrag;'
	differ 1 --map=orders:auftrag -t auftrag <<<"~ auftrag id=2, x='z'->'b', y=2"
	a=a.db b=a.db
	differ 1 --map=log_1:log_2 -t log_2 --common <<<'+ log_2 id=1, m=1'
	run -0 "$TRUEUP" sync --map=log_1:log_2 --common a.db a.db log_2
	differ 0 --map=log_1:log_2 -t log_2 --common </dev/null
	is "$(lite a.db 'SELECT * FROM log_2;')" '1|1'
	# The same in one file under two names of it.
	ln -s a.db link.db
	b=link.db
	lite a.db 'UPDATE log_2 SET m = 2;'
	differ 1 --map=log_1:log_2 -t log_2 --common <<<'~ log_2 id=1, m=2->1'
	run -0 "$TRUEUP" sync --map=log_1:log_2 --common a.db link.db log_2
}

@test "names that differ in case and underscores meet, if that is unambiguous" {
	lite a.db 'CREATE TABLE InvoiceLine(InvoiceId int PRIMARY KEY, UnitPrice, "from");
	    INSERT INTO InvoiceLine VALUES (1, 2, 3);'
	lite b.db 'CREATE TABLE invoice_line(invoice_id int PRIMARY KEY, unit_price, "From");
	    INSERT INTO invoice_line VALUES (1, 2, 4);'
	differ 1 -t invoiceline <<<'~ invoice_line invoice_id=1, unit_price=2, From=4->3'
	run -0 "$TRUEUP" plan a.db b.db invoice_line
	[[ $output == *"invoice_line: from InvoiceLine, ignoring case and underscores"* ]]
	# Two of them: none is taken, all are named.
	lite b.db 'CREATE TABLE invoiceline_(x); CREATE TABLE orders_(id);'
	differ 1 -t 'invoice*' <<-'END'
	< InvoiceLine only in the source
	> invoice_line only in the target
	> invoiceline_ only in the target
	END
	# An exact name wins.
	differ 1 -t orders -t orders_ <<-'END'
	> orders_ only in the target
	~ orders id=2, x='z'->'b', y=2
	END
	# And so with columns.
	lite a.db 'CREATE TABLE c(id integer PRIMARY KEY, a_b);'
	lite b.db 'CREATE TABLE c(id integer PRIMARY KEY, ab, AB_);'
	differ 1 -t c <<-'END'
	< c.a_b only in the source
	> c.ab only in the target
	> c.AB_ only in the target
	END
	differ 1 -t c --map-column=a_b:ab <<<'> c.AB_ only in the target'
}

# --- columns ----------------------------------------------------------------------

@test "columns are chosen and left out" {
	differ 1 --columns=orders.x -t orders <<<"~ orders id=2, x='z'->'b'"
	differ 0 --columns=id,y -t orders </dev/null
	differ 0 --exclude-columns=orders.x -t orders </dev/null
	differ 1 --exclude-columns='orders.[yz]' -t orders <<<"~ orders id=2, x='z'->'b'"
	differ 0 --exclude-columns='x,m' -T log_1 </dev/null
	# Without its key a table is counted.
	differ 1 --exclude-columns=id -t orders <<-'END'
	+ orders x='b', y=2
	- orders x='z', y=2
	END
	refuse 2 "--columns=nope: no table compared has such a column" --columns=nope
	refuse 2 "--exclude-columns=orders.nope: no table compared has such a column" \
	    --exclude-columns=orders.nope
}

@test "columns are mapped" {
	lite b.db 'ALTER TABLE orders RENAME COLUMN x TO name; ALTER TABLE orders RENAME COLUMN y TO x;'
	differ 1 -t orders --map-column=orders.x:name --map-column=y:x \
	    <<<"~ orders id=2, name='z'->'b', x=2"
	refuse 2 "--map-column=x:nope: no table compared has such a column" --map-column=x:nope
	run -2 "$TRUEUP" diff --map-column=x a.db b.db
	round_trip a.db b.db -t orders --map-column=x:name --map-column=y:x
}

# --- keys -------------------------------------------------------------------------

@test "keys are named, or 'none'" {
	differ 1 -t orders --key=y <<<"~ orders y=2, id=2, x='z'->'b'"
	differ 1 -t orders --key=orders:id,y <<<"~ orders id=2, y=2, x='z'->'b'"
	differ 1 -t orders --key=x <<-'END'
	+ orders x='b', id=2, y=2
	- orders x='z', id=2, y=2
	END
	differ 1 -t orders --key=none <<-'END'
	+ orders id=2, x='b', y=2
	- orders id=2, x='z', y=2
	END
	differ 1 -t orders -t log_1 --key=orders:none <<-'END'
	+ log_1 id=1, m=1
	+ orders id=2, x='b', y=2
	- orders id=2, x='z', y=2
	END
	refuse 2 "--key: table 'orders' has no common column 'nope'" -t orders --key=nope
	round_trip a.db b.db --key=orders:y --key=log_1:m
	round_trip a.db b.db --key=none
}

@test "a key that is not unique is an error that says so" {
	lite a.db "INSERT INTO orders VALUES (4, 'b', 4);"
	for hash in stream md5; do
		refuse 5 "table 'orders': source: the key is not unique: two rows share it" \
		    -t orders --key=x --hash=$hash
		[[ $stderr == *"hint: name a unique key with --key, or --key=none"* ]]
	done
	# Whichever side it is, and nothing is written.
	cp a.db before.db
	run -5 "$TRUEUP" sync --key=orders:x b.db a.db orders
	[[ $output == *"target: the key is not unique"* ]]
	cmp a.db before.db
	new_pg 'CREATE TABLE t(a int, b text);'
	pg "$a" "INSERT INTO t VALUES (1, 'x'), (1, 'y'), (2, 'z');"
	refuse 5 "table 't': source: the key is not unique: two rows share it" --key=a
}

# --- rows -------------------------------------------------------------------------

@test "conditions choose rows" {
	differ 1 -t orders --where='id = 2' <<<"~ orders id=2, x='z'->'b', y=2"
	differ 0 -t orders --where='id <> 2' </dev/null
	differ 0 -t orders --where='id = 1 OR id = 3 -- all' </dev/null
	differ 1 -t orders --source-where='id = 1' --target-where='id = 3' <<-'END'
	+ orders id=1, x='a', y=1
	- orders id=3, x='c', y=3
	END
	differ 1 -t orders --where='id > 1' --target-where="x = 'c' OR x = 'a'" \
	    <<<"+ orders id=2, x='b', y=2"
	differ 1 -t orders --where="x = 'b'" <<<"+ orders id=2, x='b', y=2"
	refuse 4 "table 'orders': source: no such column: nope" -t orders --where='nope = 1'
	# Rows outside are not touched.
	run -0 "$TRUEUP" sync --where='id > 1' --source-where='id < 3' \
	    --max-delete=100% a.db b.db orders
	is "$(lite b.db 'SELECT * FROM orders;')" $'1|a|1\n2|b|2'
}

@test "conditions choose rows in PostgreSQL, whoever hashes" {
	new_pg "CREATE TABLE t(id int PRIMARY KEY, x text);
	    INSERT INTO t SELECT g, 'v' FROM generate_series(1, 1000) g;"
	pg "$b" "UPDATE t SET x = 'w' WHERE id % 100 = 0;"
	for hash in stream md5 sha256; do
		differ 0 --hash=$hash --where='id % 10 = 1' </dev/null
		differ 1 --hash=$hash --where='id > 900 OR id = 1' <<<"~ t id=1000, x='w'->'v'"
		differ 1 --hash=$hash --leaf-rows=10 --where='id > 400 AND id < 600' \
		    --source-where='id > 402 OR id = 1' --target-where='id <> 500' <<-'END'
		- t id=401, x='v'
		- t id=402, x='v'
		+ t id=500, x='v'
		END
	done
	differ 1 --where='id IN (500, 501)' <<<"~ t id=500, x='w'->'v'"
}

@test "a query can be a side" {
	differ 1 --source-query='SELECT id, upper(x) AS x, y FROM orders WHERE id < 3' \
	    --key=id -t orders <<-'END'
	~ orders id=1, x='a'->'A', y=1
	~ orders id=2, x='z'->'B', y=2
	- orders id=3, x='c', y=3
	END
	differ 1 --source-query='SELECT id, x FROM orders' \
	    --target-query='SELECT x, id FROM orders WHERE id < 3' --key=id <<-'END'
	~ query id=2, x='z'->'b'
	+ query id=3, x='c'
	END
	differ 1 --target-query='SELECT y, count(*) AS n FROM orders GROUP BY y' \
	    --source-query='SELECT y, 1 AS n FROM orders WHERE y < 3' --key=none <<<'- query y=3, n=1'
	refuse 2 "with a query on one side, name one TABLE of the other" \
	    --source-query='SELECT 1 AS id'
	refuse 4 "source: query: no such table: nope" \
	    --source-query='SELECT * FROM nope' -t orders
	run -0 "$TRUEUP" sync --source-query="SELECT id, upper(x) AS x, y FROM orders" \
	    --key=id a.db b.db orders
	is "$(lite b.db 'SELECT group_concat(x) FROM orders;')" A,B,C
	# A query cannot be written into, whatever it is made of.
	cp b.db before.db
	run ! "$TRUEUP" sync --target-query='SELECT * FROM orders' --key=id a.db b.db orders
	cmp b.db before.db
}

@test "a query can be a side in PostgreSQL and across" {
	new_pg "CREATE TABLE t(id int PRIMARY KEY, x text);
	    INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');"
	for hash in stream md5; do
		differ 1 --hash=$hash --source-query='SELECT id, x || id AS x FROM t WHERE id < 2' \
		    --target-query="SELECT id, x FROM t WHERE id <> 3;" --key=id <<-'END'
		~ query id=1, x='a'->'a1'
		- query id=2, x='b'
		END
	done
	b=a.db
	differ 0 --source-query="SELECT id, x, id AS y FROM t" --key=id -t orders </dev/null
}

# --- PostgreSQL ---------------------------------------------------------------------

@test "schemas: of both sides, of one, two of one database, and against SQLite" {
	new_pg "CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE TABLE s1.t(id int PRIMARY KEY, x text);
	    CREATE TABLE s2.t(id int PRIMARY KEY, x text); CREATE TABLE s2.u(id int PRIMARY KEY);
	    CREATE TABLE t(id int PRIMARY KEY, x text);
	    INSERT INTO s1.t VALUES (1, 'a'), (2, 'b'); INSERT INTO s2.t VALUES (1, 'a'), (3, 'c');
	    INSERT INTO t VALUES (1, 'p');"
	pg "$b" "UPDATE s2.t SET x = 'z' WHERE id = 3; UPDATE t SET x = 'q';"
	differ 1 <<-'END'
	~ t id=1, x='q'->'p'
	~ s2.t id=3, x='z'->'c'
	END
	differ 1 --schema=s2 <<<"~ s2.t id=3, x='z'->'c'"
	differ 1 -t 's2.*' <<<"~ s2.t id=3, x='z'->'c'"
	differ 1 -T s2.t <<<"~ t id=1, x='q'->'p'"
	refuse 2 "source: no table in schema 'nope'" --schema=nope
	differ 1 --map=s1.t:s2.t -t s2.t --common <<-'END'
	+ s2.t id=2, x='b'
	- s2.t id=3, x='z'
	END
	# Two schemas of one database; one-sided tables come with their schema.
	b=$a
	differ 1 --source-schema=s1 --schema=s2 <<-'END'
	> s2.u only in the target
	+ s2.t id=2, x='b'
	- s2.t id=3, x='c'
	END
	run -0 "$TRUEUP" sync --source-schema=s1 --schema=s2 --common "$a" "$a"
	differ 0 --source-schema=s1 --schema=s2 --common </dev/null
	# SQLite has no schemas: a name that is in several of the other's is refused.
	lite lite.db "CREATE TABLE t(id integer PRIMARY KEY, x text); INSERT INTO t VALUES (1, 'p');"
	b=lite.db
	run -5 "$TRUEUP" diff "$a" "$b" t
	[[ $output == *"t: cannot be compared: its name occurs in several schemas (choose with --schema and --source-schema, or --map)"* ]]
	differ 0 --source-schema=public -t t </dev/null
	differ 1 --source-schema=s1 -t t <<-'END'
	~ t id=1, x='p'->'a'
	+ t id=2, x='b'
	END
	differ 0 --map=public.t:t -t t --common </dev/null
}

@test "partitioned tables are one table, parents of inheritance only themselves" {
	new_pg "CREATE TABLE part(id int, d date, x text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
	    CREATE TABLE part_a PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
	    CREATE TABLE part_b PARTITION OF part FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
	    INSERT INTO part VALUES (1, '2020-05-05', 'a'), (2, '2021-05-05', 'b'), (3, '2021-06-06', 'c');
	    CREATE TABLE par(id int PRIMARY KEY, x text); CREATE TABLE chi(y int) INHERITS (par);
	    INSERT INTO par VALUES (1, 'p'), (2, 'q'); INSERT INTO chi VALUES (2, 'c', 5);"
	pg "$b" "UPDATE part SET d = '2020-12-31' WHERE id = 2; UPDATE part SET x = 'z' WHERE id = 3;
	    UPDATE chi SET x = 'cc';"
	for hash in stream md5; do
		differ 1 --hash=$hash <<-'END'
		+ chi id=2, x='c', y=5
		- chi id=2, x='cc', y=5
		- part id=2, d=2020-12-31, x='b'
		+ part id=2, d=2021-05-05, x='b'
		~ part id=3, d=2021-06-06, x='z'->'c'
		END
	done
	round_trip "$a" "$b"
	# The same in another cut.
	pg "$b" "DROP TABLE part; CREATE TABLE part(id int, d date, x text, PRIMARY KEY (id, d));
	    INSERT INTO part VALUES (1, '2020-05-05', 'a'), (2, '2021-05-05', 'b'), (3, '2021-06-06', 'c');"
	differ 0 -t part </dev/null
	run -0 "$TRUEUP" diff "$b" "$a" part
}

@test "views, materialized views and dropped columns in PostgreSQL" {
	new_pg "CREATE TABLE t(id int PRIMARY KEY, gone int, x text); ALTER TABLE t DROP COLUMN gone;
	    INSERT INTO t VALUES (1, 'a'), (2, 'b');
	    CREATE VIEW v AS SELECT id, x FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t;"
	pg "$b" "UPDATE t SET x = 'z' WHERE id = 2;"
	differ 1 <<<"~ t id=2, x='z'->'b'"
	differ 1 -t v --key=id <<<"~ v id=2, x='z'->'b'"
	differ 0 -t m </dev/null
	pg "$b" "REFRESH MATERIALIZED VIEW m;"
	differ 1 -t m --key=id <<<"~ m id=2, x='z'->'b'"
	differ 1 --map=t:v -t v --key=id --common <<<"~ v id=2, x='z'->'b'"
	round_trip "$a" "$b" -t t
}

# --- many columns -------------------------------------------------------------------

# wide COLUMNS - CREATE TABLE and two rows.
wide() {
	awk -v n="$1" 'BEGIN {
		printf "CREATE TABLE wide(c1 int PRIMARY KEY"
		for (i = 2; i <= n; i++)
			printf ", c%d smallint", i
		printf ");\nINSERT INTO wide VALUES (1"
		for (i = 2; i <= n; i++)
			printf ", %d", i
		printf "), (2"
		for (i = 2; i <= n; i++)
			printf ", %s", i % 2 ? "NULL" : i
		print ");"
	}'
}

@test "1600 columns in PostgreSQL" {
	new_pg
	wide 1600 | pg "$a"
	wide 1600 | pg "$b"
	for hash in stream md5 sha256; do
		differ 0 --hash=$hash </dev/null
	done
	pg "$b" "UPDATE wide SET c1600 = -1, c2 = NULL WHERE c1 = 2; DELETE FROM wide WHERE c1 = 1;"
	for hash in stream md5; do
		run -1 "$TRUEUP" diff --hash=$hash -f csv --where='c1 = 2' "$a" "$b"
		is "$output" $'table,op,key,column,source,target\r\nwide,update,2,c2,2,\r\nwide,update,2,c1600,1600,-1\r'
	done
	round_trip "$a" "$b"
}

@test "1600 columns across, 2000 in SQLite" {
	new_pg
	wide 1600 | pg "$a"
	wide 1600 | lite c.db
	b=c.db
	differ 0 </dev/null
	lite c.db 'UPDATE wide SET c1600 = -1, c2 = NULL WHERE c1 = 2; DELETE FROM wide WHERE c1 = 1;'
	round_trip "$a" "$b"
	round_trip "$b" "$a"
	wide 2000 | lite d.db
	cp d.db e.db
	lite e.db 'UPDATE wide SET c2000 = -1; DELETE FROM wide WHERE c1 = 1;'
	round_trip d.db e.db
}

@test "tables of SQLite with names that a statement might want for itself" {
	for name in a b c e k n q r s t x; do
		for db in names.db same.db; do
			lite $db "CREATE TABLE $name(k TEXT PRIMARY KEY, v);" \
			    "WITH RECURSIVE m(i) AS (SELECT 1 UNION ALL SELECT
				i + 1 FROM m WHERE i < 3000) INSERT INTO $name
				SELECT 'key ' || i, i FROM m;"
		done
	done
	for how in auto stream md5; do
		run -0 --separate-stderr "$TRUEUP" diff --hash=$how \
		    --leaf-rows=8 names.db same.db
		is "$output" "11 tables, 33,000 rows: equal"
	done
}
