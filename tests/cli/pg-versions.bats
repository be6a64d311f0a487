# The oldest PostgreSQL at hand against the newest: nothing that only the
# version changes is a difference, and what the newer one added is understood.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching
load ../lib/pg-samples

setup() {
	: "${TRUEUP_PG_NEW:?no server, see tests/lib/with-servers}"
	cd "$BATS_TEST_TMPDIR"
	version=$(pg "$TRUEUP_PG_NEW" "SHOW server_version_num")
	new_dbs=()
}

teardown() {
	drop_pg_dbs
	local name
	for name in "${new_dbs[@]}"; do
		pg "$TRUEUP_PG_NEW" "DROP DATABASE $name WITH (FORCE);"
	done
}

# new_pg_db VAR [OPTION] - as fresh_pg_db, on the newer server.
new_pg_db() {
	local __name=t_$$_${BATS_TEST_NUMBER:-0}_$RANDOM$RANDOM
	pg "$TRUEUP_PG_NEW" "CREATE DATABASE $__name TEMPLATE template0 ${2:-};"
	new_dbs+=("$__name")
	printf -v "$1" %s "${TRUEUP_PG_NEW%/*}/$__name"
}

# rows_of DATABASE - no pg_dump reads a server newer than itself.
rows_of() {
	{
		echo "SET client_encoding = 'UTF8'; SET timezone = 'UTC';"
		echo "SET extra_float_digits = 1; SET search_path = '';"
		pg "$1" "SELECT format('SELECT %L, t::text FROM ONLY %I.%I t;',
		    c.oid::regclass, n.nspname, c.relname) FROM pg_class c
		    JOIN pg_namespace n ON n.oid = c.relnamespace
		    WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|inf)'"
	} | pg "$1" | sort
}

needs() {
	[ "$version" -ge "$1" ] ||
	    { echo "PostgreSQL $(($1 / 10000)) or later is needed" && false; }
}

@test "Chinook is the same in both" {
	fresh_pg_db old
	new_pg_db new
	load_chinook_pg "$old"
	load_chinook_pg "$new"
	for hash in auto md5 sha256; do
		run -0 "$TRUEUP" diff --hash=$hash "$old" "$new"
		run -0 "$TRUEUP" diff --hash=$hash "$new" "$old"
	done
	run -0 "$TRUEUP" plan --hash=auto "$old" "$new"
	[[ $output == *"as they arrive"* ]]
	pg "$new" "UPDATE track SET unit_price = unit_price + 0.01 WHERE track_id % 100 = 0;" \
	    "DELETE FROM invoice_line WHERE invoice_line_id % 50 = 0;" \
	    "INSERT INTO genre VALUES (99, 'x');"
	round_trip "$old" "$new"
	round_trip "$new" "$old"
}

@test "values and keys of every type are the same in both" {
	fresh_pg_db old
	new_pg_db new
	# Not every build of the newer one can read XML.
	pg "$new" "SELECT '<a/>'::xml" >/dev/null 2>&1 || no_xml=1
	for db in old new; do
		{
			types_sql
			sample_sql value | if [ -n "${no_xml:-}" ]; then
				grep -v '_xml'
			else
				cat
			fi
		} | pg "${!db}"
	done
	for hash in auto md5 sha256; do
		run -0 "$TRUEUP" diff --hash=$hash "$old" "$new"
		run -0 "$TRUEUP" diff --hash=$hash "$new" "$old"
	done
	new_pg_db other
	{
		types_sql
		sample_sql other | if [ -n "${no_xml:-}" ]; then
			grep -v '_xml'
		else
			cat
		fi
	} | pg "$other"
	all=$(samples | if [ -n "${no_xml:-}" ]; then grep -v '^xml'; else cat; fi |
	    wc -l)
	for hash in auto md5; do
		run -1 "$TRUEUP" diff -f rows --hash=$hash "$old" "$other"
		is "$(grep -c '^~ v_' <<<"$output")" "$all"
		is "$(grep -c '^+ k_' <<<"$output")" "$all"
	done
	round_trip "$old" "$other"
	round_trip "$other" "$old"
}

@test "generated columns that are computed when they are read" {
	needs 180000
	fresh_pg_db old
	new_pg_db new
	pg "$old" "CREATE TABLE t(id int PRIMARY KEY, a int," \
	    " b int GENERATED ALWAYS AS (a * 2) STORED);" \
	    "INSERT INTO t(id, a) SELECT i, i FROM generate_series(1, 100) i;"
	pg "$new" "CREATE TABLE t(id int PRIMARY KEY, a int," \
	    " b int GENERATED ALWAYS AS (a * 2));" \
	    "INSERT INTO t(id, a) SELECT i, i FROM generate_series(1, 100) i;"
	is "$(pg "$new" "SELECT attgenerated FROM pg_attribute WHERE attname = 'b'
	    AND attrelid = 't'::regclass")" v
	for hash in auto md5; do
		run -0 "$TRUEUP" diff --hash=$hash "$old" "$new"
		run -0 "$TRUEUP" diff --hash=$hash "$new" "$old"
	done
	pg "$new" "UPDATE t SET a = -1 WHERE id = 5; DELETE FROM t WHERE id = 6;"
	run -1 "$TRUEUP" diff -f rows "$old" "$new"
	is "$output" $'~ t id=5, a=-1->5, b=-2->10\n+ t id=6, a=6, b=12'
	round_trip "$old" "$new"
	round_trip "$new" "$old"
}

@test "collations of the server's own order by bytes" {
	needs 170000
	fresh_pg_db old "LOCALE 'C.UTF-8'"
	new_pg_db new "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
	pg "$old" "CREATE TABLE t(k text PRIMARY KEY, c text COLLATE \"C\" UNIQUE NOT NULL);"
	pg "$new" "CREATE TABLE t(k text PRIMARY KEY, c text COLLATE pg_c_utf8 UNIQUE NOT NULL);"
	sql="INSERT INTO t SELECT x, x FROM (SELECT CASE i % 4 WHEN 0 THEN 'a'
	     WHEN 1 THEN 'B' WHEN 2 THEN 'é' ELSE '😀' END || i
	     FROM generate_series(1, 2000) i) s(x);"
	pg "$old" "$sql"
	pg "$new" "$sql"
	for key in k c; do
		run -0 "$TRUEUP" plan --key=$key "$old" "$new"
		[[ $output == *"leaves: "*"range"* ]]
		for hash in auto md5; do
			run -0 "$TRUEUP" diff --key=$key --hash=$hash "$old" "$new"
		done
	done
	pg "$new" "DELETE FROM t WHERE k IN ('a4', '😀3'); UPDATE t SET k = 'É2' WHERE k = 'é2'"
	run -1 "$TRUEUP" diff -f rows "$old" "$new"
	[ "${#lines[@]}" -eq 4 ]
	round_trip "$old" "$new"
	new_pg_db icu "LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'"
	pg "$icu" "CREATE TABLE t(k text PRIMARY KEY, c text COLLATE pg_c_utf8 UNIQUE NOT NULL);" "$sql"
	run -0 "$TRUEUP" diff "$old" "$icu"
	run -0 "$TRUEUP" plan "$old" "$icu"
	[[ $output == *"leaves: buckets"* ]]
}

@test "NOT NULL that was never checked holds NULL" {
	needs 180000
	fresh_pg_db old
	new_pg_db new
	pg "$old" "CREATE TABLE t(id int PRIMARY KEY, x text, k int UNIQUE);" \
	    "INSERT INTO t VALUES (1, 'a', 1), (2, NULL, NULL), (3, NULL, NULL);"
	pg "$new" "CREATE TABLE t(id int PRIMARY KEY, x text, k int UNIQUE);" \
	    "INSERT INTO t VALUES (1, 'a', 1), (2, NULL, NULL), (3, '', NULL);" \
	    "ALTER TABLE t ADD CONSTRAINT x NOT NULL x NOT VALID," \
	    " ADD CONSTRAINT k NOT NULL k NOT VALID;"
	for hash in auto md5 sha256; do
		run -1 "$TRUEUP" diff -f rows --hash=$hash "$old" "$new"
		is "$output" "~ t id=3, x=''->NULL, k=NULL"
		run -1 "$TRUEUP" diff -f rows --hash=$hash "$new" "$old"
		is "$output" "~ t id=3, x=NULL->'', k=NULL"
	done
	round_trip "$new" "$old"
	# Valid ones are constraints of their own, and no keys.
	pg "$new" "UPDATE t SET x = '', k = id; ALTER TABLE t VALIDATE CONSTRAINT x"
	round_trip "$new" "$old"
	run -1 "$TRUEUP" plan --columns=x,k "$old" "$new" || true
	[[ $output != *"unique index"* ]]
}

@test "keys WITHOUT OVERLAPS and foreign keys with PERIOD" {
	needs 180000
	new_pg_db new
	pg "$new" "SET client_min_messages = error; CREATE EXTENSION btree_gist;" \
	    "CREATE TABLE room(id int, during tstzrange, x text," \
	    " PRIMARY KEY (id, during WITHOUT OVERLAPS));" \
	    "CREATE TABLE booking(no int PRIMARY KEY, id int, during tstzrange," \
	    " FOREIGN KEY (id, PERIOD during) REFERENCES room);" \
	    "CREATE TABLE ex(id int NOT NULL, r int4range NOT NULL," \
	    " EXCLUDE USING gist (r WITH &&));" \
	    "INSERT INTO room SELECT i, tstzrange('2024-01-01 UTC'::timestamptz" \
	    " + j * '1 day'::interval, '2024-01-02 UTC'::timestamptz" \
	    " + j * '1 day'::interval), 'x' FROM generate_series(1, 9) i," \
	    " generate_series(1, 9) j;" \
	    "INSERT INTO booking VALUES (1, 1, '[2024-01-02 12:00 UTC,2024-01-04 UTC)');"
	fresh_pg_db old
	pg "$old" "CREATE TABLE room(id int, during tstzrange, x text);" \
	    "CREATE TABLE booking(no int PRIMARY KEY, id int, during tstzrange);" \
	    "CREATE TABLE ex(id int NOT NULL, r int4range NOT NULL);"
	run -0 "$TRUEUP" plan -t room "$old" "$new"
	[[ $output == *"key: id, during (primary key of the target)"* ]] ||
	    [[ $output == *"key: id, during"* ]]
	run -0 "$TRUEUP" plan -t ex "$old" "$new"
	[[ $output == *"key: none"* ]]
	run -0 "$TRUEUP" sync "$new" "$old"
	run -0 "$TRUEUP" diff --hash=md5 "$old" "$new"
	pg "$old" "UPDATE room SET x = 'y' WHERE id = 5;" \
	    "DELETE FROM room WHERE id = 9; DELETE FROM booking;"
	run -1 "$TRUEUP" diff -f rows -t room "$old" "$new"
	is "$(grep -c '^~' <<<"$output")" 9
	is "$(grep -c '^-' <<<"$output")" 9
	round_trip "$old" "$new"
	pg "$new" "TRUNCATE booking, room"
	pg "$old" "INSERT INTO room VALUES (10, '[2024-01-01 UTC,2025-01-01 UTC)', 'n');" \
	    "INSERT INTO booking VALUES (7, 10, '[2024-02-01 UTC,2024-03-01 UTC)');"
	round_trip "$old" "$new"
}

@test "foreign keys that are not enforced order nothing" {
	needs 180000
	fresh_pg_db old
	new_pg_db new
	pg "$old" "CREATE TABLE a(id int PRIMARY KEY, b int);" \
	    "CREATE TABLE b(id int PRIMARY KEY, a int);" \
	    "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 7);"
	pg "$new" "CREATE TABLE a(id int PRIMARY KEY, b int);" \
	    "CREATE TABLE b(id int PRIMARY KEY, a int REFERENCES a NOT ENFORCED);" \
	    "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;"
	round_trip "$old" "$new"
	pg "$new" "INSERT INTO b VALUES (1, 7); INSERT INTO a VALUES (1, 1)"
	run -0 "$TRUEUP" diff "$old" "$new"
}

@test "numbers and times that both take, and those that only one does" {
	needs 170000
	fresh_pg_db old
	new_pg_db new
	sql="CREATE TABLE t(id int PRIMARY KEY, n numeric(2,-3), m numeric(3,5),
	     i interval, t time, z timetz, d date, s timestamptz);
	     INSERT INTO t VALUES (1, 12345, 0.00123, '1 day', '24:00', '24:00+00',
	     'infinity', '-infinity'), (2, -99000, -0.00999, '-1 mon 1 day',
	     '00:00', '00:00-15:59', '5874897-12-31', '294276-12-31 UTC');"
	pg "$old" "$sql"
	pg "$new" "$sql"
	for hash in auto md5; do
		run -0 "$TRUEUP" diff --hash=$hash "$old" "$new"
	done
	pg "$old" "CREATE TABLE i(id int PRIMARY KEY, i interval);" \
	    "INSERT INTO i VALUES (1, '1 day'), (2, '1 day');"
	pg "$new" "CREATE TABLE i(id int PRIMARY KEY, i interval);" \
	    "INSERT INTO i VALUES (1, 'infinity'), (2, '-infinity'), (3, 'infinity');" \
	    "UPDATE t SET n = 13000 WHERE id = 1"
	new_pg_db copy
	run -0 pg "$copy" "CREATE TABLE i(id int PRIMARY KEY, i interval);"
	round_trip "$new" "$copy" -t i --common
	for hash in auto md5; do
		run -1 "$TRUEUP" diff --hash=$hash -f rows "$old" "$new"
		[ "${#lines[@]}" -eq 4 ]
	done
	round_trip "$old" "$new"
	# The older server has no such interval: found before anything is written.
	run -1 "$TRUEUP" sync --max-delete=100% "$new" "$old"
	[[ $output == *"infin"* ]]
	is "$(pg "$old" "SELECT count(*) FROM i; SELECT n FROM t WHERE id = 1")" $'2\n13000'
}
