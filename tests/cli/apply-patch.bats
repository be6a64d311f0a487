# trueup apply: patches that were made by diff.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

setup() {
	cd "$BATS_TEST_TMPDIR"
	lite a.db "CREATE TABLE t(id integer PRIMARY KEY, x text, y, z int);" \
	    "INSERT INTO t VALUES (1,'a',1.5,1),(2,'it''s',NULL,2)," \
	    "(3,'c',x'00ff',3),(4,'d',4,4),(5,'e',5,5);" \
	    "CREATE TABLE u(k text PRIMARY KEY, v real);" \
	    "INSERT INTO u VALUES ('one', 1.0), ('two', 0.1);"
	cp a.db b.db
	lite b.db "UPDATE t SET x = 'z' WHERE id = 2; DELETE FROM t WHERE id = 3;" \
	    "INSERT INTO t VALUES (9,'new','7',9);" \
	    "UPDATE u SET v = 2 WHERE k = 'one';"
	cp b.db before.db
	quiet_diff 1 -f json -o p a.db b.db
}

# unwritten STATUS MESSAGE [ARG]... - apply says so and writes nothing.
unwritten() {
	local want=$1 message=$2
	shift 2
	cp b.db then.db
	run "-$want" --separate-stderr "$TRUEUP" apply "$@"
	[[ $stderr == *"$message"* ]] || { echo "$stderr"; return 1; }
	rows_of b.db >now
	rows_of then.db >then
	same now then
}

@test "a patch makes the target equal; what is there already is not written" {
	run -0 --separate-stderr "$TRUEUP" apply b.db p
	is "$stderr" ""
	is "$output" "written: 1 inserted, 2 updated, 1 deleted"
	quiet_diff 0 a.db b.db
	run -0 --separate-stderr "$TRUEUP" apply b.db p
	is "$output" "written: 0 inserted, 0 updated, 0 deleted
4 rows were as wanted already"
	cp before.db b.db
	lite b.db "DELETE FROM t WHERE id = 9"
	run -0 "$TRUEUP" apply b.db p
	is "${lines[1]}" "1 row was as wanted already"
	quiet_diff 0 a.db b.db
}

@test "a patch comes through a pipe, or several are applied in turn" {
	"$TRUEUP" diff -f json a.db b.db | "$TRUEUP" apply b.db
	quiet_diff 0 a.db b.db
	cp before.db b.db
	"$TRUEUP" apply -q b.db - <p
	quiet_diff 0 a.db b.db
	cp a.db c.db
	lite c.db "UPDATE t SET x = 'later' WHERE id = 2"
	quiet_diff 1 -f json -o p2 c.db a.db
	cp before.db b.db
	run -0 "$TRUEUP" apply b.db p p2
	quiet_diff 0 c.db b.db
	cp before.db b.db
	run -6 "$TRUEUP" apply b.db p2 p
	cmp b.db before.db
	unwritten 2 "one patch at a time" --undo=u b.db p p2
}

@test "--undo gives back what was there" {
	run -0 "$TRUEUP" apply --undo=undo b.db p
	is "$(head -n 1 undo)" "-- trueup undo 1"
	apply_sql b.db undo
	rows_of b.db >now
	rows_of before.db >then
	same now then
}

@test "--check says what would be written and writes nothing" {
	lite b.db "DELETE FROM t WHERE id = 9"
	cp b.db then.db
	run -0 --separate-stderr "$TRUEUP" apply --check --undo=undo b.db p
	is "$output" "\
t: 1 to insert, 1 to update, 0 to delete, 1 as wanted already, 0 in conflict
u: 0 to insert, 1 to update, 0 to delete, 0 as wanted already, 0 in conflict"
	[ ! -e undo ]
	lite b.db "UPDATE t SET z = 7 WHERE id = 2"
	unwritten 6 "table 't', id 2: column 'z' is 7 now, it was 2" -n b.db p
	[[ ${lines[0]} == *" 1 in conflict" ]]
	cp a.db b.db
	run -0 "$TRUEUP" apply -nq b.db p
	is "$output" ""
}

@test "a row that was changed meanwhile is a conflict, whatever changed" {
	while IFS='|' read -r sql said; do
		cp before.db b.db
		lite b.db "$sql"
		unwritten 6 "$said" --undo=undo b.db p
		[ ! -e undo ]
	done <<-'END'
	UPDATE t SET x = 'q' WHERE id = 2|id 2: column 'x' is 'q' now, it was 'z'
	UPDATE t SET x = 'Z' WHERE id = 2|id 2: column 'x' is 'Z' now, it was 'z'
	UPDATE t SET z = 3 WHERE id = 2|id 2: column 'z' is 3 now, it was 2
	UPDATE t SET y = 0 WHERE id = 2|id 2: column 'y' is 0 now, it was NULL
	UPDATE t SET x = 'it''s', z = 3 WHERE id = 2|id 2: column 'x' is
	UPDATE t SET y = 7 WHERE id = 9|id 9: column 'y' is 7 now, it was '7'
	DELETE FROM t WHERE id = 2|id 2: it is gone
	INSERT INTO t VALUES (3, 'c', 'other', 3)|id 3: it is there already
	END
}

@test "--on-conflict leaves rows alone, or replaces them" {
	lite b.db "UPDATE t SET z = 7 WHERE id = 2; DELETE FROM u;" \
	    "INSERT INTO t VALUES (3, 'mine', 1, 1); UPDATE t SET z = 8 WHERE id = 9"
	cp b.db moved.db
	run -1 --separate-stderr "$TRUEUP" apply --on-conflict=skip \
	    --reject=rest b.db p
	[[ $stderr == *"4 conflicting rows were left alone"* ]]
	is "$(lite b.db "SELECT * FROM t WHERE id IN (2, 3, 9)")" \
	    "$(lite moved.db "SELECT * FROM t WHERE id IN (2, 3, 9)")"
	is "$(grep -c '^UPDATE\|^INSERT\|^DELETE' rest)" 4
	cp moved.db b.db
	run -0 --separate-stderr "$TRUEUP" apply --on-conflict=replace b.db p
	[[ $stderr == *"4 conflicting rows were replaced"* ]]
	lite b.db "INSERT INTO u VALUES ('two', 0.1)"
	quiet_diff 0 a.db b.db
}

@test "limits hold" {
	lite b.db "INSERT INTO u VALUES ('x', 1)"
	quiet_diff 1 -f json -o p a.db b.db
	unwritten 6 "t': 1 rows would be deleted, more than the limit of 0" \
	    --max-delete=0 b.db p
	unwritten 6 "more than the limit of 10 %" --max-changes=10% b.db p
	lite a.db "DELETE FROM u"
	quiet_diff 1 -f json -o p a.db b.db
	unwritten 6 "is empty in the source" b.db p
	run -0 "$TRUEUP" apply --max-delete=100% b.db p
}

@test "rows without a key: those that were compared, or nothing" {
	for db in a.db b.db; do lite $db "CREATE TABLE k(a, b)"; done
	lite a.db "INSERT INTO k VALUES ('x',1),('x',1),('y',2),('n',NULL),('w',9)"
	lite b.db "INSERT INTO k VALUES ('x',1),('z',1.0),('z',1.0),('y','2')"
	cp b.db before.db
	quiet_diff 1 -f json -o p a.db b.db
	run -0 "$TRUEUP" apply --undo=undo --max-delete=100% b.db p
	quiet_diff 0 a.db b.db
	unwritten 6 "has no key, and 5 rows now where 4 were compared" \
	    --max-delete=100% b.db p
	apply_sql b.db undo
	rows_of b.db >now
	rows_of before.db >then
	same now then
	lite b.db "INSERT INTO k VALUES ('new', 1)"
	unwritten 6 "has no key, and 5 rows now where 4 were compared" \
	    --max-delete=100% b.db p
	unwritten 2 "table 'k' has no key: --on-conflict" --on-conflict=skip b.db p
}

@test "a patch that is not whole is refused" {
	count=$(wc -l <p)
	for ((at = 0; at < count; at++)); do
		head -n "$at" p >cut
		unwritten 2 "cut" b.db cut
		[ "$at" -gt 0 ] || [[ $stderr == *"the patch is empty"* ]]
		[ "$at" -lt 2 ] ||
		    [[ $stderr == *"cut:$at: the patch ends here without"* ]]
		sed "$((at + 1))d" p >cut
		unwritten 2 "cut" b.db cut
		{ cat cut; sed -n "$((at + 1))p" p; } >mixed
		[ $((at + 1)) -eq "$count" ] || unwritten 2 "mixed:" b.db mixed
	done
	size=$(wc -c <p)
	for ((at = 1; at < size - 80; at += 37)); do
		head -c "$at" p >cut
		unwritten 2 "cut" b.db cut
	done
	cat p p >twice
	unwritten 2 "twice:$((count + 1)): something stands behind the end" \
	    b.db twice
}

@test "a patch that was edited is refused" {
	while IFS= read -r edit; do
		sed "$edit" p >edited
		run ! cmp -s p edited
		unwritten 2 "edited:" b.db edited
	done <<-'END'
	s/it's/its/
	s/"id": "3"/"id": "8"/
	s/"id": "3"/"id": {"text": "8"}/g
	s/0.1/0.2/
	/"op": "delete"/d
	s/"op": "delete"/"op": "update"/
	s/"delete": 1/"delete": 0/
	s/"format": 1/"format": 2/
	s/"type": "start"/"type": "star"/
	1d
	s/"patchable": true/"patchable": false/
	s/"compared_as": "any"/"compared_as": "some"/
	s/{"hex": "00ff"}/{"hex": "00fx"}/
	s/{"hex": "00ff"}/[1]/
	/"type": "columns"/d
	s/"sha256": "[0-9a-f]*"/"sha256": "x"/
	2s/^{/[/
	s/"before": {"x": "z"}, //
	END
}

@test "a patch for another target is refused" {
	cp b.db keep.db
	while IFS='|' read -r status sql said; do
		cp keep.db b.db
		lite b.db "$sql"
		unwritten "$status" "$said" b.db p
	done <<-'END'
	2|DROP TABLE u|the target has no table 'u'
	5|ALTER TABLE t RENAME COLUMN z TO zz|table 't': it has no column 'z'
	5|DROP TABLE u; CREATE TABLE u(k int PRIMARY KEY, v real)|column 'k' is INT, and was TEXT in the comparison
	5|DROP TABLE u; CREATE VIEW u AS SELECT 'a' AS k, 1 AS v|table 'u'
	END
	echo nonsense >bad
	unwritten 2 "bad:1: " b.db bad
	head -c 3000 /dev/urandom >bad
	unwritten 2 "bad:1: " b.db bad
	unwritten 4 "cannot open 'nowhere'" b.db nowhere
	unwritten 4 "cannot read '.'" b.db .
}

@test "a run that failed is no patch" {
	run -3 "$TRUEUP" diff -f json -q nowhere.db b.db
	"$TRUEUP" diff -f json nowhere.db b.db >p 2>/dev/null || [ $? -eq 3 ]
	unwritten 2 "p:1: " b.db p
	lite a.db "INSERT INTO t VALUES (7, 7, 7, 7)"
	quiet_diff 1 -f json --fold=x=empty-null -o p a.db b.db
	unwritten 5 "only a comparison can follow" b.db p
}

@test "what the target cannot hold: nothing, or the rest" {
	fresh_pg_db url
	pg "$url" "CREATE TABLE t(id int PRIMARY KEY, x text, y text, z int);" \
	    "CREATE TABLE u(k text PRIMARY KEY, v float8)"
	lite a.db "UPDATE t SET y = NULL, z = 'many' WHERE id = 3"
	quiet_diff 1 -f json -o p a.db "$url"
	run -2 --separate-stderr "$TRUEUP" apply "$url" p
	[[ $stderr == *"p:"*": the target cannot hold"*"--partial"* ]]
	is "$(pg "$url" "SELECT count(*) FROM t")" 0
	run -1 --separate-stderr "$TRUEUP" apply --partial "$url" p
	[[ $stderr == *"1 of the differences could not be written"* ]]
	is "$(pg "$url" "SELECT count(*) FROM t")" 4
	drop_pg_dbs
}

@test "another schema, and foreign keys in an order that works" {
	fresh_pg_db url
	pg "$url" "CREATE TABLE p(id int PRIMARY KEY);" \
	    "CREATE TABLE c(id int PRIMARY KEY, p int NOT NULL REFERENCES p);" \
	    "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1);" \
	    "CREATE SCHEMA copy; CREATE TABLE copy.p(id int PRIMARY KEY);" \
	    "CREATE TABLE copy.c(id int PRIMARY KEY, p int NOT NULL
		REFERENCES copy.p);" \
	    "INSERT INTO copy.p VALUES (2); INSERT INTO copy.c VALUES (1, 2);" \
	    "CREATE SCHEMA third; CREATE TABLE third.p(LIKE copy.p INCLUDING ALL);" \
	    "CREATE TABLE third.c(LIKE copy.c INCLUDING ALL);" \
	    "INSERT INTO third.p TABLE copy.p; INSERT INTO third.c TABLE copy.c"
	quiet_diff 1 -f json -o p --source-schema=public --schema=copy "$url" "$url"
	run -0 "$TRUEUP" apply --max-delete=100% "$url" p
	quiet_diff 0 --source-schema=public --schema=copy "$url" "$url"
	run -0 "$TRUEUP" apply --max-delete=100% --schema=third "$url" p
	quiet_diff 0 --source-schema=public --schema=third "$url" "$url"
	drop_pg_dbs
}

@test "SQLite finds a row by its key as it is spelt there" {
	fresh_pg_db url
	pg "$url" "CREATE TABLE k(d timestamp PRIMARY KEY, v int);" \
	    "CREATE TABLE n(d numeric, u uuid, v int, PRIMARY KEY (d, u));" \
	    "INSERT INTO k VALUES ('2024-01-02 03:04:05', 1), ('2024-01-04', 3);" \
	    "INSERT INTO n VALUES (1.5, '00000000-0000-0000-0000-00000000000a', 1)"
	lite k.db "CREATE TABLE k(d timestamp PRIMARY KEY, v int);" \
	    "CREATE TABLE n(d TEXT, u BLOB, v int, PRIMARY KEY (d, u));" \
	    "INSERT INTO k VALUES ('2024-01-02T03:04:05', 2)," \
	    "('2024-01-03T00:00', 2), (1704326400, 4);" \
	    "INSERT INTO n VALUES ('1.50', x'0000000000000000000000000000000a', 2)," \
	    "('2.0', '{0000000000000000000000000000000B}', 2);"
	REST=0 round_trip "$url" k.db
	quiet_diff 1 -f json -o p "$url" k.db
	lite k.db "UPDATE k SET v = 5 WHERE d = '2024-01-03T00:00'"
	run -6 --separate-stderr "$TRUEUP" apply --max-delete=100% k.db p
	[[ $stderr == *"column 'v' is 5 now, it was 2"* ]]
	drop_pg_dbs
}

# --- SQL ---

@test "a patch in SQL is run, and so is its undo" {
	quiet_diff 1 -f sql -o p.sql --undo=u.sql a.db b.db
	run -0 --separate-stderr "$TRUEUP" apply b.db p.sql
	is "$output" "written: 1 inserted, 2 updated, 1 deleted"
	is "$stderr" ""
	quiet_diff 0 a.db b.db
	run -0 "$TRUEUP" apply b.db <u.sql
	rows_of b.db >now
	rows_of before.db >then
	same now then
}

@test "in SQL, too, a row that moved is a conflict" {
	quiet_diff 1 -f sql -o p.sql a.db b.db
	lite b.db "UPDATE t SET z = 7 WHERE id IN (2, 9)"
	unwritten 6 "conflict: table 't', p.sql:14: \"id\" = 9 AND" b.db p.sql
	[[ $stderr == *"2 statements did not meet the rows they expect"* ]]
	run -1 --separate-stderr "$TRUEUP" apply --on-conflict=skip b.db p.sql
	is "$output" "written: 1 inserted, 1 updated, 0 deleted"
	[[ $stderr == *"2 conflicting rows were left alone"* ]]
	cp before.db b.db
	lite b.db "INSERT INTO t VALUES (3, 'mine', 1, 1)"
	unwritten 6 "UNIQUE constraint failed" b.db p.sql
	unwritten 6 "UNIQUE constraint failed" --on-conflict=skip b.db p.sql
	cp before.db b.db
	unwritten 6 "1 of 5 rows would be deleted, more than the limit" \
	    --max-delete=10% b.db p.sql
	for option in --check --undo=x --reject=x --schema=x; do
		[ $option != --reject=x ] || option="$option --on-conflict=skip"
		unwritten 2 "needs a patch in JSON" $option b.db p.sql
	done
}

@test "of a patch in SQL every line must be known" {
	quiet_diff 1 -f sql -o p.sql a.db b.db
	count=$(wc -l <p.sql)
	for ((at = 1; at < count; at++)); do
		head -n "$at" p.sql >cut
		unwritten 2 "cut:$at: the patch ends here without COMMIT" b.db cut
	done
	while IFS='|' read -r edit said; do
		sed "$edit" p.sql >edited
		run ! cmp -s p.sql edited
		unwritten 2 "edited:$said" b.db edited
	done <<-'END'
	1d|1: not a patch of trueup
	1s/1$/2/|1: not a patch of trueup
	s/^BEGIN.*/START TRANSACTION;/|10: this is not how a patch for this target begins
	/^PRAGMA/d|13: this is not how
	s/^INSERT INTO "t"/INSERT INTO "q"/|23: the target has no such table
	s/^DELETE FROM "t"/DELETE FROM t/|14: the target has no such table
	s/^DELETE FROM "t".*/DROP TABLE t;/|14: not a statement of a patch
	s/^DELETE FROM "t".*/SELECT 1;/|14: not a statement of a patch
	s/^DELETE FROM "t".*/& DROP TABLE t;/|14: more than one statement
	s/^DELETE FROM "t".*/DELETE FROM "t"/|14: not a statement of a patch
	s/^DELETE FROM "t".*/COMMIT;/|14: lines are missing
	$a UPDATE "t" SET x = 1 WHERE id = 1;|26: something stands behind the end
	/^DELETE/d|24: lines are missing, or were added
	/^INSERT/d|24: lines are missing, or were added
	/^UPDATE/d|23: lines are missing, or were added
	s/^DELETE FROM "t".*/&;/|14: more than one statement
	$s/$/ /|25: more than one statement
	END
	sed 's/^DELETE FROM "t".*/DELETE FROM "t" WHERE 1;/' p.sql >edited
	unwritten 6 "edited:14: 1 touched 5 rows, not 1" --max-delete=100% b.db edited
	fresh_pg_db url
	pg "$url" "CREATE TABLE t(id int PRIMARY KEY, x text)"
	run -2 --separate-stderr "$TRUEUP" apply "$url" p.sql
	[[ $stderr == *"p.sql:10: this is not how"*"hint: the target is PostgreSQL" ]]
	drop_pg_dbs
}

@test "rows without a key: a patch that cannot be told from its result" {
	lite x.db 'CREATE TABLE k (v);' "INSERT INTO k VALUES ('a'), ('b'), ('x')"
	lite y.db 'CREATE TABLE k (v);' "INSERT INTO k VALUES ('a'), ('a'), ('x')"
	run -1 "$TRUEUP" diff -f json -o patch x.db y.db
	run -6 "$TRUEUP" apply y.db patch
	[[ $output == *"table 'k' has no key, more of the rows that the patch deletes, and gets as many as it loses"* ]]
	lite x.db "DELETE FROM k WHERE v = 'b'"
	run -1 "$TRUEUP" diff -f json -o patch x.db y.db
	run -0 "$TRUEUP" apply y.db patch
	run -6 "$TRUEUP" apply y.db patch
	[[ $output == *"has no key, and 2 rows now where 3 were compared"* ]]
	run -0 "$TRUEUP" diff x.db y.db
}
