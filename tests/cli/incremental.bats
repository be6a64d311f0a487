# --incremental and mode = incremental: the command line, the state file, and
# runs that are killed. That the result is that of a full comparison after
# anything that can happen is for tests/db/incremental.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	RANDOM=${SEED:=$((SRANDOM % 32768))}
	echo "# seed $SEED"
	lite a.db "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);" \
	    "CREATE TABLE u(a TEXT, b INT, c INT, PRIMARY KEY(a, b));" \
	    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i
		WHERE n < 2000) INSERT INTO t SELECT n, 'x' || n FROM i;" \
	    "INSERT INTO u SELECT 'k' || (id % 7), id, id FROM t;"
	cp a.db b.db
	"$TRUEUP" track install a.db >/dev/null
	"$TRUEUP" track install b.db >/dev/null
	first=("$TRUEUP" diff -v --incremental=s a.db b.db)
}

teardown() {
	drop_my_dbs
	drop_pg_dbs
}

# by_changes [ARG]... - a diff that looks at what has changed, in both tables.
by_changes() {
	run --separate-stderr "$TRUEUP" diff -v --incremental=s "$@" a.db b.db
	[ "$(grep -c 'may have changed' <<<"$stderr")" -eq 2 ]
	[[ $stderr != *"compared in full"* ]]
}

@test "in full at first, then what changed; the result is the same" {
	run -0 --separate-stderr "${first[@]}"
	is "$output" "2 tables, 4,000 rows: equal"
	[[ $stderr == *"table 't' is compared in full: it was not compared before"* ]]
	lite a.db "UPDATE t SET x = 'new' WHERE id = 5; DELETE FROM t WHERE id = 7;
		UPDATE u SET b = 9999 WHERE b = 3"
	lite b.db "INSERT INTO u VALUES ('z', 1, 1)"
	for format in text json csv sql rows stat; do
		run -1 --separate-stderr "$TRUEUP" diff -f $format a.db b.db
		whole=$output
		by_changes -f $format
		[ "$status" -eq 1 ]
		# What a run cost is its own.
		costs='"bytes": .*"verdict"|"time": [^,]*|"options": [^]]*]|"seconds".*'
		is "$(sed -E "s/$costs//g" <<<"$output")" \
		    "$(sed -E "s/$costs//g" <<<"$whole")"
	done
	run -1 "$TRUEUP" status --json s
	[[ $output == *'"mode": "incremental"'* ]]
	is "$(stat -c %a s)" 600
}

@test "what is said of it in JSON and in the state" {
	"${first[@]}" 2>/dev/null
	lite b.db "UPDATE t SET x = 'y' WHERE id < 4"
	by_changes -f json
	[[ $output == *'"name": "t"'*'"suspects": 3,'*'"incremental": true'* ]]
	run -1 "$TRUEUP" diff -f json a.db b.db
	[[ $output == *'"incremental": false'* ]]
	is "$(sqlite3 s 'SELECT mode, exit FROM run ORDER BY id')" \
	    $'full|0\nincremental|1'
}

@test "a sync, and what it wrote is not looked for again" {
	"${first[@]}" 2>/dev/null
	lite a.db "UPDATE t SET x = 'new' WHERE id % 100 = 0; DELETE FROM u WHERE b < 5"
	run -0 "$TRUEUP" sync --incremental=s a.db b.db
	by_changes
	[ "$status" -eq 0 ]
	is "$output" "2 tables, 3,996 rows: equal"
	by_changes
	[ "$(grep -c ' 0 rows may have changed' <<<"$stderr")" -eq 2 ]
	run -0 "$TRUEUP" diff a.db b.db
}

@test "each consumer hears of every change" {
	"${first[@]}" 2>/dev/null
	run -0 "$TRUEUP" diff --incremental=other a.db b.db
	lite a.db "DELETE FROM t WHERE id = 7"
	by_changes
	[ "$status" -eq 1 ]
	run -1 --separate-stderr "$TRUEUP" diff -v --incremental=other a.db b.db
	[[ $stderr != *"compared in full"* ]]
	run -0 "$TRUEUP" track status a.db t
	[[ $output == *"read by other "*"read by s "* ]]
}

@test "a side that is not tracked, or not as it was, is said and compared" {
	"$TRUEUP" track remove b.db t
	for _ in 1 2; do
		run -0 --separate-stderr "$TRUEUP" diff --incremental=s a.db b.db
		is "$stderr" "trueup: table 't' is compared in full: target: its changes are not written down (trueup track install)"
	done
	"$TRUEUP" track install b.db
	lite b.db "DROP TRIGGER $(lite b.db "SELECT name FROM sqlite_schema
		WHERE type = 'trigger' AND tbl_name = 'u' LIMIT 1");
		UPDATE u SET c = 0 WHERE b = 8"
	run -1 --separate-stderr "$TRUEUP" diff --incremental=s a.db b.db
	[[ $stderr == "trueup: table 'u' is compared in full: target: trigger "*" is gone" ]]
}

@test "nobody writes to a side: only the other's changes are read" {
	"$TRUEUP" track remove b.db >/dev/null
	printf '[changes %s]\nside = target\ntable = %s\nreader = none\n' \
	    t t u u >changes
	first=("$TRUEUP" sync -v --incremental=s --changes=changes a.db b.db)
	run -0 "${first[@]}"
	lite a.db "UPDATE t SET x = 'new' WHERE id = 5; DELETE FROM u WHERE b = 9"
	run -0 --separate-stderr "${first[@]}"
	[[ $stderr == *"'t': 1 rows may have"*"'u': 1 rows may have"* ]]
	run -0 "$TRUEUP" diff a.db b.db
	# Who does write there is found by counting, or not at all.
	lite b.db "DELETE FROM t WHERE id = 8; UPDATE u SET c = 0 WHERE b = 8"
	run -0 --separate-stderr "${first[@]}"
	[[ $stderr == *"'t' is compared in full: the source has 2000 rows and the target 1999, "* ]]
	is "$(lite b.db "SELECT c FROM u WHERE b = 8")" 0
}

@test "other columns, another key: in full" {
	"${first[@]}" 2>/dev/null
	run -0 --separate-stderr "$TRUEUP" diff -v --incremental=s \
	    --exclude-columns=u.c a.db b.db
	[[ $stderr == *"'t': 0 rows may"*"'u' is compared in full: something else is compared by now"* ]]
	run -0 --separate-stderr "$TRUEUP" diff --incremental=s --key=t:none \
	    a.db b.db
	[[ $stderr == *"table 't' is compared in full: source: the changes are known by another key"* ]]
	lite b.db "UPDATE u SET c = 0 WHERE b = 8"
	run -1 "$TRUEUP" diff --incremental=s a.db b.db
}

# a_day_later [ARG]... - as if the last run had been yesterday.
a_day_later() {
	sqlite3 s 'UPDATE tracked SET scrubbed = scrubbed - 86400, "full" = "full" - 86400,
		cycle = cycle - 86400'
	run --separate-stderr "$TRUEUP" diff -v --incremental=s "$@" a.db b.db
}

@test "what nothing speaks of is found by the part that is looked at in any case" {
	"${first[@]}" 2>/dev/null
	lite b.db "UPDATE t SET x = 'lost' WHERE id = 1900;" "$(lite b.db "
		SELECT 'DELETE FROM ' || name || ';' FROM sqlite_schema WHERE
		name LIKE 'trueup_change_%' AND type = 'table'")"
	by_changes
	[ "$status" -eq 0 ]
	a_day_later --scrub=0
	[ "$status" -eq 0 ]
	for day in 1 2 3 4 5 6 7 8; do
		a_day_later --scrub=4
		[ "$status" -eq 0 ] || break
		[[ $stderr == *" rows that have not changed are compared, too"* ]]
	done
	[ "$status" -eq 1 ]
	[[ $output == *"~ id 1900: x "* ]]
	[[ $stderr == *"table 't' is compared in full: 1 rows of the part that was looked at in any case differ, and nothing says that they have changed"* ]]
	is "$(sqlite3 s "SELECT name, value FROM total WHERE name LIKE '%ca%'")" \
	    $'capture.lost|1\nescalations|1'
	# From here on it is known.
	by_changes
	[ "$status" -eq 1 ]
	run -0 "$TRUEUP" sync -q --incremental=s a.db b.db
}

@test "in some days all of a table has been compared" {
	"${first[@]}" 2>/dev/null
	before=$(sqlite3 s 'SELECT last_full FROM pair')
	sqlite3 s 'UPDATE pair SET last_full = 5'
	by_changes
	is "$(sqlite3 s 'SELECT last_full FROM pair')" "$before"
	sqlite3 s 'UPDATE pair SET last_full = 5'
	for ((days = 0; days < 20; days++)); do
		a_day_later --scrub=5
		[ "$status" -eq 0 ]
		[ "$(sqlite3 s 'SELECT count(*) FROM tracked WHERE scrub IS NULL')" -lt 2 ] ||
		    break
	done
	echo "$days"
	[ "$days" -ge 3 ] && [ "$days" -le 12 ]
	[ "$(sqlite3 s 'SELECT last_full FROM pair')" -gt 5 ]
	run -2 "$TRUEUP" diff --scrub=3 a.db b.db
	[[ $output == *"--scrub is for incremental runs"* ]]
}

@test "a log that the application keeps, and mistakes in saying so" {
	"$TRUEUP" track remove a.db
	"$TRUEUP" track remove b.db
	for db in a b; do
		lite $db.db 'CREATE TABLE log(n INTEGER PRIMARY KEY AUTOINCREMENT, who INT)'
	done
	printf '[changes t]\ntable = t\nfrom = log\nseq = n\nmark = who\nkey = who\n' >changes
	printf '[changes u]\ntable = uu\nfrom = log\nseq = n\nmark = who\nkey = who\n' >>changes
	log=(-v --incremental=s --changes=changes -T log -T u a.db b.db)
	run -0 "$TRUEUP" diff "${log[@]}"
	lite b.db "UPDATE t SET x = 'y' WHERE id = 9; INSERT INTO log(who) VALUES (9)"
	run -1 --separate-stderr "$TRUEUP" diff "${log[@]}"
	[[ $output == *"~ id 9: x "* ]]
	[[ $stderr == *"[changes u] is of no table that is compared here"* ]]
	[[ $stderr == *"table 't': 1 rows may have changed"* ]]
	# Nobody has logged it, and it is counted.
	lite b.db "DELETE FROM t WHERE id = 10"
	run -1 --separate-stderr "$TRUEUP" diff "${log[@]}"
	[[ $output == *"+ id 10: x x10"* ]]
	[[ $stderr == *"the source has 2000 rows and the target 1999, which what has changed does not explain"* ]]
	sed -i 's/^seq/sqe/' changes
	run -2 "$TRUEUP" diff "${log[@]}"
	[[ $output == *"changes:4: no key 'sqe'; is 'seq' meant?"* ]]
	run -2 "$TRUEUP" diff --changes=changes a.db b.db
	[[ $output == *"--changes needs --incremental"* ]]
}

# A table whose flag says what has yet to be brought over.
marking() {
	cat >changes <<-END
	[changes there]
	side = target
	table = c
	reader = none
	[changes here]
	side = source
	table = c
	preset = synced
	$1
	END
	contacts="CREATE TABLE c(id int PRIMARY KEY, email varchar(20), synced boolean);
	    INSERT INTO c VALUES (1, 'a', false), (2, 'b', true), (3, 'c', NULL)"
	sync=(sync -v --incremental=s --changes=changes --exclude-columns=synced)
}

@test "rows are marked by a sync that is asked to, and only then" {
	marked="SELECT group_concat(id) FROM (SELECT id FROM c WHERE synced ORDER BY id)"
	marking
	lite c.db "$contacts"
	lite d.db "$contacts"
	run -0 "$TRUEUP" "${sync[@]}" c.db d.db
	is "$(lite c.db "$marked")" 2
	marking 'ack = yes'
	rm s
	lite c.db "UPDATE c SET email = 'x' WHERE id = 3; INSERT INTO c VALUES (4, 'd', 0)"
	run -1 "$TRUEUP" "diff" "${sync[@]:1}" c.db d.db
	run -1 "$TRUEUP" "${sync[@]}" --dry-run c.db d.db
	is "$(lite c.db "$marked")" 2
	run -1 --separate-stderr "$TRUEUP" "${sync[@]}" --no-update c.db d.db
	[[ $stderr == *"table 'c': 2 rows are marked; 0 have changed meanwhile, 1 differ"* ]]
	is "$(lite c.db "$marked")" 1,2,4
	run -0 --separate-stderr "$TRUEUP" "${sync[@]}" c.db d.db
	[[ $stderr == *"table 'c': 1 rows are marked; 0 have"* ]]
	is "$(lite c.db "$marked")" 1,2,3,4
	is "$(lite d.db "$marked")" 2
	# A column that only the source has is not in the target yet.
	lite c.db "ALTER TABLE c ADD more; UPDATE c SET synced = 0 WHERE id = 1"
	run -1 --separate-stderr "$TRUEUP" "${sync[@]}" c.db d.db
	[[ $stderr == *"no row is marked, because the target has no column 'more'"* ]]
	is "$(lite c.db "$marked")" 2,3,4
	run -0 --separate-stderr "$TRUEUP" "${sync[@]}" --common c.db d.db
	is "$(lite c.db "$marked")" 1,2,3,4
	lite c.db 'ALTER TABLE c DROP more'
	run -2 "$TRUEUP" "${sync[@]:0:4}" c.db d.db
	[[ $output == *"[changes here] ack: column 'synced' is compared"* ]]
	# Who cannot be written to is said, and what was written stays.
	lite c.db "UPDATE c SET email = 'y', synced = 0 WHERE id = 1;
		CREATE TRIGGER no BEFORE UPDATE ON c BEGIN SELECT raise(ABORT, 'never'); END"
	run -4 --separate-stderr "$TRUEUP" "${sync[@]}" c.db d.db
	[[ $stderr == *"never; no row was marked"* ]]
	is "$(lite d.db "SELECT email FROM c WHERE id = 1")" y
}

@test "a row that is changed while a sync writes is not marked" {
	marking 'ack = yes'
	for db in from to; do
		fresh_pg_db $db
		pg "${!db}" "$contacts"
	done
	run -0 "$TRUEUP" "${sync[@]}" "$from" "$to"
	pg "$from" "UPDATE c SET synced = false; UPDATE c SET email = 'B' WHERE id = 2"
	mkfifo pipe
	pg "$to" <pipe >session 2>&1 &
	exec {tell}>pipe
	echo "BEGIN; SELECT 'held' FROM c WHERE id = 2 FOR UPDATE;" >&"$tell"
	wait_until grep -q held session
	"$TRUEUP" "${sync[@]}" "$from" "$to" >/dev/null 2>stderr &
	pid=$!
	wait_until waits_for_lock "$to"
	pg "$from" "UPDATE c SET email = 'A' WHERE id = 1"
	echo 'COMMIT;' >&"$tell"
	exec {tell}>&-
	wait $pid
	grep -q "2 rows are marked; 0 have changed meanwhile, 1 differ" stderr
	is "$(pg "$from" "SELECT id FROM c WHERE NOT synced")" 1
	run -0 "$TRUEUP" "${sync[@]}" "$from" "$to"
	is "$(pg "$to" "SELECT email FROM c WHERE id = 1")" A
	is "$(pg "$from" "SELECT count(*) FROM c WHERE NOT synced")" 0
}
waits_for_lock() {
	[ -n "$(pg "$1" "SELECT pid FROM pg_stat_activity WHERE
	    datname = current_database() AND wait_event_type = 'Lock'")" ]
}

@test "files that are not the pair's" {
	echo text >s
	run -4 "$TRUEUP" diff --incremental=s a.db b.db
	[[ $output == *"state file 's'"* ]]
	cp a.db s
	run -2 "$TRUEUP" diff --incremental=s a.db b.db
	[[ $output == "trueup diff: 's' is no state file of trueup audit"* ]]
	cmp a.db s
	run -4 "$TRUEUP" diff --incremental=no/s a.db b.db
	run -2 "$TRUEUP" diff --incremental=x -o x a.db b.db
	[[ $output == *"--output and --incremental name the same file"* ]]
}

@test "killed at any moment, the next run knows all the same" {
	"${first[@]}" 2>/dev/null
	killed=0
	span=${EPOCHREALTIME/./}
	"$TRUEUP" diff -q --incremental=s a.db b.db
	span=$((${EPOCHREALTIME/./} - span))
	for ((run = 0; run < 25; run++)); do
		lite a.db "UPDATE t SET x = x || 'a' WHERE id % 500 = $run;
			DELETE FROM u WHERE b = $((run + 100));
			INSERT INTO u VALUES ('n', 10000 + $run, 1)"
		lite b.db "UPDATE u SET c = -c WHERE b % 400 = $run"
		command=(diff sync)
		"$TRUEUP" ${command[RANDOM % 2]} -q --incremental=s a.db b.db \
		    2>/dev/null 3>&- &
		sleep "0.$(printf '%06d' $((span * RANDOM / 32768 % 1000000)))"
		kill -KILL $! 2>/dev/null || true
		status=0
		wait $! 2>/dev/null || status=$?
		[ $status -ne 137 ] || killed=$((killed + 1))
		run "$TRUEUP" diff -f rows a.db b.db
		whole=$output
		run --separate-stderr "$TRUEUP" diff -f rows --incremental=s a.db b.db
		[ "$status" -le 1 ] || is "$status $stderr" "0 or 1"
		is "$output" "$whole"
	done
	echo "# killed $killed" >&3
	[ $killed -gt 0 ]
	run -0 "$TRUEUP" sync -q --incremental=s a.db b.db
	run -0 "$TRUEUP" diff -q a.db b.db
}

@test "a reader who may not write costs nothing but the note of where he is" {
	fresh_pg_db url
	pg "$url" "CREATE TABLE t(id int PRIMARY KEY, x text);
		INSERT INTO t SELECT g, 'x' || g FROM generate_series(1, 2000) g;
		CREATE ROLE r_$$ LOGIN; GRANT SELECT ON t TO r_$$"
	"$TRUEUP" track install "$url"
	pg "$url" "GRANT USAGE ON SCHEMA trueup_track TO r_$$;
		GRANT SELECT ON ALL TABLES IN SCHEMA trueup_track TO r_$$"
	reader=${url/trueup@/r_$$@}
	run -0 --separate-stderr "$TRUEUP" diff --incremental=s a.db "$reader" t
	is "$stderr" ""
	pg "$url" "UPDATE t SET x = 'y' WHERE id = 9"
	run -1 --separate-stderr "$TRUEUP" diff -v --incremental=s a.db "$reader" t
	[[ $stderr == *"table 't': 1 rows may have changed"* ]]
	rm s
	run -1 --separate-stderr "$TRUEUP" diff -v --incremental=s a.db "$reader" t
	pg "$url" "DROP OWNED BY r_$$; DROP ROLE r_$$"
	[[ $stderr == *"'trueup track clean' will not know how far was read"* ]]
}

@test "PostgreSQL to MariaDB, with writers at work" {
	fresh_pg_db pg
	fresh_my_db my
	for db in pg my; do
		$db "${!db}" "CREATE TABLE t(id int PRIMARY KEY, v int)"
		$db "${!db}" "$(printf 'INSERT INTO t VALUES (0, 0)'; printf ',(%d,0)' {1..500})"
		"$TRUEUP" track install "${!db}"
	done
	run -0 "$TRUEUP" diff --incremental=s "$pg" "$my"
	{ for i in {1..40}; do
		echo "BEGIN; UPDATE t SET v = v + 1 WHERE id % 50 = $i; DELETE FROM t WHERE id = $((i * 3)); COMMIT;"
	    done | "$TRUEUP_PG_BIN/psql" -Xq "$pg" >/dev/null; } 3>&- &
	writer=$!
	for _ in 1 2 3 4; do
		run "$TRUEUP" sync -q --incremental=s "$pg" "$my"
		[ "$status" -eq 0 ]
	done
	wait $writer
	run -0 --separate-stderr "$TRUEUP" sync -v --incremental=s "$pg" "$my"
	[[ $stderr != *"compared in full"* ]]
	run -0 "$TRUEUP" diff "$pg" "$my"
}

@test "an audit with mode = incremental" {
	cat >conf <<-END
	[defaults]
	state-dir = .
	mode = incremental
	[pair one]
	source = a.db
	target = b.db
	verbose = 1
	[pair two]
	source = a.db
	target = b.db
	mode = full
	END
	run -0 "$TRUEUP" audit --check conf
	run -0 "$TRUEUP" audit conf
	lite b.db "UPDATE u SET c = 0 WHERE b = 8"
	run -1 --separate-stderr "$TRUEUP" audit conf
	[[ $stderr == *"table 'u': 1 rows may have changed"* ]]
	run -0 --separate-stderr "$TRUEUP" sync -v --incremental=one.state a.db b.db
	[[ $stderr == *"table 'u': 1 rows may have changed"* ]]
	is "$(sqlite3 one.state 'SELECT mode FROM run')" $'full\nincremental\nincremental'
	is "$(sqlite3 two.state 'SELECT mode FROM run')" $'full\nfull'
	printf '[pair x]\nsource=a.db\ntarget=b.db\nmode=incremental\n' >bad
	printf 'incremental = y\n[pair y]\nsource=a.db\ntarget=b.db\nmode=ful\n' >>bad
	run -2 "$TRUEUP" audit --check bad
	[[ $output == *"bad:4: 'mode = incremental' needs 'state-dir'"* ]]
	[[ $output == *"bad:5: no key 'incremental'"* ]]
	[[ $output == *"bad:9: no mode 'ful'; is 'full' meant?"* ]]
}

@test "a state file of a format before this one goes on" {
	"${first[@]}" 2>/dev/null
	sqlite3 s 'DROP TABLE tracked; DROP TABLE open; DROP TABLE cycle;
		PRAGMA user_version = 1'
	run -0 "$TRUEUP" status s
	run -0 --separate-stderr "${first[@]}"
	[[ $stderr == *"compared in full: it was not compared before"* ]]
	sqlite3 s 'DROP TABLE cycle; PRAGMA user_version = 2'
	by_changes
	[ "$status" -eq 0 ]
	is "$(sqlite3 s 'PRAGMA user_version')" 3
}

# as_in_full [ARG]... - the same by its changes and in full.
as_in_full() {
	run "$TRUEUP" diff -f rows "$@"
	whole=$status$output
	run --separate-stderr "$TRUEUP" diff -v -f rows --incremental=s "$@"
	is "$status$output" "$whole"
	[ "$status" -eq "${want:-1}" ]
}

@test "SQLite: values that change without a trigger" {
	"${first[@]}" 2>/dev/null
	lite b.db "ALTER TABLE u DROP COLUMN c; ALTER TABLE u ADD COLUMN c INT DEFAULT 0"
	as_in_full a.db b.db
	[[ $stderr == *"compared in full: target: some table of its file was created,"* ]]
	cp a.db b.db
	rm s
	"${first[@]}" 2>/dev/null
	# The table is made anew under its name, and so are its triggers.
	lite b.db "CREATE TABLE n(id INTEGER PRIMARY KEY, x TEXT);" \
	    "$(lite b.db "SELECT 'INSERT INTO n SELECT id, upper(x) FROM t; DROP TABLE t;
		ALTER TABLE n RENAME TO t;' UNION ALL SELECT sql || ';' FROM sqlite_schema
		WHERE type = 'trigger' AND tbl_name = 't'")"
	as_in_full a.db b.db
	# Numbers that are given again.
	cp a.db b.db
	rm s
	"${first[@]}" 2>/dev/null
	"$TRUEUP" track clean b.db
	table=$(lite b.db "SELECT 'trueup_change_' || tab FROM trueup_captured WHERE tname = 'u'")
	lite b.db "UPDATE u SET c = c + 1 WHERE b < 20"
	"$TRUEUP" diff -q --incremental=s a.db b.db || true
	lite b.db "UPDATE trueup_captured SET cleaned = 1000; DELETE FROM $table;
		DELETE FROM sqlite_sequence; UPDATE u SET c = 7 WHERE b = 30"
	as_in_full a.db b.db
}

@test "PostgreSQL: values that change without a trigger" {
	fresh_pg_db one
	fresh_pg_db two
	for db in "$one" "$two"; do
		pg "$db" "CREATE TYPE mood AS ENUM ('sad', 'glad');
			CREATE TABLE t(id int PRIMARY KEY, p int, q int, m mood, y int DEFAULT 0);
			INSERT INTO t SELECT g, g, -g, 'sad', g FROM generate_series(1, 500) g"
		"$TRUEUP" track install "$db"
	done
	changes=("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"
		'ALTER TABLE t RENAME p TO r; ALTER TABLE t RENAME q TO p; ALTER TABLE t RENAME r TO q'
		'ALTER TABLE t DROP y; ALTER TABLE t ADD y int DEFAULT 0'
		"DO \$\$BEGIN EXECUTE (SELECT string_agg('ALTER TABLE t DISABLE TRIGGER ' || tgname, ';')
		    FROM pg_trigger WHERE tgname LIKE 'trueup%'); UPDATE t SET y = 9 WHERE id = 3;
		    EXECUTE (SELECT string_agg('ALTER TABLE t ENABLE ALWAYS TRIGGER ' || tgname, ';')
		    FROM pg_trigger WHERE tgname LIKE 'trueup%'); END\$\$")
	for sql in "${changes[@]}"; do
		want=0 as_in_full "$one" "$two"
		pg "$one" "$sql"
		as_in_full "$one" "$two"
		pg "$two" "$sql"
		"$TRUEUP" track install "$two" >/dev/null
	done
}

@test "conditions, other databases, and rights that are missing" {
	"${first[@]}" 2>/dev/null
	for _ in 1 2; do
		run -0 --separate-stderr "$TRUEUP" diff -v --incremental=s --where='rowid > 5' \
		    a.db b.db t
	done
	[[ $stderr == *"compared in full: which rows a condition takes in can change"* ]]
	cp b.db c.db
	lite c.db 'UPDATE t SET x = 9 WHERE id = 9'
	printf '[changes t]\nside = target\ntable = t\nreader = none\n' >changes
	run -0 "$TRUEUP" diff --incremental=n --changes=changes a.db b.db t
	run -1 "$TRUEUP" diff --incremental=n --changes=changes a.db c.db t
	fresh_pg_db url
	pg "$url" "CREATE TABLE t(id int PRIMARY KEY, x text);
		INSERT INTO t SELECT g, 'x' || g FROM generate_series(1, 2000) g;
		CREATE ROLE r_$$ LOGIN; GRANT SELECT ON t TO r_$$"
	"$TRUEUP" track install "$url"
	reader=${url/trueup@/r_$$@}
	run --separate-stderr "$TRUEUP" diff --incremental=p a.db "$reader" t
	pg "$url" "DROP OWNED BY r_$$; DROP ROLE r_$$"
	echo "$status $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"table 't' is compared in full: target: permission denied for schema trueup_track"* ]]
}
