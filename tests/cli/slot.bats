# reader = slot: what a replication slot says of a table. What becomes of single
# messages is for tests/unit/pgoutput.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/cluster

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	start_cluster
	export cluster server_user
}

teardown_file() {
	stop_cluster
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	db=so_$BATS_TEST_NUMBER
	url=$(in_cluster "$db")
	pg "$(in_cluster postgres)" "create database $db"
	pg "$url" 'create table t("a k" int, b text, v text,
		primary key("a k", b));' \
	    "insert into t select g, 'b' || g, 'v' from generate_series(1, 9) g;" \
	    "create publication p_$db for table t;" \
	    "select pg_create_logical_replication_slot('s_$db', 'pgoutput')" \
	    >/dev/null
	lite b.db 'create table t("a k" integer, b text, v text,
		primary key("a k", b))'
	cat >c.conf <<-END
		[changes t]
		table = t
		side = source
		reader = slot
		from = s_$db
		publication = p_$db
		[changes t-there]
		table = t
		side = target
		reader = none
	END
	sync=("$TRUEUP" sync -v --incremental=s --changes=c.conf)
}

teardown() {
	pg "$(in_cluster postgres)" \
	    "select pg_drop_replication_slot('s_$db') from pg_replication_slots
		where slot_name = 's_$db';" "drop database $db with (force)" \
	    >/dev/null
}

# may_differ N - a run that looks at N keys, and leaves nothing different; what
# did differ is looked at once more.
may_differ() {
	local keys
	for keys in "$1" "$(($1 > 0 ? -1 : 0))"; do
		run --separate-stderr "${sync[@]}" "$url" b.db
		[ "$status" -le 1 ]
		[ "$keys" -lt 0 ] ||
		    [[ $stderr == *"table 't': $keys rows may have changed"* ]] || {
			echo "$stderr"
			return 1
		}
	done
	run -0 "$TRUEUP" diff "$url" b.db
}

# in_full WHY - one that has to look at all.
in_full() {
	run --separate-stderr "${sync[@]}" "$url" b.db
	[ "$status" -le 1 ]
	[[ $stderr == *"compared in full: source: $1"* ]] || {
		echo "$stderr"
		return 1
	}
	run -0 "$TRUEUP" diff "$url" b.db
}

# first - so that nothing is left to be looked at.
first() {
	"${sync[@]}" "$url" b.db || [ $? -eq 1 ]
	"${sync[@]}" "$url" b.db
}

confirmed() {
	pg "$url" "select confirmed_flush_lsn from pg_replication_slots
		where slot_name = 's_$db'"
}

# begin_late, commit_late - a transaction that takes its time.
begin_late() {
	mkfifo in
	pg "$url" <in >out 3>&- &
	exec 7>in
	echo "begin; insert into t values(20, 'late', 'v'); select 1;" >&7
	until [ -s out ]; do sleep 0.05; done
}

commit_late() {
	echo "commit;" >&7
	exec 7>&-
	wait $!
}

@test "everything that happens to a table, and the key of it" {
	first
	may_differ 0
	pg "$url" "insert into t values(10, 'ä''', 'v'), (11, '', 'v')"
	may_differ 2
	pg "$url" "update t set v = 'w' where b = 'b1';" \
	    "update t set b = 'c2' where b = 'b2'; delete from t where b = 'b3'"
	may_differ 4
	pg "$url" "begin; delete from t; rollback;" \
	    "begin; update t set v = 'x' where b = 'b4'; savepoint s;
		update t set v = 'x' where b = 'b5'; rollback to s;
		savepoint s; update t set v = 'x' where b = 'b6'; commit"
	may_differ 2
	may_differ 0
	pg "$url" "create temp table copy as select * from t where \"a k\" > 5;" \
	    "truncate t; insert into t select * from copy"
	in_full "the table was truncated or rewritten"
	"${sync[@]}" "$url" b.db
	may_differ 0
}

@test "a transaction that is open is read when it ends" {
	first
	begin_late
	pg "$url" "insert into t values(21, 'soon', 'v')"
	may_differ 1
	may_differ 0
	commit_late
	may_differ 1
}

@test "nothing is taken out of a slot before it is kept" {
	first
	pg "$url" "insert into t values(30, 'x', 'v')"
	before=$(confirmed)
	run -1 "$TRUEUP" diff "$url" b.db
	cp s old
	may_differ 1
	[ "$(confirmed)" != "$before" ]
	may_differ 0
	cp old s
	in_full "somebody else has taken changes out of the slot"
	may_differ 0
	pg "$url" "insert into t values(31, 'x', 'v');" \
	    "select pg_replication_slot_advance('s_$db', pg_current_wal_lsn())" \
	    >/dev/null
	in_full "somebody else has taken changes out of the slot"
	pg "$url" "select pg_drop_replication_slot('s_$db')"
	in_full "the replication slot 's_$db' is not there"
	pg "$url" "insert into t values(32, 'x', 'v');" \
	    "select pg_create_logical_replication_slot('s_$db', 'pgoutput')" \
	    >/dev/null
	in_full "somebody else has taken changes out of the slot"
	may_differ 1
	pg "$url" "alter table t add w int"
	run --separate-stderr "${sync[@]}" "$url" b.db
	[[ $stderr == *"compared in full"* ]]
}

@test "what was open when the slot was first read" {
	begin_late
	"${sync[@]}" "$url" b.db || [ $? -eq 1 ]
	before=$(confirmed)
	in_full "transactions were open when the slot was first read"
	[ "$(confirmed)" = "$before" ]
	commit_late
	in_full "transactions were open when the slot was first read"
	"${sync[@]}" "$url" b.db
	pg "$url" "insert into t values(22, 'x', 'v')"
	may_differ 1
}

@test "what a slot cannot be read for" {
	refused() {
		run -"$1" "${sync[@]}" "${3:-$url}" b.db
		[[ $output == *"$2"* ]] || {
			echo "$output"
			return 1
		}
	}
	pg "$url" "alter table t replica identity nothing"
	refused 5 "the key is not in the table's replica identity"
	pg "$url" "alter table t replica identity full;" \
	    "alter publication p_$db set (publish = 'insert')"
	refused 5 "has not every insert, update, delete and truncate"
	pg "$url" "alter publication p_$db set
		(publish = 'insert, update, delete, truncate');" \
	    "alter publication p_$db set table t where (v <> 'x')"
	refused 5 "has not every insert, update, delete and truncate"
	pg "$url" "alter publication p_$db set table t;" \
	    "create role r_$db login; grant select on t to r_$db"
	refused 5 "this user may not read a replication slot" \
	    "${url/user=trueup/user=r_$db}"
	pg "$url" "drop owned by r_$db; drop role r_$db"
	first
	pg "$url" "update t set b = 'full' where b = 'b1'"
	may_differ 2
	pg "$url" "create table part() inherits(t)"
	refused 5 "others that inherit from it"
}

@test "a slot that several tables share" {
	pg "$url" 'create table u(id int primary key, v text);' \
	    "alter publication p_$db add table u"
	lite b.db 'create table u(id integer primary key, v text)'
	sed 's/table = t/table = u/; s/changes t/changes u/' c.conf >u.conf
	cat u.conf >>c.conf
	first
	for i in 1 2; do
		pg "$url" "insert into u values($i, 'x')"
		run --separate-stderr "${sync[@]}" "$url" b.db
		[[ $stderr == *"table 't': 0 rows may have changed"* ]]
		[[ $stderr == *"table 'u': 1 rows may have changed"* ]]
		"${sync[@]}" "$url" b.db
	done
}
