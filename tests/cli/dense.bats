bats_require_minimum_version 1.5.0
load ../lib/helpers

# Where most leaves differ, both sides are read once and in key order, if their
# rows lie that way.

setup() {
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	drop_pg_dbs
	drop_my_dbs
}

# Of 12000 rows every third is changed, one is gone and one is new.
sqlite_pair() {
	lite a.db "create table t(k $1, v text, n int);" \
	    "insert into t select value, hex(zeroblob(750)), value
		from generate_series(1, 12000);"
	cp a.db b.db
	lite b.db "update t set n = n + 1 where n % 3 = 0;" \
	    "delete from t where k = 6001;" \
	    "insert into t values(20001, 'new', 1);"
}

# looked SOURCE TARGET - what the comparison says, and finds.
looked() {
	run -1 --separate-stderr "$TRUEUP" diff -v --hash=stream \
	    --leaf-rows=8 -f rows "$1" "$2"
	[ "${#lines[@]}" = 4002 ]
	[ "$(grep -c '^~ t .* n=[0-9]*->[0-9]*$' <<<"$output")" = 4000 ]
	[[ $output == *"- t k=20001,"* && $output == *"+ t k=6001,"* ]]
	diff <(sed 's/.* k=//; s/,.*//' <<<"$output") \
	    <(sed 's/.* k=//; s/,.*//' <<<"$output" | sort -n)
}

@test "SQLite tables with a rowid for their key are read in key order" {
	sqlite_pair "integer primary key"
	looked a.db b.db
	[[ $stderr == *"read in key order"* ]]
}

@test "those whose key may hold anything are not" {
	sqlite_pair "int primary key"
	looked a.db b.db
	[[ $stderr != *"read in key order"* ]]
}

@test "MariaDB's tables are, page by page" {
	local a b
	fresh_my_db a
	fresh_my_db b
	for url in "$a" "$b"; do
		my "$url" "create table t(k int primary key, v text, n int);" \
		    "insert into t select seq, repeat('0', 1500), seq
			from seq_1_to_12000; analyze table t;" >/dev/null
	done
	my "$b" "update t set n = n + 1 where k % 3 = 0;" \
	    "delete from t where k = 6001; insert into t values(20001, '', 1);"
	looked "$a" "$b"
	[[ $stderr == *"read in key order"* ]]
	# All rows together are more than may be held; those by their keys are
	# not, nor is the one behind the 12000, which the last leaf may be.
	run -1 --separate-stderr "$TRUEUP" diff --trace-sql --hash=stream \
	    --leaf-rows=8 -f stat "$a" "$b"
	grep -F 'SELECT `k`, `v`, `n` FROM ' <<<"$stderr" >selects
	run -1 grep -v -e LIMIT -e ' IN (' -e '>= 1[2-9][0-9]\{3\}' selects
}

@test "so are PostgreSQL's, beside SQLite's" {
	local a
	fresh_pg_db a
	sqlite_pair "integer primary key"
	pg "$a" "create table t(k int primary key, v text, n int);" \
	    "insert into t select g, repeat('0', 1500), g
		from generate_series(1, 12000) g; analyze;"
	looked "$a" b.db
	[[ $stderr == *"read in key order"* ]]
}
