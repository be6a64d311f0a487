# Whatever goes wrong gets an answer: a status of 2 or more, the side, the
# table, the cause, and what to try; nothing is written, no password is shown.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	jobs=()
	lite a.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);' \
	    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
		SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO t SELECT i, '"'value '"' || i FROM n;'
	cp a.db b.db
	lite b.db "UPDATE t SET x = 'old' WHERE id = 700;" \
	    'DELETE FROM t WHERE id = 800;'
}

teardown() {
	for job in "${jobs[@]}"; do
		kill -9 "$job" 2>/dev/null || true
	done
	exec {to_session}>&-
	drop_pg_dbs
}

# fails STATUS WORD... -- [OPTION]... - trueup ends so and says every WORD in
# its first message, and stdout has no verdict. "hint:WORD" is looked for in
# the hint.
fails() {
	local want=$1 word
	local -a words=()
	shift
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	run --separate-stderr timeout 60 "${under[@]}" "$TRUEUP" "$@"
	explain_failure
	[ "$status" -eq "$want" ]
	[[ $output != *" equal"* ]]
	says "${words[@]}"
}

explain_failure() {
	printf 'status %s\nstdout %.2000s\nstderr %s\n' "$status" "$output" \
	    "$stderr"
	[[ $output$stderr != *secret-pw* ]]
	[[ $output$stderr != *AddressSanitizer* ]]
}

says() {
	local word message
	message=$(grep -m1 '^trueup [a-z]*: ' <<<"$stderr") || [ $# -eq 0 ]
	for word in "$@"; do
		if [[ $word == hint:* ]]; then
			[[ $stderr == *"hint: "*"${word#hint:}"* ]]
		else
			[[ $message == *"$word"* ]]
		fi
	done
}
under=()

# Root reads what it may not: these two rights are what lets it.
as_mortal=()
[ "$(id -u)" -ne 0 ] ||
    as_mortal=(setpriv --bounding-set=-dac_override,-dac_read_search)

# start [OPTION]... - trueup in the background: $pid, stdout, stderr.
start() {
	env --default-signal=INT "$TRUEUP" "$@" >stdout 2>stderr 3>&- &
	pid=$!
	jobs+=("$pid")
}

# finish STATUS WORD... - wait for it; as fails.
finish() {
	local want=$1
	shift
	status=0
	wait "$pid" || status=$?
	output=$(<stdout) stderr=$(<stderr)
	explain_failure
	[ "$status" -eq "$want" ]
	says "$@"
}

# session COMMAND... - a client that runs what tell() says.
session() {
	rm -f session.fifo
	mkfifo session.fifo
	"$@" <session.fifo >session.out 2>&1 3>&- &
	jobs+=($!)
	exec {to_session}>session.fifo
}
tell() {
	printf '%s\n' "$@" >&"$to_session"
	printf '%s\n' "${ask:-SELECT} 'said $((++told))';" >&"$to_session"
	wait_until grep -q "said $told" session.out
}
told=0
exec {to_session}>/dev/null

# pg_as ROLE[:PASSWORD] URL
pg_as() {
	echo "${2/trueup@/$1@}"
}

# --- what is no database ------------------------------------------------------

@test "no such file, a directory, a file that is none" {
	fails 3 "source: " nowhere.db "No such file" -- diff nowhere.db b.db
	fails 3 "target: " nowhere.db "No such file" -- sync a.db nowhere.db
	fails 3 "target: " "No such file" -- diff a.db no/such/dir.db
	[ ! -e nowhere.db ]
	mkdir dir
	fails 3 "source: " dir "Is a directory" -- diff dir b.db
	seq 1000 >numbers
	fails 3 "source: " numbers "not a database" -- diff numbers b.db
	fails 3 "target: " numbers "not a database" -- sync a.db numbers
	seq 1000 | cmp - numbers
	head -c 50 a.db >head.db
	fails 3 "source: " head.db malformed -- diff head.db b.db
	fails 2 "source: " empty -- diff '' b.db
}

@test "a file that may not be read" {
	cp a.db locked.db
	chmod 0 locked.db
	under=("${as_mortal[@]}")
	fails 3 "source: " locked.db "Permission denied" -- diff locked.db b.db
	fails 3 "target: " locked.db "Permission denied" -- sync b.db locked.db
}

@test "a file cut short" {
	cp a.db cut.db
	truncate -s -8192 cut.db
	cp cut.db before.db
	fails 3 "source: " cut.db malformed -- diff cut.db b.db
	fails 3 "target: " cut.db malformed -- sync a.db cut.db
	cmp cut.db before.db
}

# Every page in turn, so each kind of page and each place in a scan.
@test "a damaged page is never the end of the data" {
	local pages
	lite a.db 'PRAGMA page_size = 1024;' 'VACUUM;' \
	    'DELETE FROM t WHERE id > 1500;' 'VACUUM;'
	cp a.db b.db
	pages=$(($(stat -c %s a.db) / 1024))
	[ "$pages" -gt 20 ]
	for ((page = 1; page < pages; page++)); do
		cp a.db bad.db
		dd if=/dev/zero of=bad.db bs=1024 seek=$page count=1 \
		    conv=notrunc status=none
		cp bad.db before.db
		fails 4 "table 't'" "source: " malformed -- diff -f rows bad.db b.db
		[ -z "$output" ]
		fails 4 "table 't'" "target: " malformed hint:integrity_check \
		    -- sync a.db bad.db
		cmp bad.db before.db
	done
}

# --- what is no server --------------------------------------------------------

@test "wrong password, host, port, database, role" {
	local at=127.0.0.1:$TRUEUP_PG_PORT
	for url in \
	    "postgresql://pwuser:no-secret-pw@$at/postgres|password authentication" \
	    "postgresql://pwuser:secret-pw@no-such-host.invalid/db|no-such-host.invalid" \
	    "postgresql://pwuser:secret-pw@127.0.0.1:1/db|port 1 " \
	    "postgresql://pwuser:secret-pw@$at/no-such-db|no-such-db" \
	    "postgresql://no-such-role:secret-pw@$at/postgres|no-such-role" \
	    "host=127.0.0.1 port=1 user=pwuser password=secret-pw|port 1 " \
	    "postgresql://127.0.0.1:1/db?user=pwuser&password=secret-pw|port 1 "
	do
		fails 3 "source: " "${url#*|}" -- diff "${url%|*}" b.db
		fails 3 "target: " "${url#*|}" -- sync a.db "${url%|*}"
		fails 3 "target: " -- diff -f json -vv --trace-sql a.db \
		    "${url%|*}"
		fails 3 "target: " -- explain a.db "${url%|*}" t 1
		fails 3 "source: " -- plan "${url%|*}" b.db
	done
}

@test "a connection string that cannot be read shows nothing of a password" {
	# "=" means libpq; the other names would be paths.
	for url in \
	    'passwrd=secret-pw host=127.0.0.1' \
	    'PASSWORD=secret-pw host=127.0.0.1' \
	    'host=127.0.0.1 passwrd=secret-pw' \
	    'host=127.0.0.1 password=x secret-pw' \
	    'postgresql://pwuser:secret-pw%zz@127.0.0.1:1/db' \
	    'postgresql://127.0.0.1:1/db?user=pwuser&pasword=secret-pw' \
	    'postgresql://pwuser:x@secret-pw@127.0.0.1:1/db' \
	    'postgresql://pwuser:secret-pw/x@127.0.0.1:1/db' \
	    'postgresql://pwuser:x:/secret-pw@127.0.0.1:1/db' \
	    'postgresql:/pwuser:secret-pw@127.0.0.1:1/db' \
	    'postgres:pwuser:secret-pw@127.0.0.1:1/db' \
	    'postgressql://pwuser:secret-pw@127.0.0.1:1/db' \
	    'mysql://pwuser:secret-pw@127.0.0.1:1/db' \
	    'odbc:DSN=x;PWD=secret-pw'
	do
		run --separate-stderr timeout 60 "$TRUEUP" diff "$url" b.db
		echo "$url"
		explain_failure
		[[ $status == [23] ]]
		says "source: "
	done
	[[ $stderr == *"Data source name not found"* ]]
	fails 3 "host has an '@'" hint:%40 -- \
	    diff postgresql://pwuser:x@secret-pw@127.0.0.1:1/db b.db
}

@test "a password is in no output of a run that works" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text)' \
	    "; INSERT INTO t VALUES (1, 'a'), (700, 'b');" \
	    'GRANT ALL ON t TO pwuser;'
	url=$(pg_as pwuser:secret-pw "$url")
	lite a.db 'DELETE FROM t WHERE id > 5 AND id <> 700;'
	log=(-vv --trace-sql)
	for format in text stat rows sql json csv; do
		"$TRUEUP" diff "${log[@]}" -f $format --undo=undo.$format \
		    a.db "$url" >out.$format 2>err.$format || [ $? -eq 1 ]
		"$TRUEUP" sync -n --max-delete=100% "${log[@]}" -f $format "$url" a.db \
		    >out2.$format 2>err2.$format || [ $? -eq 1 ]
	done
	"$TRUEUP" plan "${log[@]}" a.db "$url" >plan 2>plan.err
	"$TRUEUP" plan -f json "${log[@]}" a.db "$url" >plan2 2>plan2.err
	"$TRUEUP" explain "${log[@]}" a.db "$url" t 1 >why 2>why.err ||
	    [ $? -eq 1 ]
	"$TRUEUP" sync "${log[@]}" --undo=undo -f json a.db "$url" >sync 2>sync.err
	grep -q pwuser plan plan.err out.json sync.err
	[ -s undo ]
	run -1 grep -rl secret-pw .
}

# --- what cannot be compared --------------------------------------------------

@test "no such table, no such pattern" {
	fails 2 "'nothing'" -- diff a.db b.db nothing
	fails 2 "'x*'" -- diff -t 'x*' a.db b.db
	fails 2 "'nothing'" -- sync a.db b.db t nothing
	fails 2 nothing -- diff --map=nothing:t a.db b.db
	fails 2 nothing -- diff --map=t:nothing a.db b.db
	fails 2 nothing -- diff --map-column=nothing:x a.db b.db
	fails 2 nothing -- diff --key=nothing a.db b.db
	fails 2 nothing -- diff --exclude-columns=nothing a.db b.db
	fails 2 nothing -- diff --columns=nothing a.db b.db
	fails 2 nothing -- diff -T nothing a.db b.db
	fails 2 nothing -- diff --schema=nothing "$TRUEUP_PG" b.db
	fails 4 "source: " "such column" -- diff --source-where=missing a.db b.db
	fails 2 "'nothing'" -- explain a.db b.db nothing 1
}

@test "tables without a common column, columns without a common type" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE apart(a int PRIMARY KEY);' \
	    'CREATE TABLE types(id int PRIMARY KEY, j json, p point, x int);' \
	    'CREATE TABLE t(id int PRIMARY KEY, x text);' \
	    "INSERT INTO types VALUES (1, '{}', '(1,2)', 3);" \
	    "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 20000) i;"
	lite a.db 'CREATE TABLE apart(b TEXT);' \
	    'CREATE TABLE types(id INTEGER PRIMARY KEY, j INT, p TEXT, x INT);' \
	    "INSERT INTO types VALUES (1, 2, '(1,2)', 3);"
	run -5 "$TRUEUP" diff "$url" a.db
	[[ $output == *"apart: cannot be compared: "*"no column in common"* ]]
	[[ $output == *"types: column j is not compared: "*json*INT*"cannot be compared"* ]]
	run -5 --separate-stderr "$TRUEUP" diff -q "$url" a.db
	[[ $stderr == *"'apart'"*"'types'"* ]]
	for format in stat rows sql json csv; do
		run -5 "$TRUEUP" diff -f $format "$url" a.db
		[[ $output == *apart* ]]
	done
	run -0 "$TRUEUP" diff --exclude-columns=types.j "$url" a.db types t
	run -5 "$TRUEUP" sync --max-delete=100% "$url" a.db apart types
	run -5 "$TRUEUP" plan "$url" a.db apart types
}

@test "a table that one side lacks is named and no error" {
	lite a.db 'CREATE TABLE more(id INTEGER PRIMARY KEY);'
	run -1 "$TRUEUP" diff a.db b.db more
	[[ $output == *"more: only in the source"* ]]
	run -1 "$TRUEUP" diff b.db a.db more
	[[ $output == *"more: only in the target"* ]]
	run -1 "$TRUEUP" sync a.db b.db more
	[[ $output == *"more: only in the source"* ]]
	# Nothing to compare is no answer, and not "equal".
	run -7 "$TRUEUP" diff --common a.db b.db more
	is "$output" "no table was compared"
	lite empty.db 'VACUUM'
	run -7 "$TRUEUP" diff -q empty.db empty.db
	run -7 "$TRUEUP" sync empty.db empty.db
	[[ $output == "no table was compared"* ]]
}

@test "a key with NULL in it in SQLite" {
	lite a.db 'CREATE TABLE n(id TEXT PRIMARY KEY, x INT);' \
	    "INSERT INTO n VALUES (NULL, 1), (NULL, 2), ('a', 3);"
	cp a.db b.db
	lite b.db 'UPDATE n SET x = 9 WHERE x = 2;'
	run -1 "$TRUEUP" diff -f rows a.db b.db n
	[ "${#lines[@]}" -eq 2 ]
	run -0 "$TRUEUP" sync a.db b.db n
	is "$(lite b.db 'SELECT id, x FROM n ORDER BY x;')" $'|1\n|2\na|3'
	fresh_pg_db url
	pg "$url" 'CREATE TABLE n(id text PRIMARY KEY, x int);' \
	    "INSERT INTO n VALUES ('a', 3);"
	run "$TRUEUP" diff -f rows a.db "$url" n
	echo "$status $output"
	# Two rows that PostgreSQL cannot take, or a key that is none.
	[[ $status == 1 && ${#lines[@]} == 2 ||
		$status == 5 && $output == *"table 'n': source: "*hint:* ]]
	is "$(pg "$url" 'SELECT count(*) FROM n;')" 1
}

@test "a key that turns out not to be unique is named" {
	lite a.db 'CREATE TABLE n(id TEXT PRIMARY KEY, x INT);' \
	    'INSERT INTO n VALUES (NULL, 1), (NULL, 2);'
	fresh_pg_db url
	pg "$url" 'CREATE TABLE n(id text PRIMARY KEY, x int);' \
	    'CREATE TABLE t(id int PRIMARY KEY, x text);'
	run -5 --separate-stderr "$TRUEUP" diff -f stat a.db "$url" n t
	[[ $stderr == *"table 'n': source: the key is not unique"*--key=none* ]]
}

@test "text in an INTEGER key of a table without rowid" {
	lite a.db 'CREATE TABLE w(id INTEGER PRIMARY KEY, x INT) WITHOUT ROWID;' \
	    "INSERT INTO w VALUES (1, 2), (10, 3), ('stray', 4), ('z', 5),
		(x'00', 5), (1.5, 6);"
	cp a.db b.db
	run -0 "$TRUEUP" diff a.db b.db w
	lite b.db "UPDATE w SET x = 9 WHERE id = 'stray';" \
	    'DELETE FROM w WHERE id = 1.5;'
	run -1 "$TRUEUP" diff -f rows a.db b.db w
	[ "${#lines[@]}" -eq 2 ]
	run -0 "$TRUEUP" sync a.db b.db w
	run -0 "$TRUEUP" diff a.db b.db w
	fresh_pg_db url
	pg "$url" 'CREATE TABLE w(id int PRIMARY KEY, x int);' \
	    'INSERT INTO w VALUES (1, 2), (10, 7), (11, 1);'
	run -1 "$TRUEUP" diff -f rows a.db "$url" w
	echo "$output"
	[ "${#lines[@]}" -eq 6 ]
	[[ $output == *"id='stray'"* ]]
	# What PostgreSQL can hold is written, the rest is named.
	run -1 "$TRUEUP" sync a.db "$url" w
	is "$(pg "$url" 'SELECT * FROM w ORDER BY id;')" $'1|2\n10|3'
	run -1 "$TRUEUP" diff -f rows a.db "$url" w
	[ "${#lines[@]}" -eq 4 ]
	run -1 "$TRUEUP" diff -f rows "$url" a.db w
	[ "${#lines[@]}" -eq 4 ]
	run -0 "$TRUEUP" sync --max-delete=100% "$url" a.db w
	run -0 "$TRUEUP" diff "$url" a.db w
}

@test "text in INTEGER columns against PostgreSQL" {
	fresh_pg_db url
	lite a.db 'CREATE TABLE c(id INTEGER PRIMARY KEY, n INTEGER, d DATE);' \
	    "INSERT INTO c VALUES (1, 5, '2024-01-01'), (2, 'abc', 'soon'),
		(3, x'ff', NULL), (4, 1e300, 'x');"
	pg "$url" 'CREATE TABLE c(id int PRIMARY KEY, n int, d date);' \
	    "INSERT INTO c VALUES (1, 4, '2024-01-01'), (2, 0, NULL);"
	for dir in 1 2; do
		run -1 "$TRUEUP" diff -f rows a.db "$url" c
		[ "${#lines[@]}" -eq $((5 - dir)) ]
		run -1 "$TRUEUP" sync a.db "$url" c
		is "$(pg "$url" 'SELECT * FROM c ORDER BY id;')" \
		    $'1|5|2024-01-01\n2|0|'
	done
	run -0 "$TRUEUP" sync --max-delete=100% "$url" a.db c
	run -0 "$TRUEUP" diff "$url" a.db c
}

# --- what may not be read -----------------------------------------------------

@test "rows that a policy hides are an error" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
	    "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 20000) i;" \
	    'ALTER TABLE t ENABLE ROW LEVEL SECURITY;' \
	    'CREATE POLICY p ON t USING (id < 500);' \
	    'GRANT ALL ON t TO pwuser;'
	limited=$(pg_as pwuser:secret-pw "$url")
	fails 4 "table 't': source: " policy hint:BYPASSRLS -- diff "$limited" a.db
	fails 4 "table 't': target: " policy -- sync a.db "$limited"
	fails 4 "source: " policy -- diff --hash=md5 "$limited" a.db
	# The same for a view that its owner may read and for a query.
	fails 4 "source: " policy -- diff --source-query='SELECT * FROM public.t' \
	    --key=id "$limited" a.db t
	run -0 "$TRUEUP" diff "$url" a.db
}

@test "a table that may not be read, a target that may not be written" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
	    'CREATE TABLE u(id int PRIMARY KEY);' \
	    "INSERT INTO t VALUES (1, 'one');" 'GRANT SELECT ON t TO pwuser;'
	lite a.db 'CREATE TABLE u(id INTEGER PRIMARY KEY);'
	limited=$(pg_as pwuser:secret-pw "$url")
	fails 4 "table 'u': source: " "permission denied" -- diff "$limited" a.db u
	fails 4 "table 'u': target: " "permission denied" -- diff a.db "$limited" u
	fails 4 "table 't'" "target: " "permission denied" -- \
	    sync --undo=undo a.db "$limited" t
	[ ! -e undo ]
	fails 4 "target: " read-only -- sync a.db \
	    "$url?options=-cdefault_transaction_read_only%3Don" t
	is "$(pg "$url" 'SELECT * FROM t;')" '1|one'
}

@test "a target that is read-only in SQLite" {
	under=("${as_mortal[@]}")
	chmod 444 b.db
	cp b.db before.db
	fails 3 "target: " b.db "Permission denied" -- sync --undo=undo a.db b.db
	fails 3 "target: " "Permission denied" -- sync a.db "file:b.db?mode=ro"
	cmp b.db before.db
	[ ! -e undo ]
	run -1 "$TRUEUP" diff a.db b.db
	run -0 "$TRUEUP" sync b.db b.db
}

@test "a target that another connection has locked in SQLite" {
	ask='SELECT'
	session sqlite3 b.db
	tell 'BEGIN IMMEDIATE;'
	fails 4 "target: " locked hint:transaction -- sync --undo=undo a.db b.db
	[ ! -e undo ]
	run -1 "$TRUEUP" diff a.db b.db
	tell 'COMMIT;' 'BEGIN EXCLUSIVE;'
	fails 3 "target: " locked hint:transaction -- diff a.db b.db
	tell 'ROLLBACK;'
	run -0 "$TRUEUP" sync a.db b.db
}

# --- what breaks in the middle ------------------------------------------------

# slow_pg URL - a view that needs 1 ms for each of 60,000 rows.
slow_pg() {
	pg "$1" 'CREATE FUNCTION slow(i int) RETURNS text STABLE LANGUAGE plpgsql
		AS $$BEGIN PERFORM pg_sleep(0.001); RETURN $1::text; END$$;' \
	    'CREATE TABLE big AS SELECT i AS id FROM generate_series(1, 60000) i;' \
	    'CREATE VIEW slow AS SELECT id, public.slow(id) AS x FROM big;'
	lite a.db 'CREATE TABLE IF NOT EXISTS slow(id INTEGER PRIMARY KEY, x TEXT);'
}

# its_backend URL - the process that reads the view right now.
its_backend() {
	pg "$1" "SELECT pid FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event = 'PgSleep';"
}
scans() {
	[ -n "$(its_backend "$1")" ]
}

# slow_lite FILE STEPS - a view of 20,000 rows with so much work in each;
# 50,000 take some milliseconds.
slow_lite() {
	lite "$1" 'DROP VIEW IF EXISTS slow;' "CREATE VIEW slow AS
		SELECT id, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
		SELECT i + 1 FROM n WHERE i < $2 + t.id)
		SELECT max(i) FROM n) AS x FROM t;"
}

@test "a connection that is cut in mid-scan" {
	fresh_pg_db url
	slow_pg "$url"
	for side in source target; do
		pair=("$url" a.db)
		[ $side = source ] || pair=(a.db "$url")
		start diff -f rows --key=id "${pair[@]}" slow
		wait_until scans "$url"
		sleep 0.5
		pg "$url" "SELECT pg_terminate_backend($(its_backend "$url"));"
		finish 4 "table 'slow': $side: " "connection"
		[ -z "$output" ]
	done
	start sync --key=id "$url" a.db slow
	wait_until scans "$url"
	pg "$url" "SELECT pg_terminate_backend($(its_backend "$url"));"
	finish 4 "table 'slow': source: " "connection"
	is "$(lite a.db 'SELECT count(*) FROM slow;')" 0
}

@test "a server that is stopped in mid-scan" {
	lite a.db 'CREATE TABLE slow(id INTEGER PRIMARY KEY, x TEXT);'
	cat >stopped <<-'END'
	. "$srcdir/tests/lib/helpers.bash"
	psql() { "$TRUEUP_PG_BIN/psql" -XqAt "$TRUEUP_PG" "$@"; }
	psql -c 'CREATE VIEW slow AS SELECT i AS id, pg_sleep(0.001)::text AS x
	    FROM generate_series(1, 100000) i'
	"$TRUEUP" diff -f rows --key=id "$TRUEUP_PG" a.db slow >stdout 2>stderr &
	for try in {1..200}; do
		[ -z "$(psql -c "SELECT 1 FROM pg_stat_activity
		    WHERE wait_event = 'PgSleep'")" ] || break
		sleep 0.1
	done
	kill -QUIT "$(head -1 "$TRUEUP_PG_SOCKET/postgres/postmaster.pid")" ||
	    kill $!
	wait $!
	END
	run env -u TRUEUP_PG "$srcdir/tests/lib/with-servers" bash stopped
	stderr=$(<stderr)
	explain_failure
	[ "$status" -eq 4 ]
	says "table 'slow': source: " "connection was lost"
	[ ! -s stdout ]
}

# interrupts SIGNAL - the run ends with 130, in less than 2 s.
interrupts() {
	local begin=${EPOCHREALTIME/./}
	kill -s "$1" "$pid"
	finish 130 interrupted
	is "$(tail -1 stderr)" "$2: interrupted"
	[ $((${EPOCHREALTIME/./} - begin)) -lt 2000000 ]
}
idle() {
	[ -z "$(pg "$1" "SELECT pid FROM pg_stat_activity WHERE
	    datname = current_database() AND application_name = 'trueup';")" ]
}

@test "SIGINT and SIGTERM end a scan and the server's statement" {
	fresh_pg_db url
	slow_pg "$url"
	for options in "" --hash=md5 "-f json" "-o out --undo=undo"; do
		for signal in INT TERM; do
			# shellcheck disable=SC2086 # several words
			start diff $options --key=id "$url" a.db slow
			wait_until scans "$url"
			sleep 0.2
			interrupts $signal "trueup diff"
			wait_until idle "$url"
		done
	done
	[ -z "$(ls out* undo* 2>/dev/null)" ]
	start sync --key=id a.db "$url" slow
	wait_until scans "$url"
	interrupts INT "trueup sync"
	wait_until idle "$url"
}

@test "SIGINT and SIGTERM end a scan in SQLite" {
	for steps in 50000 10000000000; do
		slow_lite a.db $steps
		slow_lite b.db $steps
		for signal in INT TERM; do
			start diff -f json --key=id a.db b.db slow
			sleep 1.5
			interrupts $signal "trueup diff"
			[[ $(tail -1 stdout) == \
			    '{"type": "error", '*'"exit": 130}' ]]
		done
	done
}

@test "an interrupted sync that waits for a lock has written nothing" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
	    "INSERT INTO t VALUES (1, 'one');"
	session "$TRUEUP_PG_BIN/psql" -XqAt "$url"
	tell 'BEGIN;' 'LOCK TABLE t IN EXCLUSIVE MODE;'
	start sync --undo=undo a.db "$url"
	wait_until waits "$url"
	interrupts INT "trueup sync"
	tell 'ROLLBACK;'
	is "$(pg "$url" 'SELECT * FROM t;')" '1|one'
	[ -z "$(ls undo* 2>/dev/null)" ]
}
waits() {
	[ -n "$(pg "$1" "SELECT pid FROM pg_stat_activity WHERE
	    datname = current_database() AND wait_event_type = 'Lock';")" ]
}

# holds URL TABLE MODE
holds() {
	[ -n "$(pg "$1" "SELECT pid FROM pg_locks WHERE granted AND
	    relation = '$2'::regclass AND mode = '$3'
	    AND pid <> pg_backend_pid();")" ]
}

# has_column URL NAME
has_column() {
	[ -n "$(pg "$1" "SELECT 1 FROM pg_attribute WHERE attname = '$2';")" ]
}

@test "a reader that goes away ends the run" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);'
	for format in rows sql json csv; do
		# shellcheck disable=SC2016 # the inner shell's
		run --separate-stderr timeout 60 bash -c '"$TRUEUP" diff \
		    -f "$0" a.db "$1" | head -1; exit "${PIPESTATUS[0]}"' \
		    $format "$url"
		explain_failure
		[ "$status" -eq 4 ]
		[ "${#lines[@]}" -eq 1 ]
		[ -z "$stderr" ]
	done
	wait_until idle "$url"
}

# with_room DIR COMMAND... - run it with DIR on a disk of 64 kB, or with a
# limit on the size of files where no such disk can be had.
with_room() {
	local dir=$1 ns=(unshare -rm)
	shift
	[ "$(id -u)" -ne 0 ] || ns=(unshare -m)
	if "${ns[@]}" mount -t tmpfs -o size=64k none "$dir" 2>/dev/null; then
		# shellcheck disable=SC2016 # the inner shell's
		"${ns[@]}" bash -c 'mount -t tmpfs -o size=64k none "$0" &&
		    { "$@"; status=$?; ls "$0" >left; exit $status; }' "$dir" "$@"
	else
		(
			ulimit -f 64
			"$@"
			status=$?
			ls "$dir" >left
			exit $status
		)
	fi
}

@test "no room for the result" {
	mkdir small
	lite b.db 'DELETE FROM t WHERE id > 100;'
	for format in rows sql json csv; do
		run --separate-stderr with_room "$PWD/small" \
		    "$TRUEUP" diff -f $format -o small/out a.db b.db
		explain_failure
		[ "$status" -eq 4 ]
		says "cannot write 'small/out'"
		[[ $stderr =~ No\ space|too\ large ]]
		[ ! -s left ]
	done
	cp b.db before.db
	run --separate-stderr with_room "$PWD/small" \
	    "$TRUEUP" sync -o small/out -f sql a.db b.db
	[ "$status" -eq 4 ]
	# The undo comes first, so nothing is written without one.
	cp before.db b.db
	run --separate-stderr with_room "$PWD/small" \
	    "$TRUEUP" sync --undo=small/undo a.db b.db
	explain_failure
	[ "$status" -eq 4 ]
	says "cannot write 'small/undo'"
	[ ! -s left ]
	lite b.db .dump >after.sql
	lite before.db .dump | cmp - after.sql
}

@test "a limit on the size of files is an error, not a crash" {
	lite b.db 'DELETE FROM t WHERE id > 100;'
	# shellcheck disable=SC2016 # the inner shell's
	run --separate-stderr bash -c \
	    'ulimit -f 16; "$TRUEUP" diff -f rows -o out a.db b.db'
	explain_failure
	[ "$status" -eq 4 ]
	says "cannot write 'out'" "File too large"
	[ -z "$(ls out* 2>/dev/null)" ]
}

@test "no room for the spool" {
	mkdir small
	lite b.db 'DELETE FROM t WHERE id > 100;'
	cp b.db before.db
	for cmd in "diff -f sql" "diff --undo=undo" sync; do
		# shellcheck disable=SC2086 # several words
		run --separate-stderr with_room "$PWD/small" \
		    env TMPDIR="$PWD/small" "$TRUEUP" $cmd a.db b.db
		explain_failure
		[ "$status" -eq 4 ]
		says "temporary file in "
		[[ $stderr =~ No\ space|too\ large ]]
		[[ $stderr != *"No space"* || $stderr == *"hint: "*TMPDIR* ]]
		[ ! -s left ]
	done
	cmp b.db before.db
	run -0 "$TRUEUP" diff before.db b.db
	under=(env TMPDIR=no/such/dir)
	fails 4 "no/such/dir" "No such file" -- diff -f sql a.db b.db
	fails 4 "no/such/dir" "No such file" -- sync a.db b.db
	cmp b.db before.db
}

# While the run has its snapshot and waits for the first table. Rows that a
# TRUNCATE or a rewrite left behind are not those of the snapshot.
@test "a table truncated, altered or replaced during the run" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE a(id int PRIMARY KEY);' \
	    'CREATE TABLE t(id int PRIMARY KEY, x text) PARTITION BY RANGE (id);' \
	    'CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10000);' \
	    'CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10000) TO (90000);' \
	    'CREATE TABLE u(id int PRIMARY KEY, x text);' \
	    'CREATE VIEW v AS SELECT * FROM u;' \
	    "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 20000) i;" \
	    'INSERT INTO u SELECT * FROM t;'
	lite a.db 'CREATE TABLE a(id INTEGER PRIMARY KEY);' \
	    'CREATE TABLE u AS SELECT * FROM t;' \
	    'CREATE VIEW v AS SELECT * FROM t;'
	run -0 "$TRUEUP" diff --key=u:id --key=v:id "$url" a.db a t u v
	for what in 'TRUNCATE t2; INSERT INTO t
	    SELECT i, concat($$value $$, i) FROM generate_series(10000, 20000) i|t|t2' \
	    'TRUNCATE t|t|t1' 'TRUNCATE u|u|u' \
	    'INSERT INTO u SELECT i FROM generate_series(1, 3) i; TRUNCATE u|v|u' \
	    'DROP VIEW v; ALTER TABLE u ALTER id TYPE bigint|u|u' \
	    'ALTER TABLE u DROP x|u|x' \
	    'ALTER TABLE u RENAME TO w|u|u' \
	    'DROP TABLE w|w|w'
	do
		IFS='|' read -rd '' ddl table cause <<<"$what" || true
		session "$TRUEUP_PG_BIN/psql" -XqAt "$url"
		tell 'BEGIN;' 'LOCK TABLE a IN ACCESS EXCLUSIVE MODE;'
		lite a.db 'CREATE TABLE IF NOT EXISTS w(id INTEGER PRIMARY KEY);'
		echo "$ddl"
		start diff --key="$table:id" "$url" a.db a "$table"
		wait_until waits "$url"
		pg "$url" 'SET client_min_messages = error;' "BEGIN; $ddl; COMMIT;"
		tell 'COMMIT;'
		finish 4 "table '$table'" "source: " "${cause%$'\n'}"
		[[ $output == *"$table: "*"1 table, 0 rows: equal; 1 table "* ]]
	done
	pg "$url" 'CREATE TABLE u(id int PRIMARY KEY);' 'INSERT INTO u VALUES (1);'
	session "$TRUEUP_PG_BIN/psql" -XqAt "$url"
	tell 'BEGIN;' 'LOCK TABLE a IN ACCESS EXCLUSIVE MODE;'
	start diff --key=u:id "$url" a.db u --source-query='SELECT u.id
	    FROM public.a RIGHT JOIN public.u ON false'
	wait_until waits "$url"
	pg "$url" 'BEGIN; TRUNCATE u; INSERT INTO u VALUES (1); COMMIT;'
	tell 'COMMIT;'
	finish 4 "table 'u'" "source: " truncated hint:again
}

# Whoever alters a table waits for the first connection, and is in front of one
# that comes later: that must not wait for them.
@test "somebody waits to alter a table that several connections read" {
	fresh_pg_db url
	fresh_pg_db other
	for db in "$url" "$other"; do
		pg "$db" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
		    'INSERT INTO t SELECT i FROM generate_series(1, 150000) i;' \
		    'ANALYZE t;'
	done
	PGOPTIONS='-c post_auth_delay=2' start diff -v --jobs=2 "$url" "$other"
	wait_until holds "$url" t AccessShareLock
	session "$TRUEUP_PG_BIN/psql" -XqAt "$url"
	printf '%s\n' 'ALTER TABLE t ADD y int;' >&"$to_session"
	wait_until waits "$url"
	finish 0
	[[ $stderr == *"the source is read by 1 of 2 connections: "*"timeout"* ]]
	[[ $stderr != *"the target is read by"* ]]
	[ "$output" = "1 table, 150,000 rows: equal" ]
	wait_until has_column "$url" y
}

@test "what a writer does to SQLite during the run changes nothing" {
	lite a.db 'PRAGMA journal_mode = WAL;'
	lite a.db 'CREATE TABLE slow(id INTEGER PRIMARY KEY, x);' \
	    'INSERT INTO slow SELECT id, 50000 + id FROM t WHERE id <= 200;'
	cp a.db b.db
	lite a.db 'ALTER TABLE slow RENAME TO s;' 'CREATE VIEW slow AS
		SELECT id, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT
		i + 1 FROM n WHERE i < 50000 + s.id) SELECT max(i) FROM n) AS x
		FROM s;'
	start diff -v --key=slow:id a.db b.db slow t
	sleep 0.7
	kill -0 "$pid"
	lite a.db 'PRAGMA busy_timeout = 10000;' 'DROP TABLE t;' >/dev/null
	status=0
	wait "$pid" || status=$?
	cat stdout stderr
	[ "$status" -eq 0 ]
	run -1 "$TRUEUP" diff a.db b.db t
}

# --- what stops a sync --------------------------------------------------------

@test "a limit stops a sync before the first write" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
	    "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 20000) i;"
	lite a.db 'DELETE FROM t WHERE id > 9000;' \
	    "UPDATE t SET x = 'new' WHERE id = 1;"
	fails 6 "table 't'" 11000 hint:--max-delete -- sync --undo=undo a.db "$url"
	fails 6 "table 't'" hint:--max-delete -- sync --max-delete=10999 a.db "$url"
	fails 6 "table 't'" hint:--max-delete -- sync --max-delete=54% a.db "$url"
	lite b.db 'DELETE FROM t;'
	fails 6 "table 't'" "source" empty hint:--max-delete -- sync b.db "$url"
	is "$(pg "$url" "SELECT count(*), min(x) FROM t WHERE id > 0;")" \
	    "20000|value 1"
	[ ! -e undo ]
	run -0 "$TRUEUP" sync -q --max-delete=55% a.db "$url"
	run -0 "$TRUEUP" diff a.db "$url"
}

@test "a row that changes between compare and write is a conflict" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
	    "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 20000) i;" \
	    "UPDATE t SET x = 'old' WHERE id IN (5, 6, 7);" \
	    'DELETE FROM t WHERE id = 9;' "INSERT INTO t VALUES (20001, 'more');"
	for change in "UPDATE t SET x = 'theirs' WHERE id = 5|id 5" \
	    'DELETE FROM t WHERE id = 6|id 6' \
	    "INSERT INTO t VALUES (9, 'theirs')|id 9" \
	    "UPDATE t SET x = 'theirs' WHERE id = 20001|id 20001"
	do
		session "$TRUEUP_PG_BIN/psql" -XqAt "$url"
		tell 'BEGIN;' 'LOCK TABLE t IN EXCLUSIVE MODE;' "${change%|*};"
		start sync --undo=undo a.db "$url"
		wait_until waits "$url"
		tell 'COMMIT;'
		pg "$url" 'SELECT * FROM t ORDER BY id;' >before
		finish 6 "conflict: table 't', ${change#*|}: "
		pg "$url" 'SELECT * FROM t ORDER BY id;' | cmp - before
		[ ! -e undo ]
		[[ $output != *written* ]]
	done
	# What is there already is none.
	session "$TRUEUP_PG_BIN/psql" -XqAt "$url"
	tell 'BEGIN;' 'LOCK TABLE t IN EXCLUSIVE MODE;' \
	    "UPDATE t SET x = 'value 7' WHERE id = 7;"
	start sync a.db "$url"
	wait_until waits "$url"
	tell 'COMMIT;'
	finish 0
	run -0 "$TRUEUP" diff a.db "$url"
}

@test "a row that changes between compare and write in SQLite" {
	lite b.db 'PRAGMA journal_mode = WAL;' \
	    'CREATE TABLE s AS SELECT id, 50000 + id AS x FROM t WHERE id <= 200;' \
	    'CREATE TABLE slow(id INTEGER PRIMARY KEY, x);' \
	    'INSERT INTO slow SELECT * FROM s;'
	lite a.db 'CREATE TABLE s AS SELECT id FROM t WHERE id <= 200;' \
	    'CREATE VIEW slow AS SELECT id, (WITH RECURSIVE n(i) AS (SELECT 1
		UNION ALL SELECT i + 1 FROM n WHERE i < 50000 + s.id)
		SELECT max(i) FROM n) AS x FROM s;'
	start sync --key=slow:id --undo=undo a.db b.db t slow
	sleep 0.7
	kill -0 "$pid"
	lite b.db "UPDATE t SET x = 'theirs' WHERE id = 700;"
	finish 6 "conflict: table 't', id 700: "
	is "$(lite b.db 'SELECT x FROM t WHERE id = 700;' \
	    'SELECT count(*) FROM t WHERE id = 800;')" $'theirs\n0'
	[ ! -e undo ]
}

@test "a trigger that changes what is written" {
	fresh_pg_db url
	pg "$url" 'CREATE TABLE t(id int PRIMARY KEY, x text);' \
	    "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 19999) i;" \
	    "UPDATE t SET x = 'old' WHERE id = 5;" \
	    'CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN NEW.x := upper(NEW.x); RETURN NEW; END$$;' \
	    'CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN RETURN NULL; END$$;' \
	    'CREATE TRIGGER meddler BEFORE INSERT OR UPDATE ON t FOR EACH ROW
		EXECUTE FUNCTION meddle();'
	fails 6 "table 't'" "nothing was written" "hint:meddler" -- \
	    sync --undo=undo a.db "$url"
	[ ! -e undo ]
	pg "$url" 'DROP TRIGGER meddler ON t;' 'CREATE TRIGGER refuser BEFORE
		INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse();'
	fails 6 "table 't'" -- sync --undo=undo a.db "$url"
	is "$(pg "$url" 'SELECT count(*), (SELECT x FROM t WHERE id = 5) FROM t;')" \
	    '19999|old'
	lite b.db 'CREATE TRIGGER meddler AFTER UPDATE ON t BEGIN
		UPDATE t SET x = upper(x) WHERE id = NEW.id; END;'
	fails 6 "table 't'" "nothing was written" "hint:meddler" -- \
	    sync --undo=undo a.db b.db
	lite b.db 'DROP TRIGGER meddler;' 'CREATE TRIGGER refuser BEFORE INSERT
		ON t BEGIN SELECT RAISE(IGNORE); END;'
	fails 6 "table 't'" -- sync --undo=undo a.db b.db
	is "$(lite b.db 'SELECT x FROM t WHERE id = 700;' \
	    'SELECT count(*) FROM t WHERE id = 800;')" $'old\n0'
	[ ! -e undo ]
}

@test "a constraint that the new rows break" {
	fresh_pg_db url
	pg "$url" "CREATE TABLE t(id int PRIMARY KEY, x text
		CONSTRAINT short CHECK (id <> 15000));" \
	    "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 14000) i;" \
	    "UPDATE t SET x = 'old' WHERE id = 5;"
	fails 4 "table 't': target: " short -- sync --undo=undo a.db "$url"
	is "$(pg "$url" 'SELECT count(*), (SELECT x FROM t WHERE id = 5) FROM t;')" \
	    '14000|old'
	[ ! -e undo ]
	lite c.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT
		CONSTRAINT short CHECK (id <> 15000));' \
	    'INSERT INTO t VALUES (1, 2);'
	cp c.db before.db
	fails 4 "table 't': target: " short -- sync --undo=undo a.db c.db
	lite c.db .dump >after
	lite before.db .dump | cmp - after
	[ ! -e undo ]
}
