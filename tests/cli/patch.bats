# Patches run by stock clients: whatever the values, the second comparison finds
# nothing and the undo gives back every byte.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# new_pair BRAND BRAND - $source and $target, empty; a brand is lite or pg.
new_pair() {
	local side
	for side in source target; do
		if [ "$1" = pg ]; then
			fresh_pg_db $side
		else
			printf -v $side %s "$(mktemp "$PWD/$side.XXXXXX")"
		fi
		shift
	done
}

# both, source, target SQL... - run it there.
both() {
	run_sql "$source" "$@"
	run_sql "$target" "$@"
}

source() {
	run_sql "$source" "$@"
}

target() {
	run_sql "$target" "$@"
}

# in_all_pairings FUNCTION - with $source and $target of each two brands.
in_all_pairings() {
	local a b
	for a in lite pg; do
		for b in lite pg; do
			echo "# $a to $b"
			new_pair $a $b
			"$1"
		done
	done
}

# lite_values - literals of SQLite, one a line; every storage class, and what
# clients, shells and servers have been seen to trip over.
lite_values() {
	cat <<'END'
NULL
''
' '
'a '
'NULL'
''''
''';--'
'"'
'`a`'
'\'
'\\'
'\n'
'\!'
'\echo x'
'\gexec'
'\.'
'$$'
'$1'
'$a$ $a$'
':x'
':''x'''
'?'
'%'
'--'
'/*'
';'
'.quit'
char(0)
'a' || char(0) || 'b'
char(0) || char(0)
char(9)
char(10)
char(13)
'a' || char(13,10) || 'b'
'a' || char(10) || '.quit' || char(10)
'a' || char(10) || 'COMMIT;'
'a' || char(10) || '\!'
char(1)
char(8)
char(26)
char(27)
char(127)
char(128)
'é'
'é'
'😀'
char(0x10ffff)
char(0xfffd)
char(0xfeff)
char(0x2028)
cast(x'ff61' as text)
cast(x'c080' as text)
cast(x'eda080' as text)
x''
x'00'
x'0000'
x'27'
x'00ff0a0d27'
x'61'
0
1
-1
9223372036854775807
-9223372036854775808
9007199254740993
0.1
0.1 + 0.2
1.0 / 3
-0.0
0.0
7
7.0
'7'
'7.0'
' 7 '
'1e5'
'0x10'
'abc'
'9223372036854775808'
'0.1000000000000000055'
1e15
1e16
1e22
1e23
123456789012345678.0
1e-5
1e-300
5e-324
2.2250738585072014e-308
1.7976931348623157e308
9e999
-9e999
END
}

# reals N - that many doubles of all sizes, with 17 digits.
reals() {
	awk -v n="$1" -v seed="$seed" 'BEGIN {
		for (srand(seed); n > 0; n--)
			printf "%s%d.%08d%08de%d\n", rand() < .5 ? "-" : "",
			    1 + rand() * 9, rand() * 1e8, rand() * 1e8,
			    int(rand() * 600) - 300
	}'
}

random_seed() {
	seed=${TEST_SEED:-$((RANDOM * 32768 + RANDOM))}
	echo "# seed $seed (TEST_SEED)" >&3
}

# A patch has no control characters but the ends of its lines, and each line is
# a comment or a statement.
check_form() {
	run ! grep -anP '[\x00-\x09\x0b-\x1f\x7f]' "$BATS_TEST_TMPDIR/patch"
	run ! grep -anvE '^$|^-- |;$' "$BATS_TEST_TMPDIR/patch"
}

@test "SQLite: every value can replace, follow and give way to every other" {
	random_seed
	new_pair lite lite
	both 'CREATE TABLE v(id INTEGER PRIMARY KEY, a, t TEXT, n NUMERIC,
	    r REAL, i INTEGER, b BLOB, d DATE, f BOOLEAN);'
	{
		echo 'CREATE TABLE raw(id INTEGER PRIMARY KEY, x);'
		{ lite_values; reals 300; } | sed 's/.*/INSERT INTO raw(x) VALUES (&);/'
	} | lite values.db
	# The value of a row is another one on the other side; those above 1000 are
	# there twice, so that every value is inserted and deleted too.
	for side in "$source 0" "$target 1"; do
		set -- $side
		lite "$1" "ATTACH 'values.db' AS w;
		    INSERT INTO v SELECT a.id + 1000 * s, b.x, b.x, b.x, b.x, b.x,
			b.x, b.x, b.x
			FROM w.raw a, (SELECT 0 AS s UNION ALL SELECT 1)
			JOIN w.raw b ON b.id = 1 + (a.id + s * $2) %
			    (SELECT count(*) FROM w.raw)
			WHERE s = 1 OR a.id % 2 = $2;"
	done
	round_trip "$source" "$target"
	check_form
	round_trip "$target" "$source"
	check_form
}

# pg_values - a column of PostgreSQL a line: name, type, values.
pg_values() {
	cat <<'END'
i2 smallint = '0', '1', '-32768', '32767'
i4 integer = '0', '-1', '2147483647', '-2147483648'
i8 bigint = '0', '9223372036854775807', '-9223372036854775808'
n numeric = '0', '1.10', '1.1', '-0.5', '123456789012345678901234567890.123456789012345678901234567891', '1e-30', '1e40', 'NaN', 'Infinity', '-Infinity'
n2 numeric(10,2) = '0', '1.10', '-99999999.99', '0.01', 'NaN'
n9 numeric(20,-2) = '100', '1200', '-300'
f4 real = '0', '-0', '0.1', '16777216', '3.4028235e38', '1.4e-45', '1e-30', 'NaN', 'Infinity', '-Infinity'
f8 double precision = '0', '-0', '0.1', '0.30000000000000004', '5e-324', '2.2250738585072014e-308', '1.7976931348623157e308', '1e23', '1e15', '123456789.12345679', 'NaN', 'Infinity', '-Infinity'
t text = '', ' ', 'a', 'a ', 'NULL', '\N', '''', '"', '\', '\\', '\n', '\!', '\echo x', '\.', '\gexec', '$$', '$1', '$a$ $a$', ':x', ':''x''', ':"x"', '?', '%s', '--', '/*', ';', 'é', 'é', '😀', '👨‍👩‍👧', E'\t', E'\n', E'\r', E'a\r\nb', E'a\n\\!\nb', E'a\n\\.\nb', E'a\nCOMMIT;', E'\001', E'\b', E'\032', E'\033[2J', E'\177', U&'\0080', U&'\FEFF', U&'\2028', U&'\+10FFFF', U&'\202E'
v varchar(12) = '', 'abc', ' abc ', '😀😀😀😀😀😀😀😀😀😀😀😀', 'it''s'
c char(5) = '', 'a', 'abcde', E'a\t', '''', '\'
nm name = 'x', 'A b', ''
ch "char" = 'a', '', ''''
by bytea = '', '\x00', '\x0000', '\x27', '\x5c', '\x00ff0a0d27', '\xdeadbeef', '\x61'
b boolean = 'true', 'false'
d date = '2024-02-29', '0001-01-01', '0044-03-15 BC', '4713-01-01 BC', '12345-06-07', '5874897-12-31', 'infinity', '-infinity', '1582-10-10'
ts timestamp = '2024-02-29 12:00:00', '1969-12-31 23:59:59.999999', '0044-03-15 10:00:00.5 BC', '294276-12-31 23:59:59.999999', 'infinity', '-infinity', '2024-01-01 00:00:00.000001'
ts3 timestamp(3) = '2024-02-29 12:00:00.123', '2024-02-29 12:00:00.12', '0044-03-15 10:00:00.5 BC'
tz timestamptz = '2024-03-31 02:30:00+01', '2024-10-27 02:30:00+01', '2024-10-27 02:30:00+02', '0044-03-15 10:00:00.5+00 BC', 'infinity', '-infinity'
tm time = '00:00:00', '24:00:00', '23:59:59.999999', '10:00:00.5'
tt timetz = '10:00:00+02', '08:00:00+00', '10:00:00.5-11:30'
iv interval = '0', '1 day', '24:00:00', '1 year 14 mons 3 days -04:05:06.7', '-1 mon +1 day', '-170000000 years'
u uuid = '00000000-0000-0000-0000-000000000000', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
j json = '{}', '{"a":1}', '{"a":2.0}', '{"b":2,"a":1}', '{"a":1,"a":2}', '"\u00e9"', '"\u0000"', '1E400', '-0', ' [1, 2]', '"''\\"', 'null'
jb jsonb = '{}', '{"a": 1}', '{"a": 2.00}', '[1, {"k": "''\\ :x"}]', '"😀"', 'null', '123456789012345678901234567890.5'
ia integer[] = '{}', '{1,NULL,3}', '{{1,2},{3,4}}', '[0:1]={1,2}'
ta text[] = '{}', '{"a,b","\"","\\","",NULL,"NULL"," "}', '{''}', E'{"a\nb"}'
bt bit(5) = '00000', '10101'
vb bit varying = '', '1', '0001'
ip inet = '10.0.0.1', '10.0.0.1/8', '::1'
ci cidr = '10.0.0.0/8', '10.0.0.0/16'
ma macaddr = '08:00:2b:01:02:03', '08:00:2b:01:02:04'
ir int4range = 'empty', '[1,5)', '(,)', '[1,)'
tr tsrange = '["2024-01-01 00:00:00","infinity")', '(,"0044-03-15 00:00:00 BC"]', 'empty'
mr int4multirange = '{}', '{[1,3),[5,7)}'
x xml = '', '<a/>', '<a b="''">&lt;\n</a>', 'a<b/>c'
pt point = '(0,0)', '(0.1,1e300)', '(1,-0)'
bx box = '(1,1),(0,0)', '(2,2),(0,0)'
pg polygon = '((0,0),(1,1),(0,1))', '((0,0),(1,1),(0,2))'
mo money = '0', '-12.34', '92233720368547758.07'
en mood = 'sad', 'it''s :x', 'happy\'
ea mood[] = '{sad,NULL}', '{"happy\\"}'
dm dom = 'abc', 'it''s'
co pair = '(1,a)', '(,"")', '(,)', '(2,"x"",\\ y")'
tv tsvector = 'a:1 b:2A', '''it''''s'':3', ''
ox oid = '0', '4294967295'
ls pg_lsn = '0/0', 'FFFFFFFF/FFFFFFFF'
END
}

pg_types="CREATE TYPE mood AS ENUM ('sad', 'it''s :x', 'happy\');
	CREATE DOMAIN dom AS varchar(10) CHECK (value <> 'bad');
	CREATE TYPE pair AS (a int, b text);"

# fill_pg URL SHIFT - row k of v holds the value k + SHIFT of each column, NULL
# being one of them.
fill_pg() {
	pg_values | awk -v shift="$2" '
	{
		at = index($0, " = ")
		sub(/ /, "\" ", $0)
		columns = columns ", \"" substr($0, 1, at)
		type = substr($0, 1, at)
		sub(/^[^ ]* /, "", type)
		list = "ARRAY[NULL, " substr($0, at + 4) "]::text[]"
		values = values ",\n(" list ")[1 + (k + " shift + NR \
		    ") % cardinality(" list ")]::" type
	}
	END {
		print "SET timezone = \047UTC\047;"
		print "CREATE TABLE v(k int PRIMARY KEY" columns ");"
		print "INSERT INTO v SELECT k" values
		print "FROM generate_series(0, 119) k WHERE k % 6 <> " shift ";"
	}' | pg "$1"
}

@test "PostgreSQL: every value can replace, follow and give way to every other" {
	new_pair pg pg
	both "$pg_types"
	fill_pg "$source" 0
	fill_pg "$target" 1
	for hash in stream md5; do
		quiet_diff 1 --hash=$hash -f stat "$source" "$target"
		grep -qE '^v +.* 20 +80 +20' "$BATS_TEST_TMPDIR/diff"
	done
	round_trip "$source" "$target"
	check_form
	round_trip "$target" "$source"
	check_form
}

# large BRAND N - rows with a megabyte of everything that has to be escaped, as
# INSERTs; N tells two sides apart.
large() {
	awk -v brand="$1" -v n="$2" '
	function repeat(s, times,    r) {
		for (; times > 0; times = int(times / 2)) {
			if (times % 2)
				r = r s
			s = s s
		}
		return r
	}
	function bytes(hex) {
		return (brand == "pg" ? "\047\\x" : "x\047") hex "\047"
	}
	function row(id, t, b) {
		print "INSERT INTO big VALUES(" id ", \047" t n "\047, " b ");"
	}
	BEGIN {
		row(1, repeat("x", 1000000), bytes("00"))
		row(2, repeat("\047\047\\\n:x", 200000), bytes(n n))
		row(3, "", bytes(repeat("00ff0a275c", 200000) n n))
		row(4 + n, repeat("😀", 250000), bytes(repeat("27", 1000000)))
	}'
}

large_values() {
	local n=0 db
	for db in "$source" "$target"; do
		if [[ $db = postgresql://* ]]; then
			run_sql "$db" 'CREATE TABLE big(id int PRIMARY KEY, t text, b bytea);'
			large pg $n | pg "$db"
		else
			run_sql "$db" 'CREATE TABLE big(id int PRIMARY KEY, t text, b blob);'
			large lite $n | lite "$db"
		fi
		n=1
	done
	round_trip "$source" "$target"
	check_form
}

@test "megabytes of text and bytes, in all pairings" {
	in_all_pairings large_values
}

# --- what a target cannot hold ----------------------------------------------------

# cannot_hold - KEY COLUMN REASON of each cell that the last comparison with -f
# json called unrepresentable.
cannot_hold() {
	{
		echo '.mode ascii'
		echo '.separator "\037" "\n"'
		echo 'CREATE TABLE j(x); CREATE TABLE o(x);'
		echo ".import $1 j"
		echo '.mode list'
		echo '.separator " "'
		echo "SELECT json_extract(j.x, '$.key.k'), u.key, u.value
			FROM j, json_each(j.x, '$.unrepresentable') u
			WHERE j.x ->> 'type' = 'change' ORDER BY 1 + j.x ->> '$.key.k',
			j.rowid, u.id;"
	} | lite :memory:
}

lite_columns='t text, v varchar(3), i int, n numeric(10,2), f double, r real,
	d date, ts datetime, tz datetime, b boolean, x blob, u uuid, j json, keep text'
pg_columns='t text, v varchar(3), i int, n numeric(10,2), f float8, r real,
	d date, ts timestamp, tz timestamptz, b boolean, x bytea, u uuid, j jsonb, keep text'

@test "SQLite to PostgreSQL: what it cannot hold is named, the rest of the row is patched" {
	new_pair lite pg
	source "CREATE TABLE v(k integer PRIMARY KEY, $lite_columns);
	    INSERT INTO v VALUES
	    (1, 'a' || char(0) || 'b', 'abc', 1, 1.5, 1e300, 0.1, '2024-02-29',
		'2024-02-29T10:00:00', '2024-02-29T10:00:00Z', 1, x'00',
		'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{\"b\":1, \"a\":2}', 'k'),
	    (2, cast(x'ff61' as text), 'abcd', 'abc', 'x', 'x', 'x', '2024-02-30',
		'nope', 'x2024', 'maybe', 'text', 'not-uuid', '{bad', NULL),
	    (3, x'6162', '😀😀😀', 3000000000, 123456789.01, 9e999, 1e300, '', '',
		'', 2, 7, x'00', '\"\u0000\"', 'ok'),
	    (4, 7, '    ', 1.5, 1.005, -9e999, 1e-50, 0, 0, 0, 't', x'', '', '', 'ok'),
	    (5, 1.5, 'a ', 9223372036854775807, 0.1 + 0.2, '1e5', 16777217,
		1700000000, 1700000000123, 2460000.5, 'true', NULL,
		'{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'null', 'ok'),
	    (6, 'ok', 'ok', 7, 99999999.994, 5e-324, 'Infinity', 'infinity',
		'infinity', '-infinity', 0, x'ff',
		'a0eebc999c0b4ef8bb6d6bb9bd380a11', '[1.0, 1e40]', 'ok'),
	    (7, 'ok', 'ok', 7, 1e10, 'NaN', 'NaN', '0044-03-15 BC',
		'0044-03-15 10:00:00 BC', '2024-02-29 10:00:00.1234567', 0, x'ff',
		NULL, '{\"a\":1,\"a\":2}', 'ok'),
	    (8, 'ok', 'ok', '7', ' 7 ', NULL, NULL, '2024-02-29 10:00:00',
		'2024-02-29', '2024-02-29 10:00:00+05:30', 0, x'ff', NULL, ' [1] ',
		'ok');"
	target "CREATE TABLE v(k int PRIMARY KEY, $pg_columns);
	    INSERT INTO v SELECT generate_series(1, 12);"
	quiet_diff 1 -f json -o found "$source" "$target"
	is "$(cannot_hold found)" "1 t NUL byte in text
2 t text is not valid UTF-8
2 v text is longer than the column
2 i not a number
2 n not a number
2 f not a number
2 r not a number
2 d there is no such day
2 ts not a timestamp
2 tz not a timestamp
2 b neither 0 nor 1
2 u not a uuid
2 j not JSON
3 i integer out of range
3 n too many digits before the point
3 r number out of range of real
3 d not a date
3 ts not a timestamp
3 tz not a timestamp
3 b neither 0 nor 1
3 x a number is not bytes
3 u not a uuid
3 j \u0000 in jsonb
4 v text is longer than the column
4 i not an integer
4 r number out of range of real
4 b neither 0 nor 1
4 u not a uuid
4 j not JSON
5 i integer out of range
5 d a date has no time of day
5 b neither 0 nor 1
7 n too many digits before the point
8 d a date has no time of day"
	REST=1 round_trip "$source" "$target"
	check_form
	run -1 "$TRUEUP" sync "$source" "$target"
	# Nothing is left but the cells above.
	quiet_diff 1 -f csv -o left "$source" "$target"
	is "$(tail -n +2 left | wc -l)" "$(cannot_hold found | wc -l)"
	is "$(target 'SELECT n, ts, keep FROM v WHERE k = 4;
	    SELECT tz FROM v WHERE k = 8;')" "1.01|1970-01-01 00:00:00|ok
2024-02-29 04:30:00+00"
}

@test "PostgreSQL to SQLite: what it cannot hold is named, the rest of the row is patched" {
	new_pair pg lite
	source "CREATE TABLE v(k int PRIMARY KEY, $pg_columns, z numeric);
	    INSERT INTO v VALUES
	    (1, 'a', 'abc', 1, 1.5, 'NaN', 'NaN', 'infinity', '-infinity',
		'infinity', true, '\x00', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
		'{\"b\":1}', 'k', 'NaN'),
	    (2, '7', '7', NULL, 'NaN', 'Infinity', '-Infinity', '0044-03-15 BC',
		'0044-03-15 10:00:00.5 BC', '0044-03-15 10:00:00.5+00 BC', false, '',
		'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '[1e400]', 'k', 'Infinity'),
	    (3, '7.0', 'abc', 2147483647, 99999999.99, -0.0, -0.0, '12345-06-07',
		'12345-06-07', '294276-12-31 23:59:59.999999+00', false, '',
		'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '[1.00]', 'k',
		123456789012345678901234567890.123456789012345678901234567891),
	    (4, ' 7', '1e5', -2147483648, 0.1, 0.1, 0.1, '0001-01-01',
		'0001-01-01', '0001-01-01', true, 'abc', NULL, '\"\\u00e9\"', 'k', 1e-30),
	    (21, 'x', 'x', 1, 1, 1e300, 3.4028235e38, '2024-02-29',
		'2024-02-29 24:00:00', '2024-02-29 00:00:00.000001+00', true, '\xff',
		NULL, 'null', NULL, 12345678901234567);"
	target "CREATE TABLE v(k integer PRIMARY KEY, $lite_columns, z numeric);
	    INSERT INTO v(k, t, n, ts, j, keep) VALUES
		(1, cast(x'ff00' as text), 'x', 5, '{', x'00'),
		(2, 7, 7, 7, 7, 7), (3, 'abc', 9e999, '', '', ''), (4, 4, 4, 4, 4, 4),
		(5, 5, 5, 5, 5, 5);"
	quiet_diff 1 -f json -o found "$source" "$target"
	is "$(cannot_hold found)" "1 f SQLite has no NaN
1 r SQLite has no NaN
1 z SQLite has no NaN
2 n SQLite has no NaN
3 z a SQLite number keeps 15 to 17 digits"
	REST=1 round_trip "$source" "$target"
	check_form
	run -1 "$TRUEUP" sync "$source" "$target"
	quiet_diff 1 -f csv -o left "$source" "$target"
	is "$(tail -n +2 left | wc -l)" "$(cannot_hold found | wc -l)"
	is "$(target "SELECT d, ts, tz FROM v WHERE k = 2;
	    SELECT typeof(z), z FROM v WHERE k = 21;")" \
	    "0044-03-15 BC|0044-03-15 10:00:00.5 BC|0044-03-15 10:00:00.5 BC
integer|12345678901234567"
}

@test "a row that cannot be inserted whole is not inserted, nor a key changed" {
	new_pair lite pg
	source "CREATE TABLE v(k text PRIMARY KEY, t text);
	    INSERT INTO v VALUES ('a', 'x'), ('b', char(0)), (char(0), 'y'), ('c', 'z');"
	target "CREATE TABLE v(k text PRIMARY KEY, t text);"
	quiet_diff 1 -f json -o found "$source" "$target"
	is "$(grep -c '"patchable": false' found)" 2
	run -1 --separate-stderr "$TRUEUP" diff -f sql -o patch "$source" "$target"
	is "$stderr" "trueup: no patch can carry 2 of the differences; --format=text names them"
	apply_sql "$target" patch
	is "$(target 'SELECT k, t FROM v ORDER BY 1;')" $'a|x\nc|z'
	run -1 "$TRUEUP" sync "$source" "$target"
	[[ ${lines[-1]} == "written: 0 inserted, 0 updated, 0 deleted" ]]
}

# --- names ------------------------------------------------------------------------

odd_names() {
	cat <<'END'
a b
select
Order
"quoted"
it's
semi;colon
dot.dot
percent%s
q?
:x
$1
a--b
/*c*/
naïve
日本
😀
back\slash
[b]
`t`
star*
UPPER
END
}

make_odd() {
	odd_names | awk -v rows="$1" '
	function name(s) { gsub("\"", "\"\"", s); return "\"" s "\"" }
	{ n[NR] = $0 }
	END {
		for (i = 1; i <= NR; i++) {
			t = name(n[i])
			k = name(n[i % NR + 1])
			c = name(n[(i + 1) % NR + 1])
			g = name(n[(i + 2) % NR + 1])
			print "CREATE TABLE " t "(" k " int PRIMARY KEY, " c \
			    " text, " g " int);"
			print "INSERT INTO " t " VALUES " rows ";"
		}
	}'
}

odd_rows() {
	local db n
	for db in "$source" "$target"; do
		n=$((${n:--1} + 1))
		make_odd "(1, 'same', 1), (2, 'x$n', 2), ($n + 3, '', 3)" | run_sql "$db"
	done
	run -1 "$TRUEUP" diff -f stat "$source" "$target"
	[[ ${lines[-1]} =~ ^total\ +63\ +63\ +21\ +21\ +21\  ]]
	round_trip "$source" "$target"
	check_form
	# Any of them can be asked for by name.
	while read -r name; do
		run -1 "$TRUEUP" diff -f stat -t "$name" "$source" "$target"
		[[ ${lines[-1]} =~ ^total\ +3\ +3\ +1\ +1\ +1\  ]]
	done < <(odd_names | grep -Fv -e '*' -e '?' -e '[' -e '\' -e .)
}

@test "tables and columns of any name, in all pairings" {
	in_all_pairings odd_rows
}

@test "schemas of any name, equal tables in several" {
	new_pair pg pg
	both 'CREATE SCHEMA "A b"; CREATE SCHEMA "select"; CREATE SCHEMA "x.y";
	    CREATE TABLE "A b".t(id int PRIMARY KEY, x text);
	    CREATE TABLE "select".t(id int PRIMARY KEY, x text);
	    CREATE TABLE "x.y"."t.t"(id int PRIMARY KEY, x text);
	    CREATE TABLE t(id int PRIMARY KEY, x text);'
	source "INSERT INTO \"A b\".t VALUES (1, 'a'); INSERT INTO \"select\".t VALUES
	    (1, 'b'); INSERT INTO \"x.y\".\"t.t\" VALUES (1, 'c'); INSERT INTO t VALUES (1, 'd');"
	run -1 "$TRUEUP" diff -f rows "$source" "$target"
	is "$output" "+ A b.t id=1, x='a'
+ t id=1, x='d'
+ select.t id=1, x='b'
+ x.y.t.t id=1, x='c'"
	round_trip "$source" "$target"
}

@test "control characters in names do not get out of a comment" {
	local odd=$'a\nDROP TABLE v;\n--\r\t"'
	odd='"'${odd//'"'/'""'}'"'
	for brand in lite pg; do
		new_pair $brand $brand
		both "CREATE TABLE v(k int); CREATE TABLE $odd(k int PRIMARY KEY, $odd text);"
		source "INSERT INTO $odd VALUES (1, 'x'), (2, 'y');"
		target "INSERT INTO $odd VALUES (2, 'z'), (3, 'y');"
		round_trip "$source" "$target"
		target 'SELECT * FROM v;'
	done
}

# --- columns that are not written -------------------------------------------------

@test "columns that are left out keep their values" {
	for brand in lite pg; do
		new_pair $brand $brand
		both 'CREATE TABLE t(id int PRIMARY KEY, x text, mine text DEFAULT '\'new\'');'
		source "INSERT INTO t VALUES (1, 'a', 's'), (2, 'b', 's'), (3, 'c', 's');"
		target "INSERT INTO t VALUES (2, 'z', 'kept'), (3, 'c', 'kept'), (4, 'd', 'kept');"
		round_trip "$source" "$target" --exclude-columns=mine
		run ! grep -E '^(UPDATE|INSERT).*mine' patch
		run ! grep 'SET.*mine' undo
		apply_sql "$target" patch
		is "$(target 'SELECT * FROM t ORDER BY 1;')" $'1|a|new\n2|b|kept\n3|c|kept'
		run -1 "$TRUEUP" diff "$source" "$target"
	done
}

@test "generated columns are compared, never written" {
	new_pair pg pg
	both 'CREATE TABLE t(id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) STORED, b text);'
	source "INSERT INTO t(id, a, b) VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 3, NULL);"
	target "INSERT INTO t(id, a, b) VALUES (2, 5, 'y'), (3, 3, 'z'), (4, 4, 'w');"
	round_trip "$source" "$target"
	run ! grep -E 'SET .*"g" = .* WHERE |"g".* VALUES ' patch
	new_pair lite lite
	both 'CREATE TABLE t(id integer PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) STORED, v AS (a + 1), b text);'
	source "INSERT INTO t(id, a, b) VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 3, NULL);"
	target "INSERT INTO t(id, a, b) VALUES (2, 5, 'y'), (3, 3, 'z'), (4, 4, 'w');"
	round_trip "$source" "$target"
	run ! grep -E 'SET .*"[gv]" = .* WHERE |"[gv]".* VALUES ' patch
}

@test "a generated column that the target computes otherwise remains" {
	for brand in lite pg; do
		new_pair $brand $brand
		source 'CREATE TABLE t(id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) STORED);
		    INSERT INTO t(id, a) VALUES (1, 1), (2, 2), (3, 0);'
		target 'CREATE TABLE t(id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 3) STORED);
		    INSERT INTO t(id, a) VALUES (2, 1), (3, 0);'
		run -1 "$TRUEUP" sync "$source" "$target"
		is "$(target 'SELECT * FROM t ORDER BY 1;')" $'1|1|3\n2|2|6\n3|0|0'
		run -1 "$TRUEUP" sync "$source" "$target"
		[[ $output == *"the target computes this column"* ]]
		[[ ${lines[-1]} == "written: 0 inserted, 0 updated, 0 deleted" ]]
		run -1 "$TRUEUP" diff -f sql "$source" "$target"
		run -0 "$TRUEUP" diff --exclude-columns=g "$source" "$target"
	done
}

@test "identity and serial columns: numbers are kept and sequences move on" {
	new_pair pg pg
	both 'CREATE TABLE a(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text);
	    CREATE TABLE d(id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, x text);
	    CREATE TABLE s(id serial PRIMARY KEY, x text);
	    CREATE TABLE n(id int GENERATED ALWAYS AS IDENTITY (INCREMENT -1) PRIMARY KEY, x text);'
	source "INSERT INTO a(x) SELECT 'v' || g FROM generate_series(1, 20) g;
	    INSERT INTO d(x) SELECT x FROM a; INSERT INTO s(x) SELECT x FROM a;
	    INSERT INTO n(x) SELECT x FROM a;"
	target "INSERT INTO a(x) VALUES ('v1'), ('zz'); INSERT INTO d(x) VALUES ('v1'), ('zz');
	    INSERT INTO s(x) VALUES ('v1'), ('zz'); INSERT INTO n(x) VALUES ('v1'), ('zz');"
	round_trip "$source" "$target"
	check_form
	copy_db synced "$target"
	apply_sql "$target" patch
	"$TRUEUP" sync "$source" "$synced"
	for db in "$target" "$synced"; do
		pg "$db" "INSERT INTO a(x) VALUES ('next'); INSERT INTO d(x) VALUES ('next');
		    INSERT INTO s(x) VALUES ('next'); INSERT INTO n(x) VALUES ('next');"
		is "$(pg "$db" "SELECT (SELECT max(id) FROM a), (SELECT max(id) FROM d),
		    (SELECT max(id) FROM s), (SELECT min(id) FROM n);")" '21|21|21|-21'
	done
}

@test "SQLite: AUTOINCREMENT moves on, WITHOUT ROWID and STRICT tables" {
	new_pair lite lite
	both 'CREATE TABLE a(id integer PRIMARY KEY AUTOINCREMENT, x);
	    CREATE TABLE w(k text, n int, x any, PRIMARY KEY (k, n)) WITHOUT ROWID;
	    CREATE TABLE s(id integer PRIMARY KEY, i int, t text, r real, b blob, a any) STRICT;'
	source "INSERT INTO a VALUES (1, 1), (20, 2); INSERT INTO w VALUES ('a', 1, 1),
	    ('A', 1, 2), ('', 0, x''); INSERT INTO s VALUES (1, 1, 'a', 1, x'00', '1'),
	    (2, 2, '2', 2.5, x'', 1), (3, NULL, NULL, NULL, NULL, 1.0);"
	target "INSERT INTO a VALUES (1, 2), (3, 2); INSERT INTO w VALUES ('a', 1, 1.0),
	    ('A', 2, 2); INSERT INTO s VALUES (1, 1, 'a', 1, x'00', 1), (2, 2, '2', 2,
	    x'', 1), (4, NULL, NULL, NULL, NULL, 1);"
	round_trip "$source" "$target"
	apply_sql "$target" patch
	target 'INSERT INTO a(x) VALUES (0);'
	is "$(target 'SELECT max(id) FROM a;')" 21
}

# --- keys, references, conflicts --------------------------------------------------

# Both brands know this SQL.
keyless_rows() {
	both 'CREATE TABLE t(a int, b text);'
	source "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL),
	    (2, ''), (3, 'only'), (4, 'y');"
	target "INSERT INTO t VALUES (1, 'x'), (NULL, NULL), (NULL, NULL), (NULL, NULL),
	    (2, NULL), (4, 'y'), (5, 'gone'), (5, 'gone');"
	UNSURE=1 round_trip "$source" "$target"
	check_form
	quiet_diff 1 -f json -o found "$source" "$target"
	is "$(grep -c '"copies": 2' found)" 2
	[[ $(tail -n 1 found) == *'"insert": 4, "update": 0, "delete": 4,'* ]]
}

@test "without a key equal rows are counted, in all pairings" {
	in_all_pairings keyless_rows
}

@test "keyless rows that equality confuses" {
	new_pair pg pg
	both 'CREATE TABLE t(a float8, n numeric, c char(3), j json);'
	source "INSERT INTO t VALUES ('NaN', 1.0, 'a', '{}'), ('NaN', 1.0, 'a', '{}'),
	    (0, 1, 'a', NULL);"
	target "INSERT INTO t VALUES ('NaN', 1.0, 'a', '{}'), (0, 1, 'b', NULL),
	    ('Infinity', 1, 'a', '[]');"
	RESPELT=1 round_trip "$source" "$target"
	new_pair lite lite
	both 'CREATE TABLE t(a, b TEXT COLLATE NOCASE);'
	source "INSERT INTO t VALUES (1, 'a'), (1.0, 'a'), ('1', 'A'), (x'31', 'a '), (1, 'a');"
	target "INSERT INTO t VALUES (1, 'A'), ('1', 'a'), (x'31', 'a'), (1.0, 'a');"
	round_trip "$source" "$target"
}

@test "values against their column's type, without a key and in one" {
	new_pair lite lite
	both 'CREATE TABLE t(i int, n numeric, b blob, d date, x text, u uuid, a);
	    CREATE TABLE k(i int, b blob, a, PRIMARY KEY (i, b, a));
	    CREATE TABLE s(x text PRIMARY KEY, y);'
	for db in "$source 3" "$target 5"; do
		set -- $db
		lite_values | grep -vE '^(NULL|.*x.(ff|c0|ed).*text)' |
		    awk -v skip="$2" '
		NR % skip {
			print "INSERT INTO t VALUES(" $0 ", " $0 ", " $0 ", " $0 \
			    ", " $0 ", " $0 ", " $0 ");"
			print "INSERT OR IGNORE INTO k VALUES(" $0 ", " $0 ", " $0 ");"
			print "INSERT OR IGNORE INTO s VALUES(" $0 ", " NR ");"
		}' | lite "$1"
	done
	round_trip "$source" "$target"
	new_pair lite pg
	source "CREATE TABLE t(i int, b blob, x text);
	    INSERT INTO t VALUES ('abc', 7, x'6162'), (x'00', 'text', x''), (1.5, 1.5, 7),
	    (1, x'00', 'z'), (1, x'00', 'z'), (-1, x'7f', 'é');"
	target "CREATE TABLE t(i int, b bytea, x text);
	    INSERT INTO t VALUES (1, '\x00', 'z'), (NULL, '', 'ab'), (10, '\xff', '');"
	REST=1 round_trip "$source" "$target"
	run -1 "$TRUEUP" diff "$target" "$source"
}

@test "a key that is a number here and text there" {
	new_pair pg pg
	source "CREATE TABLE t(id int PRIMARY KEY, x text);
	    INSERT INTO t VALUES (1, 'a'), (9, 'b'), (10, 'c'), (100, 'd');"
	target "CREATE TABLE t(id text PRIMARY KEY, x text);
	    INSERT INTO t VALUES ('1', 'a'), ('9', 'z'), ('10', 'c'), ('20', 'y');"
	round_trip "$source" "$target"
	new_pair lite pg
	source "CREATE TABLE t(id int PRIMARY KEY, x text);
	    INSERT INTO t VALUES (1, 'a'), (9, 'b'), (10, 'c'), (100, 'd');"
	target "CREATE TABLE t(id text PRIMARY KEY, x text);
	    INSERT INTO t VALUES ('1', 'a'), ('9', 'z'), ('10', 'c'), ('20', 'y');"
	round_trip "$source" "$target"
}

@test "keys that can be NULL, and a text key under a collation" {
	new_pair lite lite
	both 'CREATE TABLE n(k text PRIMARY KEY, x); CREATE TABLE c(k text COLLATE NOCASE PRIMARY KEY NOT NULL, x);'
	source "INSERT INTO n VALUES (NULL, 1), (NULL, 2), ('a', 3);
	    INSERT INTO c VALUES ('a', 1), ('B', 1), ('ä', 1);"
	target "INSERT INTO n VALUES (NULL, 1), (NULL, 1), ('b', 3);
	    INSERT INTO c VALUES ('A', 1), ('B', 2), ('Ä', 1), ('c', 1);"
	UNSURE=1 round_trip "$source" "$target"
	check_form
}

composite_keys() {
	both 'CREATE TABLE t(a int, b varchar(20), c numeric(6,2), x text, PRIMARY KEY (c, a, b));'
	source "INSERT INTO t VALUES (1, 'a', 1.5, 'x'), (1, 'a', 1.25, 'y'), (1, 'A', 1.5, 'z'),
	    (2, '', 0, 'w'), (-1, 'it''s', -1.5, 'v');"
	target "INSERT INTO t VALUES (1, 'a', 1.5, 'X'), (1, 'a ', 1.25, 'y'), (1, 'A', 1.5, 'z'),
	    (2, '', 0, 'W'), (-1, 'it''s', 1.5, 'v');"
	round_trip "$source" "$target"
	check_form
}

@test "keys of three columns, in all pairings" {
	in_all_pairings composite_keys
}

# A chain of three tables, a table that refers to itself, and a table in between
# whose rows must go last or come first.
references() {
	both 'CREATE TABLE zone(id int PRIMARY KEY, name varchar(9) NOT NULL UNIQUE);
	    CREATE TABLE city(id int PRIMARY KEY, zone int NOT NULL REFERENCES zone, name text);
	    CREATE TABLE addr(id int PRIMARY KEY, city int REFERENCES city, zone_name varchar(9) REFERENCES zone(name));
	    CREATE TABLE boss(id int PRIMARY KEY, boss int REFERENCES boss, name text);'
	source "INSERT INTO zone VALUES (1, 'a'), (2, 'b'), (4, 'd');
	    INSERT INTO city VALUES (1, 1, 'x'), (2, 4, 'y'), (4, 4, 'z');
	    INSERT INTO addr VALUES (1, 1, 'a'), (2, 4, 'd'), (5, 4, NULL);
	    INSERT INTO boss VALUES (9, NULL, 'top'), (1, 9, 'a'), (2, 1, 'b'), (3, 2, 'c'), (8, 9, 'n');"
	target "INSERT INTO zone VALUES (1, 'a'), (2, 'b'), (3, 'c');
	    INSERT INTO city VALUES (1, 1, 'x'), (2, 3, 'y'), (3, 3, 'gone');
	    INSERT INTO addr VALUES (1, 1, 'a'), (2, 3, 'c'), (3, 3, 'b');
	    INSERT INTO boss VALUES (5, NULL, 'top'), (6, 5, 'x'), (1, 6, 'a'), (2, 1, 'b'), (7, 6, 'y');"
	round_trip "$source" "$target"
	check_form
	round_trip "$target" "$source"
}

@test "references: chains and a table that refers to itself, in all pairings" {
	in_all_pairings references
	[[ $target = postgresql://* ]]
	run -0 pg "$target" "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND condeferrable;"
	is "$output" 0
}

@test "tables that refer to each other, deferrable" {
	new_pair pg pg
	both 'CREATE TABLE a(id int PRIMARY KEY, b int NOT NULL);
	    CREATE TABLE b(id int PRIMARY KEY, a int NOT NULL REFERENCES a DEFERRABLE);
	    ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY IMMEDIATE;'
	source 'BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 2), (2, 1); COMMIT;'
	target 'BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO a VALUES (3, 3), (2, 4); INSERT INTO b VALUES (3, 3), (4, 2); COMMIT;'
	round_trip "$source" "$target"
	run ! grep -q 'refer to each other' patch
	new_pair lite lite
	both 'CREATE TABLE a(id int PRIMARY KEY, b int NOT NULL REFERENCES b);
	    CREATE TABLE b(id int PRIMARY KEY, a int NOT NULL REFERENCES a);'
	source 'INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 2), (2, 1);'
	target 'INSERT INTO a VALUES (3, 3), (2, 4); INSERT INTO b VALUES (3, 3), (4, 2);'
	round_trip "$source" "$target"
}

@test "a unique value that moves to another row" {
	for brand in lite pg; do
		new_pair $brand $brand
		both 'CREATE TABLE t(id int PRIMARY KEY, u text UNIQUE);'
		source "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');"
		target "INSERT INTO t VALUES (1, 'x'), (2, 'y'), (9, 'c');"
		round_trip "$source" "$target"
	done
}

@test "unique values swapped between two rows, which can be parked meanwhile" {
	for brand in lite pg; do
		new_pair $brand $brand
		both 'CREATE TABLE t(id int PRIMARY KEY, u text UNIQUE, x int);'
		source "INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 2);"
		target "INSERT INTO t VALUES (1, 'b', 1), (2, 'a', 1), (3, 'c', 1);"
		round_trip "$source" "$target"
	done
}

@test "unique dates that may not be NULL: refused, and nothing is written" {
	new_pair pg pg
	both 'CREATE TABLE t(id int PRIMARY KEY, u date UNIQUE NOT NULL);'
	source "INSERT INTO t VALUES (1, '2024-01-01'), (2, '2024-01-02');"
	target "INSERT INTO t VALUES (1, '2024-01-02'), (2, '2024-01-01');"
	run -4 "$TRUEUP" sync "$source" "$target"
	[[ $output == *"hint: "*swapped* ]]
	is "$(target 'SELECT * FROM t ORDER BY id;')" \
	    $'1|2024-01-02\n2|2024-01-01'
}

# A row that was changed since the comparison is left alone, and the client says
# so; the others are patched.
changed_since() {
	both 'CREATE TABLE t(id int PRIMARY KEY, x text, y text);'
	source "INSERT INTO t VALUES (1, 'a', 's'), (2, 'b', 's'), (3, 'c', 's');"
	target "INSERT INTO t VALUES (1, 'A', 's'), (2, 'B', 's'), (3, 'C', 's'), (4, 'd', 's'), (5, 'e', 's');"
	quiet_diff 1 -f sql -o patch --undo=undo "$source" "$target"
	target "UPDATE t SET y = 'mine' WHERE id IN (2, 5);"
	if [[ $target = postgresql://* ]]; then
		run apply_sql "$target" patch
		is "$output" "got:
DELETE 0
UPDATE 0
want:"
	else
		apply_sql "$target" patch
	fi
	is "$(target 'SELECT * FROM t ORDER BY 1;')" \
	    $'1|a|s\n2|B|mine\n3|c|s\n5|e|mine'
	target "UPDATE t SET y = 'later' WHERE id = 3; DELETE FROM t WHERE id = 5;"
	run apply_sql "$target" undo
	is "$(target 'SELECT * FROM t ORDER BY 1;')" \
	    $'1|A|s\n2|B|mine\n3|c|later\n4|d|s\n5|e|s'
}

@test "a row that was changed since is left alone, in all pairings" {
	in_all_pairings changed_since
}

equal_prints_nothing() {
	both 'CREATE TABLE t(id int PRIMARY KEY, x text);'
	both "INSERT INTO t VALUES (1, 'a');"
	run -0 --separate-stderr "$TRUEUP" diff -f sql --undo=undo "$source" "$target"
	is "$output$stderr" ""
	[ ! -s undo ]
	run -0 --separate-stderr "$TRUEUP" sync -f sql "$source" "$target"
	is "$output$stderr" ""
}

@test "equal databases make no patch, in all pairings" {
	in_all_pairings equal_prints_nothing
}
