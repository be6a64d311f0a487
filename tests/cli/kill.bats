bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

# What is left when a sync is killed, at any moment, while others write: the
# same command again ends equal, what others wrote is still there, and the undo
# takes back what was done.

setup() {
	cd "$BATS_TEST_TMPDIR"
	RANDOM=${SEED:=$((SRANDOM % 32768))}
	echo "# seed $SEED"
	lite a.db 'CREATE TABLE p (id INTEGER PRIMARY KEY, v INT);
		CREATE TABLE t (id INTEGER PRIMARY KEY, p INT, u INT, v TEXT);' \
	    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i
		WHERE n < 3000) INSERT INTO t SELECT n, n % 50 + 1, n,
		'v' || n FROM i;
		INSERT INTO p SELECT id, id FROM t WHERE id <= 50;"
}

teardown() {
	[ -z "$writer" ] || kill "$writer" 2>/dev/null || true
	drop_my_dbs
	drop_pg_dbs
}
writer=

# sql SQL... - in the target.
sql() {
	case $target in
	postgresql://*) pg "$target" "$@" ;;
	mariadb://*) my "$target" "$@" ;;
	*) sqlite3 -bail -cmd '.timeout 20000' "$target" "$*" ;;
	esac
}

# The target as it is before a run: other values, pairs that changed hands,
# rows that are gone and rows too many, and a column of the writer's own.
create_target() {
	sql 'CREATE TABLE p (id int PRIMARY KEY, v int);' \
	    'CREATE TABLE t (id int PRIMARY KEY, p int REFERENCES p (id),
		u int UNIQUE, v varchar(20), own int);'
}
damage() {
	echo 'BEGIN; DELETE FROM t WHERE id > 0; DELETE FROM p;' >damage
	sqlite3 a.db "SELECT 'INSERT INTO p VALUES (' || id || ',' ||
		(v % 7) || ');' FROM p" >>damage
	sqlite3 a.db "SELECT 'INSERT INTO t VALUES (' || n || ',' || p || ',' ||
		u || ',''' || v || ''',0);' FROM (SELECT
		CASE WHEN id % 10 = 3 THEN id + 10000 ELSE id END AS n, p,
		CASE WHEN (id + 1) / 2 % 3 = 0
		THEN id + 1 - 2 * (id % 2 = 0) ELSE id END AS u,
		CASE id % 5 WHEN 0 THEN 'old' ELSE v END AS v FROM t)" >>damage
	echo 'COMMIT;' >>damage
	run_sql "$target" <damage
}

# Rows as the patch knows them; the writer's own column.
compared() {
	sql 'SELECT id, p, u, v FROM t ORDER BY id;' 'SELECT id, v FROM p ORDER BY id;'
}
own() {
	sql 'SELECT sum(own) FROM t;'
}

# write_along - until it is killed; each change is noted when it is committed.
write_along() {
	while :; do
		sql "UPDATE t SET own = own + 1 WHERE id = $((RANDOM % 50 * 10 + 1))" \
		    >/dev/null 2>&1 && echo >>written
		sleep 0.01
	done
}

# killed_runs N [OPTION]... - each at a moment of the time that one takes
# undisturbed.
killed_runs() {
	local runs=$1 run status killed=0 taken_up=0 pid span moment
	shift
	create_target
	damage
	span=${EPOCHREALTIME/./}
	"$TRUEUP" sync -q --common --undo=undo "$@" a.db "$target"
	span=$((${EPOCHREALTIME/./} - span))
	for ((run = 0; run < runs; run++)); do
		damage
		compared >before
		: >written
		rm -f undo
		write_along 3>&- &
		writer=$!
		"$TRUEUP" sync -q --common --undo=undo "$@" a.db "$target" 3>&- 2>said &
		pid=$!
		moment=$((span * RANDOM / 32768))
		sleep "$(printf '%d.%06d' $((moment / 1000000)) \
		    $((moment % 1000000)))"
		kill -KILL $pid 2>/dev/null || true
		status=0
		wait $pid 2>/dev/null || status=$?
		[ $status -ne 137 ] || killed=$((killed + 1))
		status=0
		"$TRUEUP" sync -q --common --undo=undo "$@" a.db "$target" 2>said ||
		    status=$?
		! grep -q 'taking up a push' said || taken_up=$((taken_up + 1))
		kill -TERM $writer
		wait $writer 2>/dev/null || true
		writer=
		[ $status -eq 0 ] || { echo "run $run: exit $status"; cat said; return 1; }
		run -0 "$TRUEUP" diff -q --common a.db "$target"
		[ "$(own)" -ge "$(wc -l <written)" ]
		apply_sql "$target" undo
		compared >now
		same before now
	done
	echo "# killed $killed of $runs, taken up $taken_up" >&3
	[ "$killed" -gt 0 ]
	[ ! -e state ]
	run ! sql 'SELECT * FROM trueup_applied;'
}

@test "killed while it writes to PostgreSQL" {
	fresh_pg_db target
	killed_runs 34
}

@test "killed while it writes to MariaDB" {
	fresh_my_db target
	killed_runs 33
}

@test "killed while it writes to SQLite" {
	target=target.db
	killed_runs 33
}

batches=(--transaction=batch --state=state)

@test "killed while it writes to PostgreSQL in batches" {
	fresh_pg_db target
	killed_runs 20 "${batches[@]}"
}

@test "killed while it writes to MariaDB in batches" {
	fresh_my_db target
	killed_runs 20 "${batches[@]}"
}

@test "killed while it writes to SQLite in batches" {
	target=target.db
	killed_runs 20 "${batches[@]}"
}

@test "a journal that a killed writer left is played back" {
	sqlite3 a.db 'PRAGMA journal_mode = DELETE' >mode
	cp a.db b.db
	mkfifo go
	printf '%s\n' 'PRAGMA cache_size = 5;' 'BEGIN;' \
	    "UPDATE t SET v = v || 'a longer text than before';" \
	    '.shell echo > go' '.shell sleep 60' >script
	sqlite3 b.db <script 3>&- &
	writer=$!
	read -r <go
	kill -KILL $writer
	wait $writer || true
	writer=
	[ -s b.db-journal ]
	run -0 "$TRUEUP" diff a.db b.db
	[ ! -e b.db-journal ]
}
