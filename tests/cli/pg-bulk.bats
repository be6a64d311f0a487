bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

# PostgreSQL gets many rows in one statement, its values as arrays of texts.

setup() {
	cd "$BATS_TEST_TMPDIR"
	fresh_pg_db source
	fresh_pg_db target
}

teardown() {
	drop_pg_dbs
}

both() {
	pg "$source" "$1"
	pg "$target" "$1"
}

@test "values of all kinds, under names that look like SQL" {
	both "CREATE TYPE mood AS ENUM ('so so', 'fine');
	CREATE DOMAIN even AS int CHECK (value % 2 = 0);
	CREATE TYPE pair AS (a int, b text);
	CREATE TABLE \"VALUES (\" (\"a\$1\" int, \" WHERE \" text,
		PRIMARY KEY (\"a\$1\", \" WHERE \"),
		\" VALUES (\" varchar(40), \"'\" char(5), \"x\"\"y\" bytea,
		m mood, e even, p pair, ia int[], ta text[], j json, jb jsonb,
		n numeric(20,5), f float4, g float8, b bool, d date,
		ts timestamp, tz timestamptz, i interval, u uuid, net inet,
		bits varbit, trueup_rows int,
		own int GENERATED ALWAYS AS (\"a\$1\" * 2) STORED)"
	# rows FROM TO SHIFT - every seventh value is NULL.
	rows() {
		echo "INSERT INTO \"VALUES (\" SELECT g, E'k\\t\$2' || g,
		nullif(repeat('\"{}\\,', (g + $3) % 8), ''), chr(97 + g % 26),
		CASE WHEN g % 7 > 0 THEN decode(md5((g + $3)::text), 'hex') END,
		CASE g % 3 WHEN 1 THEN 'so so'::mood WHEN 2 THEN 'fine' END,
		(g + $3) * 2, row(g, 'NULL')::pair, ARRAY[g, NULL, $3],
		ARRAY['a,b', NULL, 'NULL', '\"'], '{\"a\":  1}',
		jsonb_build_object('k', g + $3), (g + $3) / 7.0,
		((g + $3) / 3.0)::float4, ((g + $3) / 3.0)::float8, g % 2 = 0,
		date '2024-01-01' + g, timestamp '2024-01-01' + g * interval '1 s',
		timestamptz '2024-03-31 00:00+00' + g * interval '1 h',
		g * interval '1 day 2 h', md5((g + $3)::text)::uuid,
		('10.0.0.' || g % 250)::inet, (g + $3)::bit(12),
		nullif(g % 5, 0) FROM generate_series($1, $2) g;"
	}
	pg "$source" "$(rows 1 700 0)"
	pg "$target" "$(rows 1 300 0) $(rows 301 600 1) $(rows 801 900 0)"
	round_trip "$source" "$target"
	[ "$(grep -ac '^UPDATE' patch)" -eq 300 ]
	run -0 --separate-stderr "$TRUEUP" sync --trace-sql "$source" "$target"
	[ "$(grep -c 'target: UPDATE' <<<"$stderr")" -lt 20 ]
	quiet_diff 0 "$source" "$target"
}

# numbered N - rows 1 to N on both sides; the source's are to be written.
numbered() {
	both "CREATE TABLE t (id int PRIMARY KEY, v int)"
	pg "$source" "INSERT INTO t SELECT g, 1 FROM generate_series(1, $1) g"
	pg "$target" "INSERT INTO t SELECT g, 0 FROM generate_series(1, $1) g"
}

@test "one row that a trigger leaves out is named, and nothing is written" {
	numbered 400
	pg "$target" "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS
		\$\$BEGIN RETURN NULL; END\$\$;
		CREATE TRIGGER no BEFORE UPDATE ON t FOR EACH ROW
		WHEN (new.id = 222) EXECUTE FUNCTION no()"
	run -6 --separate-stderr "$TRUEUP" sync "$source" "$target"
	[[ $stderr == *"table 't', id 222: it reads as before, but was not touched: a trigger?"*"nothing was written"* ]]
	is "$(pg "$target" "SELECT sum(v) FROM t")" 0
}

@test "a trigger that changes what is written is found among many rows" {
	numbered 400
	pg "$target" "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS
		\$\$BEGIN new.v = 7; RETURN new; END\$\$;
		CREATE TRIGGER odd BEFORE UPDATE ON t FOR EACH ROW
		WHEN (new.id = 222) EXECUTE FUNCTION odd()"
	run -6 "$TRUEUP" sync "$source" "$target"
	[[ $output == *"id 222: column 'v' came out different (7)"* ]]
	is "$(pg "$target" "SELECT sum(v) FROM t")" 0
}

@test "a row that is as wanted already is no conflict among many" {
	numbered 400
	pg "$source" "UPDATE t SET v = 0 WHERE id = 1"
	# Others write the same while the first statement waits for them.
	pg "$target" "CREATE TABLE s (id int PRIMARY KEY); INSERT INTO s VALUES (1);
		CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS
		\$\$BEGIN UPDATE t SET v = 1 WHERE id = 9; RETURN old; END\$\$;
		CREATE TRIGGER same BEFORE DELETE ON s FOR EACH ROW
		EXECUTE FUNCTION same()"
	pg "$source" "CREATE TABLE s (id int PRIMARY KEY)"
	run -0 "$TRUEUP" sync --max-delete=100% "$source" "$target"
	is "${lines[-1]}" "written: 0 inserted, 399 updated, 1 deleted"
	quiet_diff 0 "$source" "$target"
}
