# PostgreSQL beyond the basics: every kind of type, equal and different by the
# least that its values can differ, as a column and as a key, under other
# settings of the session, and against text in SQLite.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching
load ../lib/pg-samples

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# new_types VAR WHICH [OPTION]
new_types() {
	fresh_pg_db "$1"
	{
		types_sql
		sample_sql "$2" "${3:-}"
	} | pg "${!1}"
}

@test "values of every type are equal to themselves and found by the least change" {
	new_types source value
	copy_db target "$source"
	run -0 "$TRUEUP" diff "$source" "$target"
	run -0 "$TRUEUP" diff --hash=md5 "$source" "$target"

	drop_pg_dbs
	new_types source value
	new_types target other
	for hash in auto md5 sha256; do
		echo "# $hash"
		run -1 "$TRUEUP" diff -f rows --hash=$hash -t 'v_*' \
		    "$source" "$target"
		is "$(grep -c '^~ v_' <<<"$output")" "$(samples | wc -l)"
		is "$(grep -vc '^~ v_' <<<"$output")" 0
	done
}

@test "types as keys" {
	new_types source value
	new_types target other
	run -1 "$TRUEUP" diff -f rows -t 'k_*' "$source" "$target"
	is "$(grep -c '^+ k_' <<<"$output")" "$(samples | wc -l)"
	is "$(grep -c '^- k_' <<<"$output")" "$(samples | wc -l)"
	run -1 "$TRUEUP" diff -f rows --hash=md5 -t 'k_*' "$source" "$target"
	is "$(grep -c '^+ k_' <<<"$output")" "$(samples | wc -l)"
	is "$(grep -c '^- k_' <<<"$output")" "$(samples | wc -l)"
	round_trip "$source" "$target"
}

# other_settings URL - what changes the text of values, or how it is read, as a
# role or a database may have it set.
other_settings() {
	local name=${1##*/}
	while read -r setting; do
		echo "ALTER DATABASE $name SET $setting;"
	done <<-'END' | pg "$1"
	datestyle = 'SQL, DMY'
	extra_float_digits = -15
	intervalstyle = 'postgres_verbose'
	bytea_output = 'escape'
	timezone = 'Asia/Kolkata'
	search_path = ty, ext, public
	xmloption = 'document'
	quote_all_identifiers = on
	array_nulls = off
	transform_null_equals = on
	standard_conforming_strings = off
	backslash_quote = off
	client_encoding = 'LATIN1'
	lc_messages = 'C'
	default_transaction_isolation = 'serializable'
	statement_timeout = '30s'
	END
}

@test "settings of the session on either side change no verdict" {
	new_types source value
	copy_db target "$source"
	other_settings "$target"
	for hash in auto md5; do
		run -0 "$TRUEUP" diff --hash=$hash "$source" "$target"
		run -0 "$TRUEUP" diff --hash=$hash "$target" "$source"
	done

	drop_pg_dbs
	new_types source value
	new_types target other
	other_settings "$target"
	run -1 "$TRUEUP" diff -f rows --hash=md5 -t 'v_*' "$source" "$target"
	is "$(grep -c '^~ v_' <<<"$output")" "$(samples | wc -l)"
	round_trip "$source" "$target"
	new_types target other
	other_settings "$source"
	round_trip "$source" "$target"
}

# as_text NAME - what the manual calls the text of its values.
as_text() {
	case $1 in
	money) echo 'v::numeric' ;;
	flag) echo 'v::int' ;;
	xml) echo 'v::text' ;;
	class) echo "CASE id WHEN 1 THEN v::text ELSE 'pg_catalog.' || v END" ;;
	proc) echo "v::regprocedure" ;;
	oper) echo "'pg_catalog.' || v" ;;
	config) echo "'pg_catalog.' || v" ;;
	*) echo v ;;
	esac
}

@test "values as text in SQLite are equal to themselves" {
	new_types source value
	for name in $(names); do
		echo "CREATE TABLE v_$name(id INTEGER PRIMARY KEY, v TEXT);"
		pg "$source" "SET timezone = 'UTC';" \
		    "SET intervalstyle = iso_8601;" "SET search_path = '';" \
		    "SELECT format('INSERT INTO v_$name VALUES
		     (%s, CAST(x''%s'' AS TEXT));', id, encode(convert_to(
		     concat($(as_text "$name")), 'UTF8'), 'hex'))
		     FROM public.v_$name"
	done | lite texts.db
	for hash in auto md5; do
		run -0 "$TRUEUP" diff -t 'v_*' --hash=$hash "$source" texts.db
		run -0 "$TRUEUP" diff -t 'v_*' --hash=$hash texts.db "$source"
	done
	new_types target other
	"$TRUEUP" sync -t 'v_*' texts.db "$target"
	run -0 "$TRUEUP" diff -t 'v_*' "$source" "$target"
}

@test "a cast to text of somebody's own hides nothing" {
	fresh_pg_db source
	pg "$source" "CREATE TYPE place AS (street text, town text);" \
	    "CREATE FUNCTION town(place) RETURNS text LANGUAGE sql" \
	    " AS 'SELECT (\$1).town';" \
	    "CREATE CAST (place AS text) WITH FUNCTION town(place);" \
	    "CREATE TABLE t(id int PRIMARY KEY, p place);" \
	    "INSERT INTO t VALUES (1, ('a', 'x')), (2, (NULL, NULL)), (3, NULL);"
	copy_db target "$source"
	run -0 "$TRUEUP" diff --hash=md5 "$source" "$target"
	pg "$target" "UPDATE t SET p = ('b', 'x') WHERE id = 1;" \
	    "UPDATE t SET p = NULL WHERE id = 2;" \
	    "UPDATE t SET p = (NULL, NULL) WHERE id = 3;"
	for hash in auto md5; do
		run -1 "$TRUEUP" diff -f stat --hash=$hash "$source" "$target"
		[[ $output == *" 3 "* ]]
	done
	round_trip "$source" "$target"
}

@test "an enum's label that only one side has is unrepresentable" {
	fresh_pg_db source
	pg "$source" "CREATE TYPE e AS ENUM ('a', 'b', 'new');" \
	    "CREATE TABLE v(id int PRIMARY KEY, x e);" \
	    "CREATE TABLE k(x e PRIMARY KEY, n int);" \
	    "INSERT INTO v VALUES (1, 'a'), (2, 'new'), (3, 'b');" \
	    "INSERT INTO k VALUES ('a', 1), ('new', 2), ('b', 3);"
	fresh_pg_db target
	pg "$target" "CREATE TYPE e AS ENUM ('b', 'old', 'a');" \
	    "CREATE TABLE v(id int PRIMARY KEY, x e);" \
	    "CREATE TABLE k(x e PRIMARY KEY, n int);" \
	    "INSERT INTO v VALUES (1, 'old'), (2, 'b'), (3, 'b');" \
	    "INSERT INTO k VALUES ('b', 3), ('old', 2);"
	for hash in auto md5; do
		run -1 "$TRUEUP" diff -f json --hash=$hash "$source" "$target"
		[[ $output == *"no label of the enum"* ]]
	done
	run -1 "$TRUEUP" sync "$source" "$target"
	is "$(pg "$target" "TABLE v ORDER BY id")" $'1|a\n2|b\n3|b'
	is "$(pg "$target" "TABLE k ORDER BY n")" $'a|1\nb|3'
}

@test "what a domain refuses fails the patch as a whole" {
	fresh_pg_db source
	pg "$source" "CREATE TABLE t(id int PRIMARY KEY, x text);" \
	    "INSERT INTO t VALUES (1, 'a'), (2, 'much too long');"
	fresh_pg_db target
	pg "$target" "CREATE DOMAIN d AS text CHECK (length(VALUE) < 5);" \
	    "CREATE TABLE t(id int PRIMARY KEY, x d);" \
	    "INSERT INTO t VALUES (1, 'b'), (2, 'b');"
	run -1 "$TRUEUP" diff "$source" "$target"
	run --separate-stderr "$TRUEUP" sync "$source" "$target"
	[ "$status" -ge 4 ]
	[[ $stderr == *"violates check constraint"* ]]
	is "$(pg "$target" "SELECT string_agg(x, '') FROM t")" bb
}

@test "names and money inside of other values are not compared by what a session shows" {
	fresh_pg_db source
	pg "$source" "CREATE TYPE ty AS (c regclass, n int);" \
	    "CREATE TABLE a(id int PRIMARY KEY, x regclass[]);" \
	    "CREATE TABLE b(id int PRIMARY KEY, x ty);" \
	    "CREATE TABLE c(id int PRIMARY KEY, x money[]);" \
	    "CREATE TABLE d(id int PRIMARY KEY, x regclass);"
	run -7 "$TRUEUP" diff "$source" "$source"
	[[ $output == *"a: column x is not compared: source type regclass[]"* ]]
	[[ $output == *"b: column x is not compared: source type public.ty"* ]]
	[[ $output == *"c: column x is not compared: source type money[]"* ]]
	[[ $output != *$'\nd: '* ]]
	run -0 "$TRUEUP" diff --exclude-columns={a,b,c}.x "$source" "$source"
}

@test "text is found by what it is under any collation" {
	fresh_pg_db source
	pg "$source" "CREATE COLLATION ci (provider = icu," \
	    " locale = 'und-u-ks-level2', deterministic = false);" \
	    "CREATE COLLATION de (provider = icu, locale = 'de');" \
	    "CREATE DOMAIN word AS text COLLATE ci;" \
	    "CREATE TABLE t(x word, y text COLLATE de, z varchar(9)" \
	    " COLLATE ci, PRIMARY KEY (x, y));" \
	    "INSERT INTO t SELECT chr(i), chr(i + 1), chr(i)" \
	    " FROM generate_series(97, 110) i;"
	copy_db target "$source"
	pg "$target" "UPDATE t SET z = upper(z) WHERE x = 'c';" \
	    "UPDATE t SET x = upper(x) WHERE x = 'e';" \
	    "UPDATE t SET y = upper(y) WHERE x = 'g';"
	for hash in auto md5; do
		run -1 "$TRUEUP" diff -f rows --hash=$hash "$source" "$target"
		[ "${#lines[@]}" -eq 5 ]
	done
	round_trip "$source" "$target"
}

@test "an interval that a column would round is unrepresentable" {
	fresh_pg_db source
	pg "$source" "CREATE TABLE t(id int PRIMARY KEY, i interval);" \
	    "INSERT INTO t VALUES (1, '1.5 s'), (2, '-0.000001 s'), (3, '1 day 2 s');"
	fresh_pg_db target
	pg "$target" "CREATE TABLE t(id int PRIMARY KEY, i interval(1));" \
	    "INSERT INTO t VALUES (1, '0'), (2, '0'), (3, '0');"
	run -1 "$TRUEUP" sync "$source" "$target"
	[[ $output == *"more digits of a second than the column has"* ]]
	is "$(pg "$target" "SET intervalstyle = iso_8601; TABLE t ORDER BY id")" \
	    $'1|PT1.5S\n2|PT0S\n3|P1DT2S'
}

# Rows travel as they are sent, and are not sent alike.
@test "a numeric key is one key whatever its scale" {
	fresh_pg_db a
	fresh_pg_db b
	pg "$a" "create table t(k numeric primary key, v numeric);" \
	    "insert into t select g + 1.50, g from generate_series(1, 3000) g;"
	pg "$b" "create table t(k numeric primary key, v numeric);" \
	    "insert into t select g + 1.5, g + 0.00
		from generate_series(1, 3000) g;"
	run -0 "$TRUEUP" diff --hash=stream "$a" "$b"
	pg "$b" "update t set v = v + 1 where k = 71.5;"
	run -1 --separate-stderr "$TRUEUP" diff --hash=stream -f rows "$a" "$b"
	is "$output" "~ t k=71.5, v=71->70"
}
