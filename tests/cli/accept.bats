# Known differences: left out of report, patch and sync until a side moves.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir state
	lite a.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);' \
	    "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd');" \
	    'CREATE TABLE u (a INTEGER, b TEXT, n, PRIMARY KEY (a, b));' \
	    "INSERT INTO u VALUES (1, 'x, y', 1), (1, 'z', 1);"
	cp a.db b.db
	lite b.db "UPDATE t SET v = 'B' WHERE id = 2; DELETE FROM t WHERE id = 3;
		INSERT INTO t VALUES (9, 'i'); UPDATE u SET n = 2"
	printf '%s\n' '[pair p]' 'source = a.db' 'target = b.db' \
	    'state-dir = state' >conf
}

# audit STATUS, accept STATUS [ARG]...
audit() {
	run -"$1" --separate-stderr "$TRUEUP" audit conf
}

accept() {
	run -"$1" --separate-stderr "$TRUEUP" accept "${@:2}"
}

@test "what is accepted is not reported" {
	accept 0 --reason='since 2020' conf p
	is "${lines[0]}" \
	    "2 tables, 6 rows: equal; 5 accepted differences are left out"
	is "${lines[1]}" "5 differences accepted"
	audit 0
	is "$output$stderr" ""
	accept 0 conf p
	is "${lines[1]}" "0 differences accepted"
	# Whoever compares without the pair's state file knows of nothing.
	run -1 "$TRUEUP" diff a.db b.db
}

@test "until the source moves, or the target" {
	accept 0 -q conf p
	is "$output" ""
	lite a.db "UPDATE t SET v = 'BB' WHERE id = 2"
	lite b.db "INSERT INTO t VALUES (3, 'new')"
	audit 1
	[[ $output == *"~ id 2: v B -> BB"*"~ id 3: v new -> c"* ]]
	[[ $output == *"; 1 accepted difference is left out"*"; 3 accepted"* ]]
	# Moving back does not help.
	lite a.db "UPDATE t SET v = 'b' WHERE id = 2"
	lite b.db "DELETE FROM t WHERE id = 3"
	audit 1
	[[ $output == *"t: 2 of 5 rows differ"* ]]
	accept 0 --list conf p t
	[ ${#lines[@]} -eq 3 ]
	[[ ${lines[0]} == "t: id 2: differs, accepted "*"; a side has moved,"* ]]
	[[ ${lines[2]} == "t: id 9: only in target, accepted "* ]]
	[[ ${lines[2]} != *moved* ]]
}

@test "a table, a row, and both of them forgotten" {
	accept 1 conf p t 2
	[[ $output == *"+ id 3: v c"*"- id 9: v i"*"1 difference accepted"* ]]
	accept 1 conf p u 1 'x, y'
	accept 0 --list conf p
	is "${lines[1]%%, acc*}" "u: a 1, b 'x, y': differs"
	accept 0 conf p u
	is "${lines[-1]}" "1 difference accepted"
	accept 0 --forget conf p u 1 'x, y'
	is "$output" "1 difference forgotten"
	accept 2 --forget conf p u 1 'x, y'
	[[ $stderr == *"nothing of that is accepted"* ]]
	accept 0 --forget conf p
	accept 0 --list conf p
	is "$output" ""
	# Who names nothing cannot have mistyped it.
	accept 0 --forget conf p
	is "$output" "0 differences forgotten"
	accept 2 --forget conf p t
}

@test "other rules, other columns: reported again" {
	accept 0 -q conf p
	echo 'fold = t.v=rtrim' >>conf
	audit 1
	[[ $output == *"3 of 5 rows differ"*"2 accepted"* ]]
	sed -i 's/fold.*/exclude-columns = u.n/' conf
	audit 0
	sed -i '$d' conf
	audit 0
}

@test "sync leaves alone what is accepted" {
	accept 0 -q conf p t
	echo 'action = sync' >>conf
	audit 0
	run -0 sqlite3 b.db "SELECT id, v FROM t; SELECT max(n) FROM u"
	is "$output" "1|a
2|B
4|d
9|i
1"
	# Also where all rows of the target would go.
	lite a.db 'DELETE FROM t'
	audit 6
	[[ $stderr == *max-delete* ]]
}

@test "rows without a key cannot be accepted, and the reader is told" {
	lite a.db 'CREATE TABLE w (x); INSERT INTO w VALUES (1)'
	lite b.db 'CREATE TABLE w (x); INSERT INTO w VALUES (2)'
	accept 1 conf p
	[[ $output == *"w: 2 of 2 rows differ"*"5 differences accepted"* ]]
	[[ $stderr == *"2 differences are of tables without a key"* ]]
	accept 2 conf p w 1
	[[ $stderr == *"has no key"* ]]
}

@test "what accept does not take" {
	accept 2 conf q
	[[ $stderr == *"no pair 'q'; is 'p' meant?"* ]]
	accept 2 conf p t two
	[[ $stderr == *"table 't' has no difference with this key"* ]]
	accept 2 conf p t 1
	accept 2 conf p '*' 1
	[[ $stderr == *"a key needs one table, and 2 are named"* ]]
	accept 2 --list --forget conf p
	accept 2 --list --reason=x conf p
	accept 2 --list conf p t 1
	sed -i /state/d conf
	accept 2 conf p
	[[ $stderr == *"keeps no history"* ]]
}

@test "what is accepted is there: in causes, in the page, in the number of rows" {
	lite a.db 'DROP TABLE u; DELETE FROM t;
	    INSERT INTO t SELECT value, 1 FROM generate_series(1, 60)'
	lite b.db 'DROP TABLE u; DELETE FROM t;
	    INSERT INTO t SELECT value, 1 FROM generate_series(1, 10);
	    INSERT INTO t VALUES (20, 2)'
	accept 1 conf p t 20
	accept 1 conf p t 30
	audit 1
	[[ $output == *"t: 48 of 60 rows differ: 48 to insert"* ]]
	[[ $output != *"no row from id 11 on"* ]]
	[[ $output == *"TARGET has no row from id 31 on"* ]]
	sed -i 's/^\[pair p\]/&\nformat = html\noutput = page.html/' conf
	audit 1
	grep -q '2 accepted differences left out' page.html
	accept 0 -q conf p
	audit 0
	grep -q '<h1.*1 table is equal but for what is accepted' page.html
}

@test "a pair without tables has no answer" {
	rm a.db b.db
	lite a.db 'VACUUM' && lite b.db 'VACUUM'
	audit 7
	[[ $output == *"nothing compared"* ]]
}
