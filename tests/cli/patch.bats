# Patches run by stock clients: whatever the values, the second comparison finds
# nothing and the undo gives back every byte.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# Two databases with the same schema: "both SQL", then "source SQL" and "target
# SQL". new_lite, new_pg and new_pair make them.
new_lite() {
	source=$BATS_TEST_TMPDIR/source.db
	target=$BATS_TEST_TMPDIR/target.db
	rm -f "$source" "$target"
}

new_pg() {
	fresh_pg_db source
	fresh_pg_db target
}

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
printf('%.*c', 1000000, 'x')
printf('%.*c', 300000, '''') || char(0) || printf('%.*c', 300000, '\')
zeroblob(1000000)
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
	new_lite
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
