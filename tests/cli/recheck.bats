# --recheck: only what lasts is a difference. Writers change rows between the
# looks, when -v says that one is over; snapshots are closed by then.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	lite a.db "create table t(id integer primary key, x text);" \
	    "insert into t values(1,'a'),(2,'b'),(3,'c'),(5,'e'),(6,'f');"
	cp a.db b.db
	lite b.db "update t set x='z' where id=2; delete from t where id=3;" \
	    "insert into t values(4,'new');"
	true >said
}

teardown() {
	[ -z "${running:-}" ] || kill "$running" 2>/dev/null || true
	stop_pair
	drop_pg_dbs
}

# start COMMAND [ARG]... - in the background, its results in out and said.
start() {
	"$TRUEUP" "$@" -v --recheck-wait=2 >out 2>said 3>&- &
	running=$!
}

# is_over LOOK - wait until it is.
is_over() {
	local deadline=$((SECONDS + 60))
	until grep -q "^trueup: look $1: " said; do
		[ $SECONDS -lt $deadline ]
		sleep 0.05
	done
}

# after LOOK SQLITE-ARG... - run SQL as soon as that look is over.
after() {
	is_over "$1"
	shift
	sqlite3 -cmd ".timeout 20000" "$@" >/dev/null
}

# ends STATUS - the command that was started ended with it.
ends() {
	local status=0
	wait "$running" || status=$?
	running=
	[ "$status" -eq "$1" ]
}

# field TYPE NAME - the last member of that name of each such JSON line in out.
field() {
	sed -n "s/^{\"type\": \"$1\".*\"$2\": \"\{0,1\}\([^\",}]*\).*/\1/p" out
}

@test "what lasts is reported exactly as without --recheck" {
	# No patch can carry some of it.
	lite a.db "create table g(id integer primary key, x, y);" \
	    "insert into g values(1,1,1),(2,2,6);" \
	    "create table v(id integer primary key, x); insert into v values(1,1);"
	lite b.db "create table g(id integer primary key, x, y as (x * 3));" \
	    "insert into g values(1,1),(2,2);" \
	    "create table u(id integer primary key, x); insert into u values(1,2);" \
	    "create view v as select * from u;"
	for format in text stat rows csv sql; do
		run -1 --separate-stderr "$TRUEUP" diff -f $format --key=v:id -T u \
		    a.db b.db
		once=$output said=$stderr
		run -1 --separate-stderr "$TRUEUP" diff -f $format --key=v:id -T u \
		    --recheck=4 --recheck-wait=1 a.db b.db
		[ "$output" = "$once" ]
		[ "$stderr" = "$said" ]
	done
}

@test "equal tables take one look" {
	run -0 "$TRUEUP" diff -f json -v --recheck=4 --recheck-wait=3600 a.db a.db
	[[ $output != *": look "* && $output != *'"barrier"'* ]]
	[[ $output == *'"unsettled": 0, '* ]]
}

@test "a row that becomes equal between the looks is not reported" {
	start diff -f json --recheck=2 a.db b.db
	after 1 b.db "update t set x='b' where id=2"
	after 1 a.db "delete from t where id=1"
	ends 1
	[ "$(field change id)" = $'3\n4' ]
	[ "$(field summary update)" = 0 ]
	[ "$(field summary unsettled)" = 0 ]
	[ "$(field summary barrier)" = time ]
	grep -q '^trueup: look 2: 3 rows read again: 2 persist, 0 remain$' said
}

@test "a row that was the only difference and becomes equal: exit 0" {
	cp a.db b.db
	lite b.db "delete from t where id = 5"
	start diff --recheck=2 a.db b.db
	after 1 b.db "insert into t values(5,'e')"
	ends 0
	[ "$(cat out)" = "1 table, 4 rows: equal" ]
}

@test "a row that changes at every look is unsettled" {
	cp a.db b.db
	lite b.db "update t set x='z' where id=2"
	start diff -f json --recheck=2 a.db b.db
	after 1 a.db "update t set x='hot 1' where id=2"
	after 2 b.db "update t set x='hot 2' where id=2"
	ends 7
	[ -z "$(field change table)" ]
	[ "$(field table verdict)" = unsettled ]
	[ "$(field table unsettled)" = 1 ]
	[ "$(field table update)" = 0 ]
	[ "$(field summary unsettled)" = 1 ]
	[ "$(field summary exit)" = 7 ]
	grep -q '^trueup: 1 row is unsettled: ' said
}

@test "a row that comes to rest after a look is settled by the next" {
	cp a.db b.db
	lite b.db "update t set x='z' where id=2; delete from t where id=6"
	start diff -f json --recheck=3 a.db b.db
	after 1 b.db "delete from t where id=2"
	ends 1
	[ "$(field change op)" = $'insert\ninsert' ]
	[ "$(field change id)" = $'2\n6' ]
	[ "$(field table insert)" = 2 ]
	[ "$(field table update)" = 0 ]
}

@test "sync writes what lasts, and no row that is hot" {
	start sync --recheck=2 --undo=undo a.db b.db
	after 1 b.db "update t set x='hot 1' where id=2"
	after 2 b.db "update t set x='hot 2' where id=2"
	ends 7
	grep -qx 't: 1 row unsettled' out
	grep -qx 'written: 1 inserted, 0 updated, 1 deleted' out
	[ "$(lite b.db "select id || x from t order by id" | tr '\n' ' ')" = \
	    "1a 2hot 2 3c 5e 6f " ]
	run ! grep hot undo
	lite b.db <undo
	[ "$(lite b.db "select id || x from t order by id" | tr '\n' ' ')" = \
	    "1a 2hot 2 4new 5e 6f " ]
}

@test "a dry run and a patch know the hot row as little" {
	start sync -n -f sql --recheck=2 a.db b.db
	after 1 a.db "update t set x='hot 1' where id=2"
	after 2 a.db "update t set x='hot 2' where id=2"
	ends 1
	run ! grep hot out
	cp b.db patched.db
	lite patched.db <out
	run -1 "$TRUEUP" diff -f rows a.db patched.db
	[ "$output" = "~ t id=2, x='z'->'hot 2'" ]
}

@test "rows that cannot be looked up are unsettled, and said to be" {
	for db in a.db b.db; do
		lite $db "create table m(x); insert into m values(1),(1);"
	done
	lite b.db "insert into m values(1),(7);"
	run -7 --separate-stderr "$TRUEUP" diff -f stat --recheck=1 a.db b.db m
	[[ ${lines[-1]} == *" 2 rows unsettled" ]]
	[[ $stderr == *"table 'm' has no key by which rows could be looked up"* ]]
	run -1 --separate-stderr "$TRUEUP" diff -q --recheck=1 \
	    --recheck-wait=1 a.db b.db
	[[ $stderr == *"2 rows are unsettled"* ]]
	run -7 "$TRUEUP" diff -q --recheck=1 --fold=t.x=case --key=t:x a.db b.db t
}

@test "a failed table does not keep the others from being settled" {
	for db in a.db b.db; do
		lite $db "create table k(x, y); insert into k values(1,1);"
	done
	lite b.db "insert into k values(1,2);"
	run -5 --separate-stderr "$TRUEUP" diff -f json --key=k:x --recheck=1 \
	    --recheck-wait=1 a.db b.db
	[[ $stderr == *"the key is not unique"* ]]
	printf '%s\n' "$output" >out
	[ "$(field table verdict)" = $'failed\ndifferent' ]
	[ "$(field change id)" = $'2\n3\n4' ]
}

@test "a table altered between the looks ends the run" {
	start diff --recheck=2 a.db b.db
	after 1 b.db "alter table t add column n"
	ends 4
	grep -q "target: the table was altered" said
}

@test "--recheck and --recheck-wait want numbers, plan and explain neither" {
	run -2 "$TRUEUP" diff --recheck=0 a.db b.db
	run -2 "$TRUEUP" diff --recheck a.db b.db
	run -2 "$TRUEUP" diff --recheck=1 --recheck-wait=0 a.db b.db
	run -2 "$TRUEUP" diff --recheck-wait=1 a.db b.db
	[[ $output == *"--recheck-wait needs --recheck"* ]]
	run -2 "$TRUEUP" plan --recheck=1 a.db b.db
	run -2 "$TRUEUP" explain --recheck=1 a.db b.db t 1
}

# --- PostgreSQL ---------------------------------------------------------------

# Servers refuse to run as root; a root caller lends them a system user.
as_server() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		runuser -u "$server_user" -- "$@"
	fi
}

stop_pair() {
	local data
	[ -n "${pair_dir:-}" ] || return 0
	for data in standby primary; do
		as_server "$TRUEUP_PG_BIN/pg_ctl" -D "$pair_dir/$data" \
		    -m immediate -s -w stop || true
	done
	rm -rf "$pair_dir"
}

# start_pair - a primary and its standby; their URLs in primary and standby.
# They have no TCP port, so any number of them can run at once.
start_pair() {
	: "${TRUEUP_PG_BIN:?no programs, see tests/lib/with-servers}"
	pair_dir=$(mktemp -d "${TMPDIR:-/tmp}/rc.XXXXXX")
	if [ "$(id -u)" -eq 0 ]; then
		server_user=nobody
		id postgres >/dev/null 2>&1 && server_user=postgres
		chown "$server_user" "$pair_dir"
	fi
	(
		cd /
		as_server "$TRUEUP_PG_BIN/initdb" -D "$pair_dir/primary" \
		    -U trueup -A trust -E UTF8 --no-sync
		as_server tee -a "$pair_dir/primary/postgresql.conf" <<-END
		listen_addresses = ''
		unix_socket_directories = '$pair_dir'
		fsync = off
		max_wal_senders = 4
		END
		as_server "$TRUEUP_PG_BIN/pg_ctl" -D "$pair_dir/primary" -s -w \
		    -l "$pair_dir/log1" -o "-p 1" start
		as_server "$TRUEUP_PG_BIN/pg_basebackup" -h "$pair_dir" -p 1 \
		    -U trueup -D "$pair_dir/standby" -R -X stream -c fast -N
		as_server "$TRUEUP_PG_BIN/pg_ctl" -D "$pair_dir/standby" -s -w \
		    -l "$pair_dir/log2" -o "-p 2" start
	) >start.log 2>&1 3>&- || {
		cat start.log
		return 1
	}
	primary="postgresql:///postgres?host=$pair_dir&port=1&user=trueup"
	standby="postgresql:///postgres?host=$pair_dir&port=2&user=trueup"
}

# catch_up - wait until the standby has all that was committed so far.
catch_up() {
	local lsn deadline=$((SECONDS + 60))
	lsn=$(pg "$primary" "select pg_current_wal_flush_lsn()")
	until [ "$(pg "$standby" "select pg_last_wal_replay_lsn() >= '$lsn'")" = t ]; do
		[ $SECONDS -lt $deadline ]
		sleep 0.1
	done
}

@test "two databases of a server are settled by time" {
	fresh_pg_db source
	fresh_pg_db target
	for db in source target; do
		pg "${!db}" "create table t(id int, k text, x text," \
		    " primary key(k, id));" \
		    "insert into t select i, 'k' || i, 'x'" \
		    " from generate_series(1, 2000) i;"
	done
	pg "$target" "update t set x = 'y' where id % 2 = 0;" \
	    "delete from t where id = 7; insert into t values(0, 'k', 'n');"
	run -1 "$TRUEUP" diff -f csv "$source" "$target"
	once=$output
	run -1 "$TRUEUP" diff -f csv --recheck=1 --recheck-wait=1 \
	    "$source" "$target"
	[ "$output" = "$once" ]
	start sync -f json --recheck=1 "$source" "$target"
	is_over 1
	pg "$source" "update t set x = 'hot' where id = 8"
	ends 7
	[ "$(field summary barrier)" = time ]
	[ "$(field summary unsettled)" = 1 ]
	[ "$(field summary update)" = 999 ]
	run -1 "$TRUEUP" diff -f rows "$source" "$target"
	[ "$output" = "~ t k='k8', id=8, x='y'->'hot'" ]
}

@test "a standby that stands still gives no false difference" {
	start_pair
	pg "$primary" "create table t(id int primary key, x text);" \
	    "insert into t select i, 'x' from generate_series(1, 1000) i;"
	catch_up
	run -0 "$TRUEUP" diff --recheck=1 "$primary" "$standby"
	pg "$standby" "select pg_wal_replay_pause()"
	pg "$primary" "update t set x = 'y' where id <= 300"
	run -1 "$TRUEUP" diff -q "$primary" "$standby"
	run -7 --separate-stderr "$TRUEUP" diff -v -f json --recheck=2 \
	    --recheck-wait=1 "$primary" "$standby"
	[[ $stderr == *"the target is not past the source's position"* ]]
	[[ $stderr != *": look 2: "* ]]
	printf '%s\n' "$output" >out
	[ "$(field summary barrier)" = lsn ]
	[ "$(field summary unsettled)" = 300 ]
	[ "$(field summary update)" = 0 ]
	[ -z "$(field change op)" ]
	pg "$standby" "select pg_wal_replay_resume()"
	run -0 --separate-stderr "$TRUEUP" diff -v -f json --recheck=4 \
	    "$primary" "$standby"
	# The other way round the source replays the target's log.
	pg "$standby" "select pg_wal_replay_pause()"
	pg "$primary" "update t set x = 'z' where id <= 300"
	run -1 "$TRUEUP" diff -f json --recheck=1 --recheck-wait=1 \
	    "$standby" "$primary"
	[[ $output == *'"barrier": "time"'* ]]
}

@test "an idle primary's log comes to its standby" {
	start_pair
	pg "$primary" "create table t(id int primary key, x text);" \
	    "insert into t select i, 'x' from generate_series(1, 1000) i;"
	catch_up
	pg "$standby" "select pg_wal_replay_pause()"
	# The message is in the log, but nobody waits for it to get to the disk.
	pg "$primary" "update t set x = 'y' where id <= 300;" \
	    "select pg_logical_emit_message(false, 'a', 'b')" >/dev/null
	start diff -f json --recheck=3 "$primary" "$standby"
	is_over 1
	pg "$standby" "select pg_wal_replay_resume()"
	ends 0
	run ! grep "is not past" said
	grep -q '^trueup: look 2: 300 rows read again: 0 persist, 0 remain$' said
	[ "$(field summary barrier)" = lsn ]
}
