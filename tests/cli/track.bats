# trueup track: what it says, what it makes and takes away, and what it leaves
# alone. What statements leave in change tables is for tests/db/track-capture.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/cluster

setup() {
	cd "$BATS_TEST_TMPDIR"
	lite a.db "create table t(id integer primary key, x);" \
	    'create table "A b""c"("k ""1" text not null primary key);' \
	    "insert into t values(1,'a'),(2,'b');"
}

teardown() {
	stop_cluster
	drop_pg_dbs
}

@test "install, status, clean, remove" {
	lite a.db .schema >before
	run -0 "$TRUEUP" track status a.db
	[ "$output" = "no table is tracked" ]
	run -0 "$TRUEUP" track install a.db
	is "$output" $'A b"c: tracked\nt: tracked'
	run -0 "$TRUEUP" track install a.db
	is "$output" $'A b"c: tracked already\nt: tracked already'
	lite a.db "insert into t values(3,'c'); update t set x='z' where id=1"
	run -0 "$TRUEUP" track status a.db T
	[[ $output == $'t (id): healthy\n  2 changes, the oldest '* ]]
	run -0 "$TRUEUP" track clean --keep=1 a.db
	is "$output" $'A b"c: 0 changes deleted\nt: 0 changes deleted'
	lite a.db "update trueup_change_2 set at = '2000-01-01'" \
	    "where seq = 1"
	run -0 "$TRUEUP" track clean --keep=1 a.db t
	[ "$output" = "t: 1 change deleted" ]
	run -0 "$TRUEUP" track remove a.db t
	[ "$output" = "t: not tracked any more" ]
	run -0 "$TRUEUP" track status a.db
	[[ $output == $'A b"c (k "1): healthy\n'* ]]
	run -0 "$TRUEUP" track remove a.db
	lite a.db .schema | grep -v sqlite_sequence >after
	cmp before after
}

@test "status as JSON lines" {
	"$TRUEUP" track install a.db t
	lite a.db "insert into t values(3,'c');" \
	    "insert into trueup_consumer(name, tab, low) values('east', 1, 0);"
	run -0 "$TRUEUP" track status -f json a.db
	[[ ${lines[0]} == '{"type": "tracked", "schema": null, "table": "t", "key": ["id"], "healthy": true, "why": null, "changes": 1, "oldest_seconds": '*', "installed_seconds": '*', "consumers": [{"name": "east", "silent_seconds": '*'}]}' ]]
	[[ ${lines[1]} == '{"type": "summary", "database": "a.db", "install_id": "'*'", "tables": 1, "exit": 0}' ]]
	lite a.db "drop trigger trueup_k_1"
	run -7 "$TRUEUP" track status -f json a.db
	[[ ${lines[0]} == *'"healthy": false, "why": "trigger trueup_k_1 is gone"'* ]]
	[[ ${lines[1]} == *'"exit": 7}' ]]
	run -7 "$TRUEUP" track status a.db
	[[ $output == $'t (id): cannot be believed\n  trigger trueup_k_1 is gone\n'* ]]
	run -0 "$TRUEUP" track install a.db t
	[ "$output" = "t: tracked again (trigger trueup_k_1 is gone)" ]
	run -0 "$TRUEUP" track status a.db
}

@test "another key is another change table" {
	lite a.db "create table u(a not null unique, b not null, c);"
	"$TRUEUP" track install a.db u
	run -0 --separate-stderr "$TRUEUP" track install --key=u:a,b a.db u
	[ "$output" = "u: tracked again (the key is another)" ]
	run -0 "$TRUEUP" track status a.db
	[[ $output == "u (a, b): healthy"* ]]
	run -2 "$TRUEUP" track install --key=nothing a.db u
	[[ $output == *"--key: table 'u' has no column 'nothing'"* ]]
}

@test "what cannot be captured is said, and the rest is done" {
	lite a.db "create table nokey(a); create table nul(a text primary key);" \
	    "insert into nul values(null); create view v as select * from t;" \
	    "create table r(a integer primary key, b unique);"
	run -5 --separate-stderr "$TRUEUP" track install a.db
	is "$output" $'A b"c: tracked\nr: tracked\nt: tracked'
	[[ $stderr == *"table 'nokey': it has no key"* ]]
	[[ $stderr == *"table 'nul': its key column 'a' is NULL in some row"* ]]
	[[ $stderr == *"table 'r': a row that INSERT OR REPLACE "* ]]
	[[ $stderr != *"'v'"* ]]
	run -5 "$TRUEUP" track install a.db v
	[[ $output == *"table 'v': it is a view"* ]]
}

@test "usage" {
	run -2 "$TRUEUP" track
	run -2 "$TRUEUP" track install
	run -2 "$TRUEUP" track frobnicate a.db
	[[ $output == *"install, remove, status or clean, not 'frobnicate'"* ]]
	run -2 "$TRUEUP" track install a.db nothing
	[[ $output == *"no table matches 'nothing'"* ]]
	run -2 "$TRUEUP" track remove a.db t
	run -2 "$TRUEUP" track clean -n a.db
	run -3 "$TRUEUP" track status nowhere.db
	lite a.db "create table trueup_captured(x);" \
	    "create table trueup_meta(k, v);" \
	    "insert into trueup_meta values('install_id','x'),('format','9');"
	run -5 "$TRUEUP" track status a.db
	[[ $output == *"of another version of trueup"* ]]
}

@test "--dry-run prints what the stock client runs" {
	cp a.db b.db
	run -0 "$TRUEUP" track install -n a.db
	cmp a.db b.db
	printf '%s\n' "$output" | lite b.db
	lite b.db "insert into t values(3,'c')"
	[ "$(lite b.db 'select op, k1 from trueup_change_2')" = 'I|3' ]
	# Nobody knows how it came out.
	run -7 "$TRUEUP" track status b.db
	run -0 "$TRUEUP" track install b.db
	[[ $output == *"t: tracked again ("*" is new)" ]]
	[ -z "$(lite b.db .schema | grep -e _change_2 -e _2)" ]
	run -0 "$TRUEUP" track status b.db
	"$TRUEUP" track install a.db
	run -0 "$TRUEUP" track remove -n a.db
	printf '%s\n' "$output" | lite a.db
	[ -z "$(lite a.db .schema | grep trueup)" ]
}

@test "change tables are no side of a comparison" {
	cp a.db b.db
	"$TRUEUP" track install a.db
	lite a.db "update t set x = x"
	run -0 "$TRUEUP" diff a.db b.db
	run -0 "$TRUEUP" diff b.db a.db
	lite b.db "update t set x='q' where id=2"
	run -0 "$TRUEUP" sync b.db a.db
	[ "$(lite a.db 'select count(*) from trueup_change_2')" = 3 ]
}

@test "PostgreSQL: all of it or nothing, and only what it made goes" {
	fresh_pg_db db
	pg "$db" 'create table "T x"(a int, "B" text, primary key(a, "B"));' \
	    "create table u(id int primary key);"
	(pg "$db" <<-'END'
	begin; insert into u values(1); \! touch open
	\! while [ ! -e done ]; do sleep 0.1; done
	END
	) 3>&- &
	running=$!
	while [ ! -e open ]; do sleep 0.1; done
	run -4 --separate-stderr "$TRUEUP" track install --lock-timeout=1 "$db"
	touch done
	wait $running
	[ "$output" = "public.T x: tracked" ]
	[[ $stderr == *"table 'public.u': "*"lock timeout"* ]]
	[[ $stderr == *"hint: a transaction is using the table"* ]]
	[ "$(pg "$db" "select count(*) from pg_trigger where tgname ~ 'trueup'")" = 5 ]
	pg "$db" "create table trueup_track.mine(a int)"
	run -0 --separate-stderr "$TRUEUP" track remove "$db"
	[[ $stderr == *"cannot drop schema trueup_track"* ]]
	[ "$(pg "$db" "select count(*) from pg_trigger where tgname ~ 'trueup'")" = 0 ]
	[ "$(pg "$db" "select string_agg(relname, ',') from pg_class c
	    where relnamespace = 'trueup_track'::regnamespace")" = mine ]
	"$TRUEUP" track install -n "$db" | pg "$db"
	pg "$db" "insert into \"T x\" values(1, 'b')"
	[ "$(pg "$db" "select op, k1, k2 from trueup_track.change_1")" = 'I|1|b' ]
}

# subscribed SQL WANT - wait until the subscriber says so.
subscribed() {
	local deadline=$((SECONDS + 60))
	until [ "$(pg "$sub" "$1")" = "$2" ]; do
		[ $SECONDS -lt $deadline ] || {
			tail -n 5 "$cluster/log"
			return 1
		}
		sleep 0.1
	done
}

@test "a logical subscriber goes on, and what it applies is captured" {
	local pub sub
	start_cluster
	pub=$(in_cluster pub) sub=$(in_cluster sub)
	pg "$(in_cluster postgres)" "create database pub;" "create database sub;"
	for url in "$pub" "$sub"; do
		pg "$url" 'create table "T t"(id int primary key, v int)'
	done
	pg "$pub" 'create publication p for table "T t";' \
	    "select pg_create_logical_replication_slot('s', 'pgoutput')" >slot
	pg "$sub" "create subscription s connection 'host=$cluster port=1" \
	    "user=trueup dbname=pub' publication p" \
	    "with (create_slot = false, slot_name = s, copy_data = false)"
	"$TRUEUP" track install "$sub"
	pg "$pub" 'insert into "T t" values(1,1),(2,2);' \
	    'update "T t" set id = 3 where id = 1;' \
	    'update "T t" set v = 0 where id = 2; delete from "T t";' \
	    'insert into "T t" values(9,9); truncate "T t";' \
	    'insert into "T t" values(7,7);'
	subscribed 'select id from "T t"' 7
	run pg "$sub" "select string_agg(op::text || coalesce(k1::text, '')," \
	    "' ' order by ctid) from trueup_track.change_1"
	is "$output" "I1 I2 U1 U3 U2 D3 D2 I9 T I7"
	run ! grep ERROR "$cluster/log"
	# A subscriber to all tables would stop at the first change.
	pg "$pub" "create publication everything for all tables"
	run -5 "$TRUEUP" track install "$pub"
	[[ $output == *'the publication "everything" is FOR ALL TABLES'* ]]
	[ -z "$(pg "$pub" "select 1 from pg_namespace where nspname ~ 'trueup'")" ]
}
