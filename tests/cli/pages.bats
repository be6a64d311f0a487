bats_require_minimum_version 1.5.0
load ../lib/helpers

# SQLite files whose leaves lie in the order of dice are read through as they
# lie before their trees are walked, where that is a gain. tests/db/pages.c
# shows that the answer is right.

through="both files are read through first"

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# table FILE ORDER - 20000 rows, as they come in.
table() {
	lite "$1" "create table t(uid text primary key, v) without rowid;" \
	    "insert into t select printf('%08x', value), hex(zeroblob(100))
		from generate_series(1, 20000) order by $2;"
}

# changed FILE COPY
changed() {
	cp "$1" "$2"
	lite "$2" "update t set v = 'other' where uid = '00000007';" \
	    "delete from t where uid = '00000100';" \
	    "insert into t values('00000100x', '');"
}

# differ [ARG]... - three rows do, b.db being changed.
differ() {
	run -1 --separate-stderr "$TRUEUP" diff -v -f rows "$@" a.db b.db
	[ "$(sed 's/,.*//' <<<"$output")" = "~ t uid='00000007'
+ t uid='00000100'
- t uid='00000100x'" ]
}

@test "a copy of leaves in no order" {
	table a.db "value * 7919 % 20011"
	changed a.db b.db
	differ
	[[ $stderr == *"table 't': its leaves are not in order; $through"* ]]
	differ -j 4
	[[ $stderr == *"$through"* ]]
}

@test "where the first of them are in order, and others are not" {
	table a.db "case when value < 3000 then value - 30000
	    else value * 7919 % 20011 end"
	changed a.db b.db
	differ
	[[ $stderr == *"$through"* ]]
}

@test "not where the files have much else" {
	table a.db "value * 7919 % 20011"
	lite a.db "create table other as
		select zeroblob(100000) from generate_series(1, 300)"
	changed a.db b.db
	differ --table=t
	[[ $stderr == *"compared by its pages"* && $stderr != *"$through"* ]]
}

@test "not where they are in order, at a pace, or in memory and all other" {
	table a.db value
	changed a.db b.db
	differ
	[[ $stderr == *"compared by its pages"* && $stderr != *"$through"* ]]
	rm a.db
	table a.db "value * 7919 % 20011"
	changed a.db b.db
	differ --max-rate=1000000
	[[ $stderr == *"compared by its pages"* && $stderr != *"$through"* ]]
	rm b.db
	table b.db "value * 7907 % 20011"
	run -0 --separate-stderr "$TRUEUP" diff -v -f rows a.db b.db
	[[ $stderr == *"compared by its pages"* && $stderr != *"$through"* ]]
}

@test "what is in a log is not taken from the file" {
	table a.db "value * 7919 % 20011"
	cp a.db b.db
	sqlite3 b.db >/dev/null <<-END
	.dbconfig no_ckpt_on_close on
	pragma journal_mode = wal;
	pragma wal_autocheckpoint = 0;
	update t set v = 'other' where uid = '00000007';
	delete from t where uid = '00000100';
	insert into t values('00000100x', '');
	END
	[ -s b.db-wal ]
	differ
	[[ $stderr == *"$through"* ]]
}
