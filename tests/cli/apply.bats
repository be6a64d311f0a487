bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

# What a sync does when it is not alone.

setup() {
	cd "$BATS_TEST_TMPDIR"
	fresh_pg_db url
	pg "$url" "CREATE TABLE t(id int PRIMARY KEY, x int, note text);" \
	    "INSERT INTO t SELECT g, g, 'n' FROM generate_series(1, 20) g"
	lite a.db "CREATE TABLE t(id integer PRIMARY KEY, x int, note text);" \
	    "WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM g
		WHERE i < 20) INSERT INTO t SELECT i, i + 100, 'n' FROM g"
}

teardown() {
	wait_for_other
	drop_pg_dbs
}

@test "a lock that cannot be had is waited for, and the run begins again" {
	meanwhile "$url" "BEGIN; UPDATE t SET note = note WHERE id = 7" \
	    "$met" "SELECT pg_sleep(0.3)" COMMIT
	PGOPTIONS='-c lock_timeout=100ms' run -0 --separate-stderr \
	    "$TRUEUP" sync a.db "$url"
	[[ $stderr == *"lock timeout"*"trying again in "* ]]
	[ "$(pg "$url" "SELECT sum(x) FROM t")" = 2210 ]
}

# Who has waited for deadlock_timeout looks once whether there is one, and is the
# one to go; the other shall be waiting by then.
@test "a deadlock is tried again" {
	export PGOPTIONS="-c deadlock_timeout=4s"
	meanwhile "$url" "SET deadlock_timeout = '60s'; BEGIN;
		UPDATE t SET note = note WHERE id = 20" \
	    "$met" "UPDATE t SET note = note WHERE id = 1" \
	    COMMIT
	run -0 --separate-stderr "$TRUEUP" sync --undo=undo.sql a.db "$url"
	[[ $stderr == *"deadlock detected"*"trying again in "* ]]
	[ "$(pg "$url" "SELECT sum(x) FROM t")" = 2210 ]
	run -0 "$TRUEUP" diff a.db "$url"
	"$TRUEUP_PG_BIN/psql" -Xq "$url" -f undo.sql
	[ "$(pg "$url" "SELECT sum(x) FROM t")" = 210 ]
}

@test "a constraint is not tried again" {
	pg "$url" "ALTER TABLE t ADD CHECK (x < 110)"
	run -4 --separate-stderr "$TRUEUP" sync a.db "$url"
	[[ $stderr == *"check constraint"* && $stderr != *"trying again"* ]]
	[ "$(pg "$url" "SELECT sum(x) FROM t")" = 210 ]
}

@test "a second writer waits for the session of the first to be gone" {
	meanwhile "$url" "SELECT pg_advisory_lock(8390898134367084656)" \
	    "\! timeout 60 sh -c 'until grep -q waiting said; do sleep 0.05; done'"
	"$TRUEUP" sync a.db "$url" 2>said
	grep -q "another trueup writes to the target; waiting" said
	[ "$(pg "$url" "SELECT sum(x) FROM t")" = 2210 ]
}

@test "--max-changes stops before the first write, by rows and by percent" {
	run -6 "$TRUEUP" sync --max-changes=19 a.db "$url"
	[[ $output == *"20 rows would be changed, more than the limit of 19"* ]]
	[[ $output == *"hint: --max-changes=N"* ]]
	run -6 "$TRUEUP" sync --max-changes=99% a.db "$url"
	[[ $output == *"20 of 20 rows would be changed"* ]]
	[ "$(pg "$url" "SELECT sum(x) FROM t")" = 210 ]
	run -0 "$TRUEUP" sync --max-changes=20 a.db "$url"
	run -2 "$TRUEUP" sync --max-changes=many a.db "$url"
	[[ $output == *"--max-changes needs a number or a percentage"* ]]
}

# others_meddle - while a sync waits for them, somebody changes two rows,
# deletes one and inserts one that the source has, too.
others_meddle() {
	lite a.db "DELETE FROM t WHERE id = 5; INSERT INTO t VALUES (99, 1, 'ours')"
	meanwhile "$url" "BEGIN; UPDATE t SET note = 'theirs' WHERE id IN (5, 7);
		DELETE FROM t WHERE id = 8; INSERT INTO t VALUES (99, 2, 'theirs')" \
	    "$met" COMMIT
}
rows() {
	pg "$url" "SELECT id, x, note FROM t WHERE id IN ($1) ORDER BY id"
}

@test "--on-conflict=skip leaves others' rows alone, and says which" {
	others_meddle
	run -1 --separate-stderr "$TRUEUP" sync --on-conflict=skip \
	    --undo=undo --reject=rej a.db "$url"
	echo "$output$stderr"
	is "$(rows 5,7,8,99)" $'5|5|theirs\n7|7|theirs\n99|2|theirs'
	is "$(pg "$url" "SELECT sum(x) FROM t WHERE id NOT IN (5, 7, 99)")" 1890
	for id in 5 7 8 99; do
		[[ $stderr == *"conflict: table 't', id $id: "* ]]
	done
	[[ $stderr == *"4 conflicting rows were left alone"* ]]
	is "$(grep -cE '^(DELETE|UPDATE|INSERT) ' rej)" 4
	run ! grep -qE 'id" = (5|7|8|99)\b' undo
	"$TRUEUP_PG_BIN/psql" -Xq "$url" -f undo
	is "$(pg "$url" "SELECT sum(x) FROM t WHERE id NOT IN (5, 7, 99)")" 190
	is "$(rows 5,7,8,99)" $'5|5|theirs\n7|7|theirs\n99|2|theirs'
}

@test "--on-conflict=replace lets the source win, and can be undone" {
	others_meddle
	run -0 --separate-stderr "$TRUEUP" sync --on-conflict=replace \
	    --undo=undo a.db "$url"
	[[ $stderr == *"4 conflicting rows were replaced"* ]]
	is "$(rows 5,7,8,99)" $'7|107|n\n8|108|n\n99|1|ours'
	run -0 "$TRUEUP" diff a.db "$url"
	"$TRUEUP_PG_BIN/psql" -Xq "$url" -f undo
	is "$(pg "$url" "SELECT sum(x) FROM t WHERE id NOT IN (5, 7, 99)")" 190
	is "$(rows 5,7,8,99)" $'5|5|theirs\n7|7|theirs\n99|2|theirs'
}

@test "a conflict is the end unless it is answered" {
	others_meddle
	run -6 --separate-stderr "$TRUEUP" sync a.db "$url"
	[[ $stderr == *"conflict: table 't', id 5: "* ]]
	is "$(pg "$url" "SELECT sum(x) FROM t WHERE id NOT IN (5, 7, 99)")" 190
	run -2 --separate-stderr "$TRUEUP" sync --reject=rej a.db "$url"
	[[ $stderr == *"--reject needs --on-conflict=skip"* ]]
}

@test "a target that is for reading only" {
	pg "$url" "ALTER DATABASE ${url##*/} SET default_transaction_read_only = on"
	run -4 --separate-stderr "$TRUEUP" sync --undo=undo a.db "$url"
	[[ $stderr == *"table 't': target: "*"read-only transaction"* ]]
	[ ! -e undo ]
	is "$(pg "$url" "SELECT sum(x) FROM t")" 210
}
