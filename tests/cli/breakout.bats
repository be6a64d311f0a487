# Nothing that a database holds breaks out of where it is shown, and with
# --redact nothing of it is shown at all.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/nasty

# Each value as a key that only the source has, and as a cell that differs.
setup_file() {
	cd "$BATS_FILE_TMPDIR"
	local hex i=0 name=${nasty_name//\"/\"\"}
	{
		echo "CREATE TABLE keys(k TEXT PRIMARY KEY, v);"
		echo "CREATE TABLE cells(id INTEGER PRIMARY KEY, v TEXT);"
		echo "CREATE TABLE \"$name\"(id INTEGER PRIMARY KEY, \"$name\" TEXT);"
		echo "CREATE TABLE only_here(\"$name\");"
		echo "INSERT INTO \"$name\" VALUES(1, 'a');"
		nasty_values | while read -r hex; do
			echo "INSERT INTO keys VALUES(CAST(x'$hex' AS TEXT), NULL);"
			echo "INSERT INTO cells VALUES($((++i)), CAST(x'$hex' AS TEXT));"
		done
	} | lite a.db
	cp a.db b.db
	lite b.db 'DELETE FROM keys;' "UPDATE cells SET v = 'x' || v || 'x';" \
	    "UPDATE \"$name\" SET \"$name\" = 'b';" 'DROP TABLE only_here;'
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# harmless FILE - no control character but line ends, and none that is hidden.
harmless() {
	[ -s "$1" ]
	run -1 env LC_ALL=C grep -aP \
	    '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xf3\xa0|[\xc0\xff]' "$1"
}

@test "a terminal sees text, stat, rows, json and html as they are meant" {
	for format in text stat rows json html; do
		run -1 "$TRUEUP" diff --rows=100 -f $format -o out.$format a.db b.db
		echo "$format"
		harmless out.$format
	done
	[ "$(grep -c '^+ keys' out.rows)" -eq "$(nasty_values | wc -l)" ]
	[ "$(grep -c '^~ cells' out.rows)" -eq "$(nasty_values | wc -l)" ]
	run ! grep -v '^[-+~<>!] ' out.rows
}

@test "json says it all: as a patch it makes the target equal" {
	cp b.db patched.db
	run -1 "$TRUEUP" diff -f json -o patch a.db b.db cells keys "$nasty_name"
	run -0 "$TRUEUP" apply patched.db patch
	run -0 "$TRUEUP" diff a.db patched.db cells keys "$nasty_name"
}

@test "csv has no formula, and a reader gets the texts back" {
	"$TRUEUP" diff -f csv a.db b.db cells >out.csv || [ $? -eq 1 ]
	run ! grep -aE '(^|,)"?[=+@-]|(^|,)"?'$'\t' out.csv
	lite back.db '.mode csv' '.import out.csv got' "
		ATTACH 'a.db' AS a;
		SELECT count(*) FROM got JOIN a.cells ON id = key
		WHERE CAST(v AS BLOB) = CAST(CASE
			WHEN substr(source, 1, 1) = '''' THEN substr(source, 2)
			ELSE source END AS BLOB);" >count
	# sqlite3's reader stops at NUL
	[ "$(cat count)" -eq $(($(nasty_values | wc -l) - 1)) ]
}

@test "nor do logs and messages obey what they name" {
	run -1 --separate-stderr "$TRUEUP" diff -vv --trace-sql a.db b.db
	printf '%s\n' "$stderr" >log
	grep -qF '\x1b[2J' log
	harmless log
	run ! grep -v '^trueup: ' log
	run -3 --separate-stderr "$TRUEUP" diff $'\e[2J\n.db' b.db
	printf '%s\n' "$stderr" >log
	harmless log
	run -2 --separate-stderr "$TRUEUP" diff a.db b.db "no$nasty_name"
	printf '%s\n' "$stderr" >log
	harmless log
}

# one.db and other.db differ in values that occur nowhere else.
secrets() {
	cd "$BATS_TEST_TMPDIR"
	lite one.db 'CREATE TABLE t(k TEXT PRIMARY KEY, v, n NUMERIC);' \
	    "INSERT INTO t VALUES('key-secret', 'old-secret', 98765432.5),
		('second-secret', NULL, 1), ('twin-secret', 'same-secret', 2);"
	cp one.db other.db
	lite other.db "UPDATE t SET v = 'new-secret', n = 87654321;
		DELETE FROM t WHERE k = 'twin-secret';"
}

@test "--redact shows no value anywhere" {
	secrets
	for format in text stat rows json csv html; do
		run -1 "$TRUEUP" diff -vv --redact -f $format one.db other.db
		[[ $output != *secret* && $output != *8765432* ]]
		[ $format = stat ] || [[ $output =~ '#'[0-9a-f]{12} ]]
	done
	grep -q '"redacted": true' <("$TRUEUP" diff --redact -f json one.db other.db)
}

@test "under one key equal values have one hash, NULL stays" {
	secrets
	head -c 32 /dev/urandom >key
	for i in 1 2; do
		"$TRUEUP" diff --redact-key=key -f rows one.db other.db >out.$i ||
		    [ $? -eq 1 ]
	done
	cmp out.1 out.2
	[ "$(grep -o 'v=[^,]*' out.1 | grep -o '[^=>]*->' | sort -u | wc -l)" -eq 1 ]
	grep -q -- '->NULL' out.1
	"$TRUEUP" diff --redact -f rows one.db other.db >out.3 || [ $? -eq 1 ]
	run ! cmp out.1 out.3
}

@test "--redact leaves nothing that would need the values" {
	secrets
	for option in --format=sql --undo=u --trace-sql; do
		run -2 "$TRUEUP" diff --redact $option one.db other.db
		[[ ${lines[0]} == "trueup diff: --redact and ${option%=u} contradict: "* ]]
	done
	run -2 "$TRUEUP" diff --redact-key=nowhere one.db other.db
	"$TRUEUP" diff --redact -f json one.db other.db >patch || [ $? -eq 1 ]
	run -2 "$TRUEUP" apply other.db patch
	[[ $output == *"a redacted result has hashes for values and is no patch"* ]]
}

@test "conflicts of a redacted sync name hashes" {
	secrets
	lite other.db "CREATE TRIGGER tr AFTER UPDATE ON t
		BEGIN UPDATE t SET v = 'spoilt-secret' WHERE k = NEW.k; END;"
	run -6 "$TRUEUP" sync --redact --max-changes=100% one.db other.db
	[[ $output == *"#"* ]]
	[[ $output != *secret* ]]
}
