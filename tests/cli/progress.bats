bats_require_minimum_version 1.5.0
load ../lib/helpers

# A run is asked where it is while it cannot go on: its output is not read, its
# input does not come, or a row is locked.

setup() {
	cd "$BATS_TEST_TMPDIR"
	lite a.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT);' \
	    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < 4000)
	    INSERT INTO t SELECT i, printf("%050d", i) FROM n;'
	lite b.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT);' \
	    'INSERT INTO t VALUES (4000, "z");'
	pid=
}

teardown() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || :
	drop_pg_dbs
}

# ask N - a line for the N-th time.
ask() {
	kill -USR1 "$pid"
	wait_until said "$1"
}
said() {
	[ "$(wc -l <stderr)" -ge "$1" ]
}

# ends STATUS
ends() {
	local status=0
	wait "$pid" || status=$?
	pid=
	[ "$status" -eq "$1" ]
}

@test "SIGUSR1 prints one line, and the run goes on as without" {
	"$TRUEUP" diff -f rows a.db b.db >want || [ $? -eq 1 ]
	mkfifo pipe
	"$TRUEUP" diff -f rows a.db b.db >pipe 2>stderr &
	pid=$!
	exec {in}<pipe
	head -c 100 <&"$in" >got
	ask 1
	ask 2
	cat <&"$in" >>got
	exec {in}<&-
	ends 1
	cmp got want
	[ "$(wc -l <stderr)" -eq 2 ]
	run ! grep -v '^trueup: \[1/1\] t: \(100 %, \)\?4,000 and 1 rows' stderr
}

@test "--log-progress prints lines by itself, on stderr only" {
	"$TRUEUP" diff -f json a.db b.db >patch || [ $? -eq 1 ]
	mkfifo pipe
	"$TRUEUP" apply --log-progress=1 b.db pipe >out 2>stderr &
	pid=$!
	exec {to}>pipe
	head -n 1001 patch >&"$to"
	wait_until said 2
	tail -n +1002 patch >&"$to"
	exec {to}>&-
	ends 0
	grep -qE '^trueup: reading pipe: [0-9]+ rows' stderr
	is "$(<out)" 'written: 3,999 inserted, 1 updated, 0 deleted'
	run ! grep -v '^trueup: [a-z ]*\(: [0-9].* rows.*\)\?$' stderr
	run -2 "$TRUEUP" diff --log-progress=0 a.db b.db
}

# slice FIRST - so many lines of the patch from there on.
slice() {
	tail -n "+$1" patch | head -n 300
}

@test "on a terminal the line is drawn in place, and gone in the end" {
	local at=1
	"$TRUEUP" diff -f json a.db b.db >patch || [ $? -eq 1 ]
	mkfifo pipe
	script -qefc "$TRUEUP apply --undo=undo b.db pipe" screen </dev/null \
	    >/dev/null &
	pid=$!
	exec {to}>pipe
	until grep -q 'reading pipe: [0-9]' screen; do
		slice $at >&"$to"
		at=$((at + 300))
		[ $at -lt 4000 ]
		sleep 0.1
	done
	tail -n "+$at" patch >&"$to"
	exec {to}>&-
	ends 0
	[[ $(<screen) == *$'\r\033[Kwritten: 3,999 inserted, 1 updated'* ]]
	run ! grep -a 'runtime error' screen
}

@test "what is written is counted, and what it waits for is said" {
	local url
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t (id integer PRIMARY KEY, x text);' \
	    "INSERT INTO t SELECT i, 'old' FROM generate_series(1, 4000) i;"
	mkfifo pipe
	pg "$url" <pipe >session 2>&1 &
	exec {to}>pipe
	echo "BEGIN; SELECT id FROM t WHERE id = 3999 FOR UPDATE;" >&"$to"
	wait_until grep -q 3999 session
	"$TRUEUP" sync --quiet a.db "$url" 2>stderr &
	pid=$!
	wait_until blocked "$url"
	ask 1
	grep -qE '^trueup: writing to the target: [0-9]+ %, .*[0-9]{3} rows' stderr
	echo 'COMMIT;' >&"$to"
	exec {to}>&-
	ends 0
	[ "$(wc -l <stderr)" -eq 1 ]
}
blocked() {
	[ "$(pg "$1" "SELECT count(*) FROM pg_stat_activity
	    WHERE datname = current_database() AND wait_event_type = 'Lock'")" -gt 0 ]
}

@test "an audit says which pairs are done and which are at work" {
	local url
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t (id integer PRIMARY KEY, x text);'
	printf '%s\n' '[pair first]' 'source = a.db' 'target = a.db' \
	    '[pair second]' 'source = a.db' "target = $url" >conf
	mkfifo pipe
	pg "$url" <pipe >session 2>&1 &
	exec {to}>pipe
	echo "BEGIN; LOCK TABLE t; SELECT 'locked';" >&"$to"
	wait_until grep -q locked session
	"$TRUEUP" audit --quiet conf 2>stderr &
	pid=$!
	wait_until blocked "$url"
	ask 1
	is "$(<stderr)" \
	    'trueup: 1 of 2 pairs are done; at work: second'
	echo 'COMMIT;' >&"$to"
	exec {to}>&-
	ends 1
}

@test "nothing is said on a pipe unless it is asked for" {
	run -1 --separate-stderr "$TRUEUP" diff -f stat a.db b.db
	[ -z "$stderr" ]
	run -0 --separate-stderr "$TRUEUP" sync a.db b.db
	[ -z "$stderr" ]
}
