bats_require_minimum_version 1.5.0
load ../lib/helpers

# What a review found: each test failed before its mend.

setup() {
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	drop_pg_dbs
}

@test "a key column named twice is refused, not half compared" {
	lite a.db "create table t(id integer primary key, v)" \
	    "; insert into t values(1,1),(2,2)"
	cp a.db b.db
	lite b.db "update t set v=3 where id=2"
	run -2 "$TRUEUP" diff --key=id,id a.db b.db
	[[ $output == *"column 'id' is named twice"* ]]
	run -1 "$TRUEUP" diff --key=id a.db b.db
}

@test "of several --key the last one counts" {
	lite a.db "create table t(id integer primary key, v)"
	run -0 "$TRUEUP" plan --key=id --key=t:none a.db a.db
	[[ $output == *"key: none"* ]]
	run -0 "$TRUEUP" plan --key=t:none --key=id a.db a.db
	[[ $output == *"key: id"* ]]
}

@test "leaving a_b or user_s out does not leave out ab and users" {
	for t in t users user_s; do
		echo "create table $t(id integer primary key, a_b, ab);"
		echo "insert into $t values(1,1,1);"
	done | lite a.db
	cp a.db b.db
	lite b.db "update t set ab=2; update users set ab=2;"
	run -1 "$TRUEUP" diff -f rows --exclude-columns=a_b -t t a.db b.db
	[ "$output" = "~ t id=1, ab=2->1" ]
	run -1 "$TRUEUP" diff -f rows -T user_s -T t a.db b.db
	[ "$output" = "~ users id=1, a_b=1, ab=2->1" ]
	run -1 "$TRUEUP" diff -f rows -t USERS a.db b.db
	[ "$output" = "~ users id=1, a_b=1, ab=2->1" ]
}

@test "--columns finds rows by a key that only the source declares" {
	lite a.db "create table t(id integer primary key, x, y);" \
	    "insert into t values(1,1,1),(2,2,2),(3,3,3)"
	lite b.db "create table t(id integer, x, y);" \
	    "insert into t values(1,1,1),(2,0,2),(3,3,3)"
	run -0 "$TRUEUP" sync --columns=x a.db b.db
	[ "$(lite b.db "select * from t where id=2")" = "2|2|2" ]
	[ "$(lite b.db "select count(*) from t")" = 3 ]
}

@test "--columns finds rows by a unique index where there is no primary key" {
	lite a.db "create table t(id integer not null unique, x, y);" \
	    "insert into t values(1,1,1),(2,2,2),(3,3,3)"
	cp a.db b.db
	lite b.db "update t set x=0 where id=2"
	run -1 "$TRUEUP" diff -f rows --columns=x a.db b.db
	[ "$output" = "~ t id=2, x=0->2" ]
}

@test "keys without canonical bytes in SQL can be many" {
	local a b
	fresh_pg_db a
	fresh_pg_db b
	pg "$a" "create table k(k numeric primary key, v int);" \
	    "create table m(k numeric, v int);" \
	    "insert into k select g, g from generate_series(1, 3000) g;" \
	    "insert into m select * from k; analyze;"
	pg "$b" "create table k(k float8 primary key, v int);" \
	    "create table m(k float8, v int);" \
	    "insert into k select g, g from generate_series(1, 3000) g;" \
	    "update k set v = 0 where k = 77;" \
	    "insert into m select * from k; analyze;"
	run -1 "$TRUEUP" diff -f rows "$a" "$b"
	[ "${lines[0]}" = "~ k k=77, v=0->77" ]
	[ "${lines[1]}" = "- m k=77, v=0" ]
	[ "${lines[2]}" = "+ m k=77, v=77" ]
	[ "${#lines[@]}" -eq 3 ]
}

@test "200 columns without a key are compared" {
	lite a.db "create table w($(seq -s, -f 'c%g' 200));" \
	    "with recursive g(i) as (select 1 union all select i+1 from g
		where i<1000) insert into w(c1,c200) select i,i from g"
	cp a.db b.db
	lite b.db "update w set c3=1 where c1=5"
	run -1 "$TRUEUP" diff -f stat a.db b.db
	[[ ${lines[-1]} == *" 1 "*" 0 "*" 1 "*different ]]
}

@test "a key that would lose digits is not inserted" {
	local a b
	fresh_pg_db a
	fresh_pg_db b
	pg "$a" "create table k(k numeric primary key, v int);" \
	    "create table m(k numeric, v int);" \
	    "insert into k values(1.231, 1); insert into m values(1.239, 1);"
	pg "$b" "create table k(k numeric(10,2) primary key, v int);" \
	    "create table m(k numeric(10,2), v int);"
	for t in k m; do
		run -6 "$TRUEUP" sync -t $t "$a" "$b"
		[[ $output == *"column 'k'"*"fewer digits"* ]]
		[ "$(pg "$b" "select count(*) from $t")" = 0 ]
	done
}

@test "rows equal at the target's precision are counted once" {
	local a b
	fresh_pg_db a
	fresh_pg_db b
	pg "$a" "create table t(k int primary key, v numeric);" \
	    "insert into t select g, g + case when g % 100 = 0 then 0.123
		else 0 end from generate_series(1, 3000) g; analyze;"
	pg "$b" "create table t(k int primary key, v numeric(10,2));" \
	    "insert into t select g, g + case when g % 100 = 0 then 0.12
		else 0 end from generate_series(1, 3000) g; analyze;"
	run -0 "$TRUEUP" diff -f json "$a" "$b"
	[[ ${lines[-1]} == *'"at_target_precision": 30,'* ]]
}

@test "bytes of all connections are counted" {
	local a
	fresh_pg_db a
	pg "$a" "create table t(k int primary key, v text);" \
	    "insert into t select g, g from generate_series(1, 150000) g;" \
	    "analyze;"
	bytes() {
		"$TRUEUP" diff -f json "$@" "$a" "$a" |
		    sed -n 's/.*"bytes": {"source": \([0-9]*\).*/\1/p'
	}
	one=$(bytes --jobs=1)
	three=$(bytes --jobs=3)
	((three >= one && three < one + one / 100))
}

@test "fractions in a composite key do not end the ranges" {
	local a b
	fresh_pg_db a
	fresh_pg_db b
	for url in "$a" "$b"; do
		pg "$url" "create table t(a numeric, b numeric, v int,
			primary key(a, b));" \
		    "insert into t select -0.01 * (g % 97), g, g
			from generate_series(1, 6000) g; analyze;"
	done
	pg "$b" "update t set v = 0 where b = 5"
	run -1 --separate-stderr "$TRUEUP" diff -v -f rows "$a" "$b"
	[ "$output" = "~ t a=-0.05, b=5, v=0->5" ]
	[[ $stderr != *"in key order"* ]]
}
