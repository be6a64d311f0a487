# --max-rate and --max-load: no faster, and not now.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "${hold:-}" ] || exec {hold}>&-
	[ -z "${others:-}" ] || wait "${others[@]}" || true
	drop_my_dbs
	drop_pg_dbs
	# shellcheck disable=SC2154 # by the test that has one
	[ -z "${role:-}" ] || pg "$TRUEUP_PG" "DROP ROLE $role"
}

rows="SELECT n, 'x' || n FROM i"
# numbers N - a table expression of that many.
numbers() {
	echo "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < $1)"
}

# paced SECONDS ARG... - equal, and not in less time.
paced() {
	local least=$1
	shift
	run -0 --separate-stderr "$TRUEUP" diff -f json --trace-sql "$@"
	seconds=$(sed -n 's/.*"summary".*"seconds": \([0-9.]*\).*/\1/p' <<<"$output")
	awk -v s="$seconds" -v l="$least" 'BEGIN { exit !(s >= l) }'
}

@test "SQLite: by pages, by rows, with rows that differ" {
	lite a.db "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);" \
	    "$(numbers 12000) INSERT INTO t $rows"
	cp a.db b.db
	paced 0.55 --max-rate=20000 a.db b.db
	[[ $output == *'"pages": true'* ]]
	paced 0.55 --max-rate=20000 --hash=stream a.db b.db
	[[ $output == *'"pages": false'* ]]
	lite b.db "UPDATE t SET x = 'y' WHERE id % 7 = 0"
	"$TRUEUP" diff a.db b.db >whole || [ $? -eq 1 ]
	run -1 "$TRUEUP" diff --max-rate=100000 a.db b.db
	is "$output" "$(cat whole)"
	run -1 "$TRUEUP" diff --max-rate=100000 --hash=stream a.db b.db
	is "$output" "$(cat whole)"
}

@test "a budget counts what a rate lets pass" {
	for db in a.db b.db; do
		lite $db "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);" \
		    "$(numbers 22000) INSERT INTO t $rows"
	done
	run -7 "$TRUEUP" diff --budget=0s --max-rate=600 a.db b.db
	[[ $output == *"t: compared to before id 201; the budget is spent"* ]]
}

@test "a server is asked for a second's rows at once, whoever hashes them" {
	fresh_pg_db a
	fresh_pg_db b
	for url in "$a" "$b"; do
		pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
		    "INSERT INTO t SELECT n, 'x' || n FROM generate_series(1, 6000) n;" \
		    'ANALYZE t;'
	done
	for hash in stream md5 record; do
		run -0 --separate-stderr "$TRUEUP" diff --hash=$hash --trace-sql "$a" "$b"
		plain=$(grep -c '"t"' <<<"$stderr")
		paced 1.4 --hash=$hash --max-rate=4000 "$a" "$b"
		[ "$(grep -c '"t"' <<<"$stderr")" -ge "$((plain + 2))" ]
	done
}

@test "so it is where rows are read in key order" {
	fresh_pg_db a
	fresh_pg_db b
	for url in "$a" "$b"; do
		pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x int);' \
		    "INSERT INTO t SELECT n, n FROM generate_series(1, 120000) n;"
	done
	pg "$b" 'UPDATE t SET x = 0 WHERE id % 5 = 0;' 'ANALYZE t'
	pg "$a" 'ANALYZE t'
	"$TRUEUP" diff "$a" "$b" >whole || [ $? -eq 1 ]
	run -1 --separate-stderr "$TRUEUP" diff -v --hash=stream --trace-sql \
	    --max-load=1000 "$a" "$b"
	is "$output" "$(cat whole)"
	[[ $stderr == *"it is read in key order there"* ]]
	echo "$stderr" >/tmp/me_err
	is "$(grep -c 'trueup: source: .*"t".* ORDER BY "id"' <<<"$stderr")" 3
}

@test "MariaDB, whose driver keeps what it gets" {
	fresh_my_db a
	fresh_my_db b
	for url in "$a" "$b"; do
		my "$url" "CREATE TABLE t(id int PRIMARY KEY, x text);" \
		    "INSERT INTO t $(numbers 900) SELECT n, n FROM i;" \
		    "INSERT INTO t SELECT id + 1000, x FROM t;" \
		    "INSERT INTO t SELECT id + 2000, x FROM t;"
	done
	paced 0.3 --max-rate=10000 "$a" "$b"
	paced 0.3 --max-rate=10000 --hash=md5 "$a" "$b"
	paced 0.3 --max-rate=10000 --key=none "$a" "$b"
}

# until_said FILE TEXT
until_said() {
	until grep -q "$2" "$1"; do
		kill -0 "$trueup" 2>/dev/null || return
		sleep 0.05
	done
}

@test "while PostgreSQL is busy nothing is read" {
	fresh_pg_db a
	pg "$a" 'CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)'
	lite b.db 'CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)'
	mkfifo go
	pg "$a" <go >/dev/null 3>&- &
	others=($!)
	exec {hold}>go
	echo 'SELECT pg_advisory_lock(7);' >&"$hold"
	until [ "$(pg "$a" "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
	    AND granted AND objid = 7")" -gt 0 ]; do sleep 0.05; done
	for i in 1 2 3; do
		pg "$a" 'SELECT pg_advisory_lock_shared(7)' >/dev/null 3>&- {hold}>&- &
		others+=($!)
	done
	until [ "$(pg "$a" "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
	    AND NOT granted AND objid = 7")" -eq 3 ]; do sleep 0.05; done
	"$TRUEUP" diff -v --max-load=2 "$a" b.db >out 2>err 3>&- {hold}>&- &
	trueup=$!
	until_said err 'source: waiting: [0-9]* active sessions, more than --max-load=2'
	[ ! -s out ]
	# A budget counts the wait, and something is compared all the same.
	run -0 "$TRUEUP" diff -v --max-load=2 --budget=0s "$a" b.db
	[[ $output == *"target: --max-load: SQLite does not say how busy it is"* ]]
	exec {hold}>&-
	wait "$trueup"
	grep -q 'source: going on: [0-2] active sessions' err
	is "$(cat out)" "1 table, 2 rows: equal"
}

@test "a signal ends the wait" {
	fresh_my_db a
	my "$a" 'CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)'
	lite b.db 'CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)'
	# It counts the session that asks, and one that waits for this lock.
	mkfifo go
	my "$a" <go >/dev/null 3>&- &
	others=($!)
	exec {hold}>go
	echo "SELECT get_lock('$BATS_TEST_TMPDIR', 0);" >&"$hold"
	until [ "$(my "$a" "SELECT is_used_lock('$BATS_TEST_TMPDIR') > 0")" = 1 ]; do
		sleep 0.05
	done
	my "$a" "SELECT get_lock('$BATS_TEST_TMPDIR', 100)" >/dev/null 3>&- {hold}>&- &
	others+=($!)
	"$TRUEUP" diff -v --max-load=1 "$a" b.db >out 2>err 3>&- {hold}>&- &
	trueup=$!
	until_said err 'source: waiting: [0-9]* threads running'
	kill -TERM "$trueup"
	status=0
	wait "$trueup" || status=$?
	is "$status" 130
	[ ! -s out ]
}

@test "who may not see the load, and what has none" {
	fresh_pg_db a
	role=r_$$_$RANDOM
	pg "$a" 'CREATE TABLE t(id int PRIMARY KEY);' "CREATE ROLE $role;" \
	    "GRANT SELECT ON t TO $role;"
	lite b.db 'CREATE TABLE t(id INTEGER PRIMARY KEY)'
	sep='?'
	[[ $a != *\?* ]] || sep='&'
	run -2 "$TRUEUP" diff --max-load=9 "$a${sep}options=-c%20role%3D$role" b.db
	[[ $output == *"source: --max-load: the user may not see what other sessions do"*"pg_read_all_stats"* ]]
	pg "$a" "DROP OWNED BY $role"
	run -2 "$TRUEUP" diff --max-load=9 b.db b.db
	[[ $output == *"--max-load: neither SQLite nor SQLite says how busy it is"* ]]
	run -0 "$TRUEUP" diff --max-load=500 "$a" b.db
}
