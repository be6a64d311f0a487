bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	sqlite3 a.db "create table t(id integer primary key, x text, y);
		insert into t values(1,'a',1.5),(2,'it''s',null),(3,'c',x'00ff'),(4,'d',4)"
	cp a.db b.db
	sqlite3 b.db "update t set x='z' where id=2; delete from t where id=3;
		insert into t values(9,'new','7')"
	cp b.db before.db
}

@test "sync makes the target equal, says what it did, and exits 0" {
	run -0 --separate-stderr "$TRUEUP" sync a.db b.db
	[ -z "$stderr" ]
	[ "${lines[-1]}" = "written: 1 inserted, 1 updated, 1 deleted" ]
	run -0 "$TRUEUP" diff a.db b.db
	run -0 "$TRUEUP" sync a.db b.db
	[ "${lines[-1]}" = "written: 0 inserted, 0 updated, 0 deleted" ]
}

@test "a dry run writes nothing, no undo either, and exits like diff" {
	run -1 "$TRUEUP" sync --dry-run --undo=undo a.db b.db
	cmp b.db before.db
	[ ! -e undo ]
	[[ $output != *written* ]]
	run -0 "$TRUEUP" sync -n a.db a.db
}

@test "--undo gives back what was there" {
	run -0 "$TRUEUP" sync --undo=undo a.db b.db
	[[ "$(head -1 undo)" == "-- trueup undo 1" ]]
	grep -q '^-- time: 20' undo
	sqlite3 b.db <undo
	run -0 "$TRUEUP" diff before.db b.db
}

@test "--undo of nothing is an empty file" {
	run -0 "$TRUEUP" sync --undo=undo a.db a.db
	[ -e undo ]
	[ ! -s undo ]
}

@test "diff's patch and undo do the same" {
	run -1 "$TRUEUP" diff -f sql -o patch --undo=undo a.db b.db
	cmp b.db before.db
	sqlite3 b.db <patch
	run -0 "$TRUEUP" diff a.db b.db
	sqlite3 b.db <undo
	run -0 "$TRUEUP" diff before.db b.db
}

@test "kinds of changes that are left out stay, and the exit status says so" {
	run -1 "$TRUEUP" sync --no-delete a.db b.db
	[ "${lines[-1]}" = "written: 1 inserted, 1 updated, 0 deleted" ]
	run -1 "$TRUEUP" diff -f rows a.db b.db
	[[ $output == "- t id=9, "* ]]
	[ "${#lines[@]}" -eq 1 ]
	cp before.db b.db
	run -1 "$TRUEUP" sync --no-insert --no-update a.db b.db
	[ "${lines[-1]}" = "written: 0 inserted, 0 updated, 1 deleted" ]
	run -1 "$TRUEUP" sync --no-insert a.db b.db
	run -0 "$TRUEUP" sync a.db b.db
}

@test "what cannot be made equal by rows exits 1" {
	sqlite3 a.db 'create table more(x)'
	run -1 "$TRUEUP" sync a.db b.db
	[[ $output == *"written: 1 inserted"* ]]
	run -0 "$TRUEUP" sync --common a.db b.db
}

@test "columns left out of the comparison keep their values" {
	run -0 "$TRUEUP" sync --exclude-columns=y -t t --no-insert --no-delete \
	    --where='id < 3' a.db b.db
	sqlite3 b.db "update t set y = 'kept' where id = 2; update t set x = 'q' where id = 2"
	run -0 "$TRUEUP" sync --exclude-columns=y --where='id < 3' a.db b.db
	[ "$(sqlite3 b.db 'select x, y from t where id = 2')" = "it's|kept" ]
}

@test "json and sql say what was written" {
	run -0 "$TRUEUP" sync -f json a.db b.db
	[[ ${lines[-1]} == *'"written": {"insert": 1, "update": 1, "delete": 1}'*'"exit": 0}' ]]
	cp before.db b.db
	"$TRUEUP" sync -f sql a.db b.db >patch
	sqlite3 before.db <patch
	run -0 "$TRUEUP" diff before.db b.db
}

@test "a failed write writes nothing and leaves no undo" {
	sqlite3 b.db "create trigger no before insert on t begin
		select raise(abort, 'not today'); end"
	cp b.db before.db
	run --separate-stderr "$TRUEUP" sync --undo=undo a.db b.db
	[ "$status" -ge 4 ]
	[[ $stderr == "trueup sync: "*"not today"* ]]
	[ "$(sqlite3 b.db 'select group_concat(x) from t')" = \
	  "$(sqlite3 before.db 'select group_concat(x) from t')" ]
	[ ! -e undo ]
}

# kinds FILE N - 2000 rows whose update sets one of N sets of columns.
kinds()
{
	sqlite3 "$1" "create table t(id integer primary key, a, b, c, d, e);
		with recursive r(i) as (select 1 union all
		select i + 1 from r where i < 2000)
		insert into t select i, 0, 0, 0, 0, 0 from r;"
	cp "$1" new.db
	sqlite3 new.db "update t set a = id % $2 & 1, b = id % $2 & 2,
		c = id % $2 & 4, d = id % $2 & 8, e = id % $2 & 16"
}

@test "updates of the same columns go together" {
	kinds old.db 4
	run -0 --separate-stderr "$TRUEUP" sync --trace-sql new.db old.db
	[ "${lines[-1]}" = "written: 0 inserted, 1,500 updated, 0 deleted" ]
	[ "$(grep -c 'target: UPDATE' <<<"$stderr")" -eq 3 ]
	run -0 "$TRUEUP" diff new.db old.db
}

@test "updates of more kinds than wait at a time" {
	kinds old.db 32
	cp old.db before.db
	run -0 "$TRUEUP" sync --undo=undo new.db old.db
	run -0 "$TRUEUP" diff new.db old.db
	sqlite3 old.db <undo
	run -0 "$TRUEUP" diff before.db old.db
}

@test "conflicts among updates of several kinds are named one by one" {
	kinds old.db 4
	sqlite3 old.db "create table s(id integer primary key);
		insert into s values(1);
		create trigger tr after delete on s begin
		update t set a = 'mine' where id in (5, 6, 7, 1999);
		update t set a = 1 where id = 9; end"
	sqlite3 new.db "create table s(id integer primary key)"
	run -6 --separate-stderr "$TRUEUP" sync --max-delete=100% new.db old.db
	[[ $stderr == *"4 rows are not as they were compared"* ]]
	for key in 5 6 7 1999; do
		[[ $stderr == *"id $key: column 'a' is 'mine' now, it was 0"* ]]
	done
	[[ $stderr != *"id 9:"* ]]
	[ "$(sqlite3 old.db "select count(*) from t where a = 'mine'")" = 0 ]
}
