# Result files: complete or as they were. And what is in the result.
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	sqlite3 a.db "create table t(id integer primary key, x text);
		insert into t values(1,'a'),(2,'b'),(3,'c')"
	cp a.db b.db
	sqlite3 b.db "update t set x='z' where id=2; delete from t where id=3;
		insert into t values(9,'new')"
}

@test "text names both sides, each table, and a total" {
	run -1 --separate-stderr "$TRUEUP" diff a.db b.db
	[ -z "$stderr" ]
	[ "${lines[0]}" = "source  a.db" ]
	[ "${lines[1]}" = "target  b.db" ]
	[ "${lines[2]}" = "t: 3 of 4 rows differ: 1 to insert (+), 1 to update (~), 1 to delete (-)" ]
	[[ $output == *"  ~ id 2: x z -> b"* ]]
	[[ $output == *"  + id 3: x c"* ]]
	[[ $output == *"  - id 9: x new"* ]]
	[ "${lines[-1]}" = "1 of 1 table differs: 1 to insert (+), 1 to update (~), 1 to delete (-)" ]
}

@test "equal is one line of text, and nothing in rows and sql" {
	run -0 "$TRUEUP" diff a.db a.db
	[ "$output" = "1 table, 3 rows: equal" ]
	run -0 "$TRUEUP" diff -f rows a.db a.db
	[ -z "$output" ]
	run -0 "$TRUEUP" diff -f sql a.db a.db
	[ -z "$output" ]
}

@test "json lines are json, summary last" {
	run -1 --separate-stderr "$TRUEUP" diff -f json a.db b.db
	[[ ${lines[0]} == '{"type": "start", '* ]]
	[[ ${lines[-1]} == '{"type": "summary", '*'"exit": 1}' ]]
	for line in "${lines[@]}"; do
		[ "$(sqlite3 :memory: "select json_valid('$line')")" = 1 ]
	done
}

@test "json ends in an error when the run fails" {
	run -3 --separate-stderr "$TRUEUP" diff -f json a.db nowhere.db
	[[ ${lines[-1]} == '{"type": "error", '*'"exit": 3}' ]]
}

@test "the same input gives the same bytes" {
	for format in text stat rows sql csv html; do
		"$TRUEUP" diff -f $format a.db b.db >one || true
		"$TRUEUP" diff -f $format a.db b.db >two || true
		[ -s one ]
		cmp one two
	done
}

@test "csv lines end in CR LF" {
	"$TRUEUP" diff -f csv a.db b.db >out || [ $? -eq 1 ]
	printf '%s\r\n' table,op,key,column,source,target t,update,2,x,b,z \
	    t,insert,3,id,3, t,insert,3,x,c, t,delete,9,id,,9 t,delete,9,x,,new |
	    sort >want
	sort out | cmp - want
}

@test "--color, NO_COLOR and the terminal" {
	run -1 "$TRUEUP" diff a.db b.db
	[[ $output != *$'\033'* ]]
	run -1 "$TRUEUP" diff --color=always a.db b.db
	[[ $output == *$'\033[31m-\033[m'* ]]
	run -1 env NO_COLOR=1 "$TRUEUP" diff --color=always a.db b.db
	[[ $output == *$'\033'* ]]
	tty() {
		script -qec "$*" /dev/null </dev/null
	}
	run tty "$TRUEUP" diff --no-progress a.db b.db
	[[ $output == *$'\033[32m+'* ]]
	run tty env NO_COLOR=1 "$TRUEUP" diff --no-progress a.db b.db
	[[ $output != *$'\033'* ]]
}

@test "--rows says how many are shown" {
	run -1 "$TRUEUP" diff --rows=1 a.db b.db
	[[ $output == *"... and 2 more"* ]]
}

@test "-o replaces a file as a whole and keeps its mode" {
	echo old >out
	chmod 640 out
	run -1 --separate-stderr "$TRUEUP" diff -o out a.db b.db
	[ -z "$output$stderr" ]
	grep -q '^1 of 1 table differs' out
	[ "$(stat -c %a out)" = 640 ]
	run ! ls out.*
}

@test "-o through a link to a file leaves the link" {
	echo old >file
	ln -s file link
	"$TRUEUP" diff -o link a.db b.db || [ $? -eq 1 ]
	[ -L link ]
	grep -q '^1 of 1 table' file
}

@test "a failed run leaves an old file as it was and no new one" {
	echo old >out
	run -4 "$TRUEUP" diff -o out --undo=undo --where='no such' a.db b.db
	[ "$(cat out)" = old ]
	run -0 ls
	[ "$output" = $'a.db\nb.db\nout' ]
}

@test "-o to where nothing can be written exits 4 and names the file" {
	run -4 --separate-stderr "$TRUEUP" diff -o no/such/dir a.db b.db
	[ "$stderr" = "trueup diff: cannot write 'no/such/dir': No such file or directory" ]
}

@test "-o to a pipe is written in place" {
	mkfifo pipe
	timeout 20 cat pipe >got 3>&- &
	"$TRUEUP" diff -o pipe a.db b.db || [ $? -eq 1 ]
	wait $!
	[ -p pipe ]
	grep -q '^1 of 1 table' got
}

@test "nothing is drawn on a stderr that is no terminal" {
	run -1 --separate-stderr "$TRUEUP" diff a.db b.db
	[ -z "$stderr" ]
}

@test "-v and --trace-sql speak on stderr only" {
	run -1 --separate-stderr "$TRUEUP" diff --verbose --trace-sql -f rows \
	    --hash=stream a.db b.db
	[[ $stderr == *"trueup: source: "*"SELECT"* ]]
	[ "${#lines[@]}" -eq 3 ]
}

@test "control characters in values and names cannot fool a terminal" {
	for db in a.db b.db; do
		sqlite3 $db 'create table "e'$'\033''[2J'$'\n''"(id integer primary key, x)'
	done
	sqlite3 b.db 'insert into "e'$'\033''[2J'$'\n''" values(1, char(27) || char(10))'
	for format in text stat rows; do
		run -1 "$TRUEUP" diff -f $format a.db b.db
		[[ $output != *$'\033'* ]]
		[[ $output == *'e\x1b[2J\n'* ]]
	done
}

@test "plan and json say whether pages were compared" {
	run -0 "$TRUEUP" plan a.db b.db
	[[ $output == *"pages: those of both files are compared"* ]]
	run -1 "$TRUEUP" diff -f json a.db b.db
	[[ $output == *'"type": "table", '*'"pages": true'* ]]
	run -0 "$TRUEUP" plan --where='id > 0' a.db b.db
	[[ $output != *"pages:"* ]]
	run -1 "$TRUEUP" diff -f json --where='id > 0' a.db b.db
	[[ $output == *'"type": "table", '*'"pages": false'* ]]
	# A log that is not empty is read, too.
	sqlite3 a.db 'PRAGMA journal_mode = wal; UPDATE t SET x = upper(x)' \
	    '.shell "$TRUEUP" diff -f json a.db b.db >out; true' >/dev/null
	grep '"pages": true' out
}

@test "a text encoding that SQLite does not know leaves the file to SQLite" {
	cp a.db b.db
	printf '\0\0\0\0' | dd of=b.db bs=1 seek=56 conv=notrunc status=none
	run -0 "$TRUEUP" diff -f json a.db b.db
	[[ $output == *'"type": "table", '*'"pages": false'* ]]
}

@test "no result is written over a database" {
	cp a.db before.db
	run -2 "$TRUEUP" diff -o a.db a.db b.db
	[[ $output == *"'a.db' is a SQLite database"* ]]
	run -2 "$TRUEUP" sync --undo=a.db a.db b.db
	cmp a.db before.db
}

@test "who closed stdout or stderr finds neither in a file" {
	run -4 bash -c '"$TRUEUP" diff a.db b.db >&-'
	run -1 bash -c '"$TRUEUP" diff -v --undo=undo.sql a.db b.db 2>&- >out'
	[[ $(head -n 1 undo.sql) == "-- trueup"* ]]
	[[ $(head -n 1 out) == "source  a.db" ]]
}
