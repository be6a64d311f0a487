# Sources behind ODBC of which little is known: SQLite's own driver, read as any
# unknown brand is, and psqlODBC. The same data must be equal to what the native
# drivers read, planted differences must be found and no others, and what an
# ODBC driver would change is refused, not compared.

bats_require_minimum_version 1.5.0
load ../lib/helpers

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

# lite_odbc FILE - a SQLite file by its ODBC driver.
lite_odbc()
{
	echo "odbc:Driver=SQLite3;Database=$PWD/$1"
}

# pg_odbc URL - a database of the test server by psqlODBC.
pg_odbc()
{
	local rest=${1#*://} db
	rest=${rest#*@}
	db=${rest##*/}
	rest=${rest%%/*}
	echo "odbc:Driver=PostgreSQL Unicode;Server=${rest%:*};Port=${rest#*:};Database=${db%%\?*};UID=trueup"
}

# Tables with every kind of key: one that is cut into ranges, one that only
# buckets reach, one of two columns, and none.
make_tables()
{
	cat <<-'END'
	CREATE TABLE by_number (id integer NOT NULL PRIMARY KEY, t varchar(40), f double precision, d date);
	CREATE TABLE by_text (k varchar(40) NOT NULL PRIMARY KEY, n integer);
	CREATE TABLE by_both (a integer NOT NULL, b varchar(40) NOT NULL, n integer, PRIMARY KEY (a, b));
	CREATE TABLE by_none (a integer, b varchar(40));
	END
}

fill_tables()
{
	awk 'BEGIN {
		srand(7)
		for (i = 1; i <= 3000; i++) {
			w = substr("aAbBzZ_-~", i % 9 + 1, 1)
			t = i % 13 ? sprintf("\047%s é it\047\047s %d\047", w, i) : "NULL"
			printf "INSERT INTO by_number VALUES (%d, %s, %s, \047%04d-%02d-28\047);\n", i * 3, t, i / 8, 1900 + i % 200, i % 12 + 1
			printf "INSERT INTO by_text VALUES (\047%s%d\047, %d);\n", w, i, i
			printf "INSERT INTO by_both VALUES (%d, \047%s%d\047, %d);\n", i / 20, w, i % 20, i
			printf "INSERT INTO by_none VALUES (%d, %s);\n", i % 50, t
		}
	}'
}

# 1 update, 1 delete and 1 insert in each table but the last, where an update is
# a delete and an insert.
damage_tables()
{
	cat <<-'END'
	UPDATE by_number SET t = 'other' WHERE id = 300;
	DELETE FROM by_number WHERE id = 600;
	INSERT INTO by_number VALUES (1, 'new', 0.5, NULL);
	UPDATE by_text SET n = NULL WHERE n = 77;
	DELETE FROM by_text WHERE n = 78;
	INSERT INTO by_text VALUES ('new', 1);
	UPDATE by_both SET n = -1 WHERE n = 77;
	DELETE FROM by_both WHERE n = 78;
	INSERT INTO by_both VALUES (-5, 'new', 1);
	DELETE FROM by_none WHERE b LIKE '% it''s 100';
	INSERT INTO by_none VALUES (7, 'new');
	END
}

# differences SOURCE TARGET - every difference found, without the names of the
# databases.
differences()
{
	local status=0
	"$TRUEUP" diff "$1" "$2" >diff.out || status=$?
	[ "$status" -le 1 ] || return "$status"
	sed '/^source  /d; /^target  /d' diff.out
}

# keys SOURCE TARGET - the same, but of each row only its key: SQLite's own rows
# are shown with the class of each value.
keys()
{
	differences "$1" "$2" | sed -E 's/^(  [-+~] [^:]*):.*/\1/'
}

# refused COLUMN-SQL - a value that SQLite's driver would change ends the run.
refused()
{
	lite one.db 'DROP TABLE IF EXISTS t;' \
	    'CREATE TABLE t(id INTEGER PRIMARY KEY, i INTEGER, r REAL, x TEXT,
		b BLOB, d DATE);' "INSERT INTO t(id) VALUES (1);" \
	    "UPDATE t SET $1;"
	cp one.db two.db
	run -0 "$TRUEUP" diff one.db two.db
	run --separate-stderr "$TRUEUP" diff "$(lite_odbc one.db)" two.db
	echo "$1: $status $output $stderr"
	[ "$status" -ge 2 ]
	[[ $stderr = *'would change a value of this column'* ]]
	[[ $output != *"1 row: equal"* ]]
}

@test "SQLite by ODBC equals the file itself" {
	{ echo 'BEGIN;'; make_tables; fill_tables; echo 'COMMIT;'; } | lite a.db
	cp a.db b.db
	for pair in "$(lite_odbc a.db) b.db" "a.db $(lite_odbc b.db)" \
	    "$(lite_odbc a.db) $(lite_odbc b.db)"; do
		read -r source target <<<"$pair"
		run -0 "$TRUEUP" diff "$source" "$target"
		[[ $output = *'4 tables, 12,000 rows: equal'* ]]
	done
}

@test "SQLite by ODBC finds what the file itself shows, and no more" {
	{ echo 'BEGIN;'; make_tables; fill_tables; echo 'COMMIT;'; } | lite a.db
	cp a.db b.db
	damage_tables | lite b.db
	keys a.db b.db >want
	[ "$(grep -c '^  [-+~]' want)" -eq 11 ]
	keys "$(lite_odbc a.db)" b.db | diff want -
	keys a.db "$(lite_odbc b.db)" | diff want -
	keys "$(lite_odbc a.db)" "$(lite_odbc b.db)" | diff want -
	keys b.db a.db >want
	keys "$(lite_odbc b.db)" a.db | diff want -
}

@test "what SQLite's driver would change is refused" {
	refused "x = cast(x'610062' as text)"     # ends at the NUL
	refused 'r = 5404319552844596*1.0/(1<<54)' # 0.3 with 15 digits
	refused 'r = 9e999'
	refused "r = 'abc'"
	refused "x = x'61'" # X'61'
	refused "i = x'61'"
	refused 'b = 7'
	refused 'd = 1704067200'
}

@test "what SQLite's driver leaves alone is exact" {
	lite one.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, i INTEGER, r REAL,
		x TEXT, b BLOB, d DATE);' \
	    "INSERT INTO t VALUES
		(1, 9223372036854775807, 0.1, 'it''s ' || char(10, 8364), x'0027',
			'2024-02-29'),
		(2, -9223372036854775808, 1e22, '', x'', '0000-00-00'),
		(3, 'abc', -1.5e-7, ' a ', 'text', 'never'),
		(4, 3.5, 12345.678, NULL, NULL, NULL);"
	cp one.db two.db
	run -0 "$TRUEUP" diff "$(lite_odbc one.db)" two.db
	lite two.db 'UPDATE t SET i = 9223372036854775806 WHERE id = 1;' \
	    "UPDATE t SET b = x'00' WHERE id = 2;" \
	    "UPDATE t SET x = ' a' WHERE id = 3;" \
	    'UPDATE t SET r = 12345.679 WHERE id = 4;'
	run -1 "$TRUEUP" diff "$(lite_odbc one.db)" two.db
	[[ $output = *'t: 4 of 4 rows differ: 4 to update (~)'* ]]
}

@test "psqlODBC equals libpq" {
	fresh_pg_db url
	{ echo 'BEGIN;'; make_tables; fill_tables; echo 'COMMIT;'; } | pg "$url"
	run -0 "$TRUEUP" diff "$(pg_odbc "$url")" "$url"
	[[ $output = *'4 tables, 12,000 rows: equal'* ]]
	run -0 "$TRUEUP" diff "$url" "$(pg_odbc "$url")"
}

# Its wide characters fail in the locale C; without a locale tests run in C.
@test "psqlODBC equals libpq in any locale and as any of its drivers" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t (id int PRIMARY KEY, x text);' \
	    "INSERT INTO t VALUES (1, 'é€😀'), (2, 'ä');"
	for locale in C C.UTF-8; do
		LC_ALL=$locale run -0 "$TRUEUP" diff "$(pg_odbc "$url")" "$url"
	done
	odbc="$(pg_odbc "$url")"
	run -0 "$TRUEUP" diff "${odbc/Unicode/ANSI}" "$url"
}

@test "psqlODBC finds what libpq shows, and no more" {
	fresh_pg_db a
	fresh_pg_db b
	{ echo 'BEGIN;'; make_tables; fill_tables; echo 'COMMIT;'; } >all.sql
	pg "$a" <all.sql
	pg "$b" <all.sql
	damage_tables | pg "$b"
	differences "$a" "$b" >want
	[ "$(grep -c '^  [-+~]' want)" -eq 11 ]
	differences "$(pg_odbc "$a")" "$b" | diff want -
	differences "$a" "$(pg_odbc "$b")" | diff want -
	differences "$(pg_odbc "$a")" "$(pg_odbc "$b")" | diff want -
}

# infinity is 9999-12-31 in psqlODBC's own hand, BC is dropped from dates,
# char(n) is padded, uuids are upper-case, any numeric has 28 digits.
@test "what psqlODBC would change travels as text" {
	fresh_pg_db a
	fresh_pg_db b
	for url in "$a" "$b"; do
		pg "$url" 'CREATE TABLE t (id int PRIMARY KEY, n numeric, f float8,
			r real, c char(5), d date, ts timestamp, tz timestamptz,
			u uuid, bo boolean, iv interval, j jsonb, a int[],
			m money, bi bit(4));' \
		    "INSERT INTO t VALUES (1, 'NaN', 'NaN', 0.1, 'ab',
			'infinity', 'infinity', 'infinity',
			'c0ffee00-1234-4abc-8def-0123456789ab', true, '1 day',
			'{\"a\": 1.10}', '{1,NULL}', 1.5, B'0101'),
			(2, 12345678901234567890.1234567891, 0.1::float8 + 0.2,
			1e-40, '', '0044-03-15 BC', '0044-03-15 10:00:00.5 BC',
			'2024-01-01 00:00+09', NULL, false, 'P1Y2M',
			'[]', '{}', -0.01, B'1111'),
			(3, 0, '-Infinity', 3e38, 'x', '9999-12-31',
			'9999-12-31 23:59:59', '9999-12-31 23:59:59+00', NULL,
			NULL, NULL, NULL, NULL, NULL, NULL);"
	done
	run -0 "$TRUEUP" diff "$(pg_odbc "$a")" "$b"
	pg "$b" "UPDATE t SET d = '9999-12-31', ts = '9999-12-31 23:59:59',
		tz = '9999-12-31 23:59:59+00' WHERE id = 1;" \
	    "UPDATE t SET d = '0044-03-15', n = n + 0.0000000001
		WHERE id = 2;"
	run -1 "$TRUEUP" diff "$(pg_odbc "$a")" "$b"
	differences "$a" "$b" >want
	differences "$(pg_odbc "$a")" "$b" | diff want -
	[[ $output = *'id 1: d 9999-12-31 -> infinity, ts'* ]]
	[[ $output = *'id 2: n '*'d 0044-03-15 -> 0044-03-15 BC'* ]]
}

# Drivers hand them out in pieces; psqlODBC loses the last byte of a text that
# is fetched as bytes.
@test "long values arrive whole" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t (id int PRIMARY KEY, x text, b bytea);' \
	    "INSERT INTO t SELECT i, repeat('x', n), decode(repeat('fe', n), 'hex')
		FROM (VALUES (1, 4095), (2, 4096), (3, 4097), (4, 8190), (5, 8192),
			(6, 1000000)) v(i, n);"
	run -0 "$TRUEUP" diff "$(pg_odbc "$url")" "$url"
	lite a.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT, b BLOB);' \
	    "INSERT INTO t SELECT value, replace(hex(zeroblob(value)), '0', 'x'),
		cast(replace(hex(zeroblob(value)), '0', 'y') as blob)
		FROM generate_series(4090, 4100);" \
	    "INSERT INTO t VALUES (1, replace(hex(zeroblob(500000)), '0', 'x'),
		cast(replace(hex(zeroblob(500000)), '0', 'y') as blob));"
	cp a.db b.db
	run -0 "$TRUEUP" diff "$(lite_odbc a.db)" b.db
}

@test "sync by ODBC makes the target equal" {
	{ echo 'BEGIN;'; make_tables; fill_tables; echo 'COMMIT;'; } >all.sql
	lite a.db <all.sql
	cp a.db b.db
	damage_tables | grep -v by_none | lite b.db
	run -0 "$TRUEUP" sync a.db "$(lite_odbc b.db)"
	run -0 "$TRUEUP" diff a.db b.db
	fresh_pg_db a
	fresh_pg_db b
	pg "$a" <all.sql
	pg "$b" <all.sql
	damage_tables | grep -v by_none | pg "$b"
	run -0 "$TRUEUP" sync "$a" "$(pg_odbc "$b")"
	run -0 "$TRUEUP" diff "$a" "$b"
}

@test "a patch for an unknown brand holds no value that brands read differently" {
	lite a.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);' \
	    "INSERT INTO t VALUES (1, 'it''s'), (2, 'plain');"
	lite b.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);' \
	    "INSERT INTO t VALUES (1, 'old');"
	run -1 "$TRUEUP" diff --format=sql a.db "$(lite_odbc b.db)"
	[[ $output = *"INSERT INTO \"t\" (\"id\", \"x\") VALUES (2, 'plain');"* ]]
	"$TRUEUP" diff --format=sql a.db "$(lite_odbc b.db)" >patch.sql || true
	lite b.db <patch.sql
	run -0 "$TRUEUP" diff a.db b.db
	lite a.db "UPDATE t SET x = 'a' || char(10) WHERE id = 2;"
	run --separate-stderr "$TRUEUP" diff --format=sql a.db "$(lite_odbc b.db)"
	[ "$status" -ge 2 ]
	[[ $stderr = *"table 't', column 'x': a value cannot be written into a patch"* ]]
	[[ $stderr = *'hint: '*sync* ]]
	run -0 "$TRUEUP" sync a.db "$(lite_odbc b.db)"
	run -0 "$TRUEUP" diff a.db b.db
}

@test "no driver for a URL: which package has it" {
	mkdir empty
	export ODBCSYSINI=$PWD/empty ODBCINI=$PWD/empty/odbc.ini
	lite b.db 'CREATE TABLE t(id INTEGER PRIMARY KEY);'
	run --separate-stderr "$TRUEUP" diff mariadb://u:secret-pw@127.0.0.1/x b.db
	[ "$status" -ge 2 ]
	[[ $stderr = *'source: no ODBC driver for MariaDB'* ]]
	[[ $stderr = *'hint: '*odbc-mariadb* ]]
	[[ $output$stderr != *secret-pw* ]]
	run --separate-stderr "$TRUEUP" diff "odbc:Driver=nope;PWD=secret-pw" b.db
	[ "$status" -ge 2 ]
	[[ $stderr = *'source: '* ]]
	[[ $output$stderr != *secret-pw* ]]
	run --separate-stderr "$TRUEUP" diff odbc:nowhere b.db
	[ "$status" -ge 2 ]
	[[ $stderr = *'hint: odbcinst'* ]]
}

@test "a password is never shown" {
	lite b.db 'CREATE TABLE t(id INTEGER PRIMARY KEY);'
	odbc="$(pg_odbc "$TRUEUP_PG")"
	for word in "PWD=secret-pw" "pwd={secret-pw}" "Password=secret-pw"; do
		run "$TRUEUP" diff -vv --trace-sql \
		    "${odbc/UID=trueup/UID=pwuser};$word" b.db
		[[ $output != *secret-pw* ]]
	done
	run "$TRUEUP" diff "${odbc/UID=trueup/UID=nobody};PWD=wrong-pw" b.db
	[ "$status" -ge 2 ]
	[[ $output = *nobody* ]]
	[[ $output != *wrong-pw* ]]
}
