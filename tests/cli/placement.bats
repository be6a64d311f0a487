# --hash=auto: rows travel, or servers hash them, by what was measured.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "${link:-}" ] || kill "$link"
	drop_pg_dbs
}

# A row takes a quarter of a millisecond there, and some microseconds to be hashed.
slow=400000
rows=205000

# tables URL... - t can be hashed as records, k has another key.
tables() {
	local url
	for url; do
		pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, n int, x text);' \
		    "INSERT INTO t SELECT n, n, repeat('x', 90) FROM generate_series(1, $rows) n;" \
		    'CREATE TABLE k(a text COLLATE "C" PRIMARY KEY, n int, x text);' \
		    "INSERT INTO k SELECT 'k' || n, n, repeat('x', 90) FROM generate_series(1, $rows) n;" \
		    'ANALYZE'
	done
}

# slowly VAR URL - the same database behind a slow link.
slowly() {
	local __server=${2#*@} __port
	__server=${__server%%/*}
	mkfifo port
	"$srcdir/tests/lib/slow-link" "${__server%:*}" "${__server##*:}" $slow \
	    >port 3>&- &
	link=$!
	read -r __port <port
	printf -v "$1" %s "${2/"$__server"/127.0.0.1:$__port}"
}

# said FIELD TABLE - of a table's line in json.
said() {
	grep "\"type\": \"table\", \"table\": \"$2\"" <<<"$output" |
	    sed -n "s/.*\"$1\": \(\"[^\"]*\"\).*/\1/p"
}

@test "servers hash where the link is slow, and find the same" {
	fresh_pg_db a
	fresh_pg_db b
	tables "$a" "$b"
	pg "$b" 'UPDATE t SET n = -n WHERE id % 70000 = 7;' \
	    'DELETE FROM t WHERE id = 100000;' \
	    "UPDATE k SET n = -n WHERE a = 'k500';" \
	    "INSERT INTO k VALUES ('new', 1, '')"
	slowly far "$b"
	run -1 --separate-stderr "$TRUEUP" diff -v -f rows "$a" "$far"
	is "$(cut -d, -f1-2 <<<"$output")" "\
~ k a='k500', n=-500->500
- k a='new', n=1
~ t id=7, n=-7->7
~ t id=70007, n=-70007->70007
+ t id=100000, n=100000
~ t id=140007, n=-140007->140007"
	for table in t k; do
		[[ $stderr == *"table '$table': measured: rows "*" s a million; servers hash"* ]]
	done
	[[ $stderr == *"table 't': "*" differ; hash record, "* ]]
	[[ $stderr == *"table 'k': "*" differ; hash sha256, "* ]]
}

@test "so does the one server that can" {
	fresh_pg_db a
	tables "$a"
	lite b.db 'CREATE TABLE k(a text PRIMARY KEY, n int, x text);' \
	    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < $rows)
	    INSERT INTO k SELECT 'k' || n, n, printf('%.90c', 'x') FROM i;"
	slowly far "$a"
	run -0 --separate-stderr "$TRUEUP" diff -f json "$far" b.db k
	is "$(said hash k)" '"sha256"'
	[[ $(said hash_why k) == '"measured: rows '*' s a million"' ]]
	[[ $output == *'"measured": {"rows": '*', "hashes": '* ]]
	run -0 "$TRUEUP" plan "$far" b.db k
	[[ $output == *"hash: sha256 (measured: rows "*"); the source's server hashes its rows"* ]]
}

# placed HASH ROWS HASHES - hashes have to take half of what rows do. (Between
# the two lies what is not said with all its digits.)
placed() {
	awk -v hash="$1" -v rows="$2" -v hashes="$3" 'BEGIN {
		if (rows > 2.05 * hashes) exit hash != "sha256"
		if (rows < 1.95 * hashes) exit hash != "stream"
	}'
}

# told COMMAND... - until it says what it measured: that may tell nothing while
# the machine has other things to do, which is said, too.
told() {
	local try
	for try in {1..10}; do
		run -0 --separate-stderr "$@"
		[[ $output$stderr == *"a measurement told nothing"* ]] || return 0
	done
	return 1
}

@test "what is measured decides; of some tables nothing is" {
	fresh_pg_db a
	fresh_pg_db b
	for url in "$a" "$b"; do
		pg "$url" "CREATE TABLE w(a text COLLATE \"C\" PRIMARY KEY,
		    $(printf 'b%d bytea, ' {1..20}) n int);" \
		    "INSERT INTO w SELECT 'k' || n, $(printf "'', %.0s" {1..20}) n
		    FROM generate_series(1, $rows) n;" 'ANALYZE'
	done
	# Rows travel, unless the machine had other things to do just then.
	told "$TRUEUP" plan -f json "$a" "$b"
	[[ $output =~ '"hash": "'([a-z0-9]+)'", "hash_why": "measured: rows '.*\
'", "measured": {"rows": '([0-9.]+)', "hashes": '([0-9.]+)'}' ]]
	placed "${BASH_REMATCH[@]:1}"
	told "$TRUEUP" diff -v "$a" "$b"
	[[ $stderr =~ "table 'w': measured: rows ".*' s a million; '("rows travel"|"servers hash") ]]
	for option in --hash=stream '--where=n > 0' --max-rate=1000000; do
		run -0 --separate-stderr "$TRUEUP" diff -v "$option" "$a" "$b"
		[[ $stderr != *measured* ]]
	done
	for url in "$a" "$b"; do
		pg "$url" 'DELETE FROM w WHERE n > 1000;' 'VACUUM ANALYZE w'
	done
	run -0 --separate-stderr "$TRUEUP" diff -v "$a" "$b"
	[[ $stderr != *measured* ]]
}

# plan [OPTION]... - that of the source's statement which folds k, as it is told
# before; the tables are so large that PostgreSQL takes workers, if it may.
plan() {
	"$TRUEUP" diff --trace-sql --hash=md5 "$@" "$a" "$b" k 2>trace
	{
		echo 'BEGIN;'
		sed -n 's/^trueup: source: \(SET LOCAL .*\)/\1;/p' trace | head -n 1
		sed -n 's/^trueup: source: \(SELECT g,.*\)/EXPLAIN \1;/p' trace |
		    head -n 1
	} | pg "$a"
}

@test "a server takes several processes, unless several are asked" {
	fresh_pg_db a
	fresh_pg_db b
	for url in "$a" "$b"; do
		pg "$url" "CREATE TABLE k(a text PRIMARY KEY, x text);" \
		    "INSERT INTO k SELECT 'k' || n, repeat('x', 90)
		    FROM generate_series(1, $rows) n;" ANALYZE
	done
	[[ $(plan --jobs=1) == *"Workers Planned: "[1-9]* ]]
	# What was said holds for nothing behind.
	[ "$(grep -c 'source: SET LOCAL .* TO DEFAULT$' trace)" = 1 ]
	[[ $(plan --jobs=2) == *Aggregate* && $(plan --jobs=2) != *Workers* ]]
}
