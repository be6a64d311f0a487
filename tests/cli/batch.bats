bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

# sync --transaction=batch: what is committed stays, what is not is taken up
# again by the same command, and one undo takes back all of it.

setup() {
	cd "$BATS_TEST_TMPDIR"
	lite a.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);' \
	    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i
		WHERE n < 2000) INSERT INTO t SELECT n, 'new' FROM i"
	cp a.db b.db
	lite b.db "UPDATE t SET v = 'old'; DELETE FROM t WHERE id % 10 = 0;
		INSERT INTO t SELECT id + 5000, 'more' FROM t WHERE id % 10 = 1"
	cp b.db before.db
}

teardown() {
	wait_for_other
	[ -z "$locker" ] || kill "$locker" 2>/dev/null || true
	drop_my_dbs
	drop_pg_dbs
}

locker=
batches=(--transaction=batch --state=state)

# pg_target VAR - b.db's rows in PostgreSQL.
pg_target() {
	fresh_pg_db "$1"
	{
		echo 'CREATE TABLE t (id int PRIMARY KEY, v text); BEGIN;'
		sqlite3 b.db "SELECT 'INSERT INTO t VALUES (' || id || ',''' ||
			v || ''');' FROM t"
		echo 'COMMIT;'
	} | pg "${!1}"
}

# undone DATABASE - the undo gives back what b.db was.
undone() {
	apply_sql "$1" undo
	run -0 "$TRUEUP" diff before.db "$1"
}

# fails URL TIMES ROW STATEMENT [deferred] - the first TIMES updates of row ROW
# run a PL/pgSQL statement. A sequence remembers it across the rollback.
fails() {
	local kind=TRIGGER when=BEFORE later=
	[ -z "${5-}" ] || kind='CONSTRAINT TRIGGER' when=AFTER \
	    later='DEFERRABLE INITIALLY DEFERRED'
	pg "$1" "CREATE SEQUENCE updates;
		CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS
		\$\$BEGIN IF nextval('updates') <= $2 THEN $4; END IF;
		RETURN new; END\$\$;
		CREATE $kind fails $when UPDATE ON t $later FOR EACH ROW
		WHEN (new.id = $3) EXECUTE FUNCTION fails()"
}
dies="PERFORM pg_terminate_backend(pg_backend_pid())"

@test "in batches the result is the same, and so is the undo" {
	run -0 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db b.db
	[ -z "$stderr" ]
	is "${lines[-1]}" "written: 200 inserted, 1,800 updated, 200 deleted"
	run -0 "$TRUEUP" diff a.db b.db
	[ ! -e state ]
	is "$(head -1 undo)" "-- trueup undo 1"
	is "$(grep -cE '^(INSERT|UPDATE|DELETE)' undo)" 2200
	apply_sql b.db undo
	is "$(sqlite3 b.db .dump)" "$(sqlite3 before.db .dump)"
}

@test "the same on PostgreSQL and MariaDB, and no table of ours is left" {
	local url
	pg_target url
	run -0 "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	is "$(pg "$url" "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'trueup%'")" 0
	run -0 "$TRUEUP" diff a.db "$url"
	undone "$url"
	fresh_my_db url
	my "$url" 'CREATE TABLE t (id int PRIMARY KEY, v varchar(9));'
	run -0 "$TRUEUP" sync -q before.db "$url"
	run -0 "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	is "$(my "$url" 'SHOW TABLES')" t
	run -0 "$TRUEUP" diff a.db "$url"
	undone "$url"
}

@test "a failure keeps the batches before it, and the same command goes on" {
	local url
	pg_target url
	fails "$url" 1000 1501 "RAISE 'not this one'"
	run -4 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	[[ $stderr == *"not this one; "*" batches before that were written, and the same command again goes on from there"* ]]
	[ -e state ]
	is "$(stat -c %a state)" 600
	is "$(pg "$url" "SELECT count(*) > 500 FROM t WHERE v = 'new'")" t
	is "$(pg "$url" "SELECT count(*) > 100 FROM t WHERE v = 'old'")" t
	# The undo is that of the rows that were written, and nothing else.
	is "$(grep -c '^UPDATE' undo)" \
	    "$(pg "$url" "SELECT count(*) FROM t WHERE v = 'new'")"
	# Our own table there is no difference.
	run -1 "$TRUEUP" diff -q a.db "$url"
	run -1 "$TRUEUP" diff -f stat a.db "$url"
	[[ $output != *trueup_applied* ]]

	pg "$url" "DROP TRIGGER fails ON t"
	run -0 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	[[ $stderr == *"taking up a push that was begun at 20"*" changes were written in "*" batches"* ]]
	run -0 "$TRUEUP" diff a.db "$url"
	[ ! -e state ]
	undone "$url"
}

@test "an undo of what a failure left takes that back" {
	lite b.db "CREATE TRIGGER no BEFORE UPDATE ON t WHEN new.id = 1501 BEGIN
		SELECT raise(ABORT, 'not this one'); END"
	run -4 "$TRUEUP" sync "${batches[@]}" --undo=undo a.db b.db
	is "$(sqlite3 b.db "SELECT count(*) > 0 FROM t WHERE v = 'new'")" 1
	lite b.db "DROP TRIGGER no"
	lite b.db "DROP TABLE IF EXISTS trueup_applied"
	undone b.db
}

@test "nothing is left of a push of which no batch was written" {
	lite b.db "CREATE TRIGGER no BEFORE DELETE ON t BEGIN
		SELECT raise(ABORT, 'not today'); END"
	run -4 "$TRUEUP" sync "${batches[@]}" --undo=undo a.db b.db
	[[ $output == *"not today; nothing was written"* ]]
	[ ! -e state ]
	[ ! -s undo ]
	lite b.db "DROP TRIGGER no"
	is "$(sqlite3 b.db .dump)" "$(sqlite3 before.db .dump)"
}

@test "a lost connection: the same command goes on, the undo takes back all" {
	local url
	pg_target url
	fails "$url" 1 1501 "$dies"
	run -4 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	echo "$stderr"
	[[ $stderr == *"batches before that were written"* ]]
	run -0 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	[[ $stderr == *"taking up a push"* ]]
	run -0 "$TRUEUP" diff a.db "$url"
	undone "$url"
}

@test "a serialization failure is tried again, and only its batch" {
	local url
	pg_target url
	fails "$url" 2 1501 \
	    "RAISE 'could not serialize' USING ERRCODE = '40001'"
	run -0 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	is "$(grep -c 'could not serialize; trying again in' <<<"$stderr")" 2
	is "${lines[-1]}" "written: 200 inserted, 1,800 updated, 200 deleted"
	run -0 "$TRUEUP" diff a.db "$url"
	undone "$url"
}

@test "a full disk under the state file: nothing is written that it lacks" {
	# Files of this shell may not be larger than 250 kB. The undo is, as
	# SQL that names its columns; what the run keeps of the changes is not.
	local name=a_name_that_makes_each_statement_much_longer_than_its_values
	for db in a.db b.db before.db; do
		lite $db "ALTER TABLE t RENAME COLUMN v TO $name"
	done
	run -4 --separate-stderr bash -c 'ulimit -f 250; exec "$@"' - \
	    "$TRUEUP" sync "${batches[@]}" a.db b.db
	is "$stderr" "trueup sync: state file: disk I/O error; nothing was written"
	is "$(sqlite3 b.db .dump)" "$(sqlite3 before.db .dump)"
	run -0 "$TRUEUP" sync "${batches[@]}" a.db b.db
	run -0 "$TRUEUP" diff a.db b.db
}

# others_meddle URL - while the push waits for row 1299, somebody changes rows
# behind it.
others_meddle() {
	meanwhile "$1" "BEGIN; UPDATE t SET v = v WHERE id = 1299;
		UPDATE t SET v = 'theirs' WHERE id IN (1302, 1303);
		DELETE FROM t WHERE id = 1304" "$met" COMMIT
}

@test "conflicts are settled in their batch" {
	local url
	pg_target url
	others_meddle "$url"
	run -1 --separate-stderr "$TRUEUP" sync "${batches[@]}" \
	    --on-conflict=skip --undo=undo --reject=rej a.db "$url"
	echo "$stderr"
	for id in 1302 1303 1304; do
		[[ $stderr == *"conflict: table 't', id $id: "* ]]
	done
	is "$(grep -cE '^(DELETE|UPDATE|INSERT) ' rej)" 3
	run ! grep -qE '"id" = 130[234]\b' undo
	run -1 "$TRUEUP" diff -f stat a.db "$url"
	is "$(pg "$url" "SELECT count(*) FROM t WHERE v <> 'new'")" 2
	run -0 "$TRUEUP" sync "${batches[@]}" a.db "$url"
}

@test "conflicts can be replaced, in their batch too" {
	local url
	pg_target url
	others_meddle "$url"
	run -0 --separate-stderr "$TRUEUP" sync "${batches[@]}" \
	    --on-conflict=replace --undo=undo a.db "$url"
	[[ $stderr == *"3 conflicting rows were replaced"* ]]
	run -0 "$TRUEUP" diff a.db "$url"
	apply_sql "$url" undo
	is "$(pg "$url" "SELECT id, v FROM t WHERE id BETWEEN 1302 AND 1305 ORDER BY id")" \
	    $'1302|theirs\n1303|theirs\n1305|old'
}

@test "a target that cannot have our table is written all the same" {
	local url role=t_$$_writer
	pg_target url
	pg "$url" "CREATE ROLE $role LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE
		ON t TO $role; REVOKE CREATE ON SCHEMA public FROM PUBLIC"
	run -0 --separate-stderr env PGOPTIONS="-c role=$role" \
	    "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	pg "$url" "DROP OWNED BY $role; DROP ROLE $role"
	[[ $stderr == *"the target cannot have the table trueup_applied"*"permission denied"* ]]
	run -0 "$TRUEUP" diff a.db "$url"
	undone "$url"
}

@test "a state file that is another's is refused" {
	lite b.db "CREATE TRIGGER no BEFORE UPDATE ON t WHEN new.id = 1501 BEGIN
		SELECT raise(ABORT, 'not this one'); END"
	run -4 "$TRUEUP" sync "${batches[@]}" a.db b.db
	cp before.db c.db
	run -6 "$TRUEUP" sync "${batches[@]}" a.db c.db
	[[ $output == *"'state' belongs to an unfinished push from a.db to b.db"* ]]
	[[ $output == *"hint: finish that one, or name another --state file"* ]]
	cmp c.db before.db
	sqlite3 -cmd '.timeout 60000' state 'BEGIN EXCLUSIVE' '.shell sleep 60' 3>&- &
	locker=$!
	until ! sqlite3 state 'BEGIN IMMEDIATE' 2>/dev/null; do sleep 0.02; done
	run -6 "$TRUEUP" sync "${batches[@]}" a.db b.db
	[[ $output == *"another run has the state file 'state'"* ]]
}

@test "options that contradict, and files that are no state" {
	run -2 "$TRUEUP" sync --transaction=batch a.db b.db
	[[ $output == *"--transaction=batch needs --state=FILE"* ]]
	run -2 "$TRUEUP" sync --state=state a.db b.db
	[[ $output == *"--state needs --transaction=batch"* ]]
	run -2 "$TRUEUP" sync --transaction=batch --state=undo --undo=undo a.db b.db
	[[ $output == *"--undo and --state name the same file"* ]]
	run -2 "$TRUEUP" sync --transaction=batch --state=a.db a.db b.db
	[[ $output == *"'a.db' is no state file"* ]]
	echo hello >state
	run "$TRUEUP" sync "${batches[@]}" a.db b.db
	[ "$status" -ge 2 ]
	[[ $output == *"state file"*"not a database"* ]]
	run -4 "$TRUEUP" sync --transaction=batch --state=no/dir a.db b.db
	[[ $output == *"cannot open 'no/dir'"* ]]
	cmp b.db before.db
}

@test "a table without a key is not written in batches" {
	lite a.db 'CREATE TABLE k (v);' 'INSERT INTO k VALUES (1)'
	lite b.db 'CREATE TABLE k (v)'
	run -5 --separate-stderr "$TRUEUP" sync "${batches[@]}" a.db b.db
	[[ $stderr == *"table 'k' has no key"*"nothing was written"*"hint: --transaction=all"* ]]
	[ ! -e state ]
	run -0 "$TRUEUP" sync a.db b.db
}

@test "a batch that fails at COMMIT is not taken back" {
	local url
	pg_target url
	fails "$url" 1000 1501 "RAISE 'not this one'" deferred
	run -4 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	[[ $stderr == *"COMMIT failed: "*"not this one; "*"batches before that were written"* ]]
	is "$(grep -c '^UPDATE' undo)" \
	    "$(pg "$url" "SELECT count(*) FROM t WHERE v = 'new'")"
	run -0 "$TRUEUP" apply -q "$url" undo
	run -0 "$TRUEUP" diff before.db "$url"
}

@test "a connection lost at COMMIT: nobody says what was written" {
	local url
	pg_target url
	fails "$url" 1 1 "$dies" deferred
	run -4 --separate-stderr "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	[[ $stderr == *"it is unknown whether the changes were written"* ]]
	[[ $stderr != *"nothing was written"* ]]
	run -0 "$TRUEUP" sync "${batches[@]}" --undo=undo a.db "$url"
	run -0 "$TRUEUP" diff a.db "$url"
	undone "$url"
}

@test "a table of ours that may not be written to is no reason to stop" {
	local url role=t_$$_other
	pg_target url
	pg "$url" "CREATE TABLE trueup_applied (run text PRIMARY KEY, batch bigint);
		CREATE ROLE $role LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE
		ON t TO $role"
	run -0 --separate-stderr env PGOPTIONS="-c role=$role" \
	    "$TRUEUP" sync "${batches[@]}" a.db "$url"
	pg "$url" "DROP OWNED BY $role; DROP ROLE $role"
	[[ $stderr == *"the target cannot have the table trueup_applied"* ]]
	run -0 "$TRUEUP" diff a.db "$url"
}

@test "rows replaced again and again keep their places" {
	local url
	pg_target url
	# Every third update is swallowed: a conflict, and its successor too.
	pg "$url" "CREATE SEQUENCE n;
		CREATE FUNCTION part() RETURNS trigger LANGUAGE plpgsql AS
		\$\$BEGIN IF nextval('n') IN (3, 5, 1805, 1806, 1809) THEN
		RETURN NULL; END IF; RETURN new; END\$\$;
		CREATE TRIGGER part BEFORE UPDATE ON t FOR EACH ROW
		EXECUTE FUNCTION part()"
	run -0 "$TRUEUP" sync "${batches[@]}" --on-conflict=replace \
	    --undo=undo a.db "$url"
	run -0 "$TRUEUP" diff a.db "$url"
	pg "$url" "DROP TRIGGER part ON t"
	undone "$url"
}

@test "apply runs the undo, and names what it must leave alone" {
	run -0 "$TRUEUP" sync "${batches[@]}" --undo=undo a.db b.db
	lite b.db "INSERT INTO t VALUES (5001, 'theirs')"
	run -1 --separate-stderr "$TRUEUP" apply b.db undo
	[[ $stderr == *"1 conflicting row was left alone"* ]]
	lite b.db "UPDATE t SET v = 'more' WHERE id = 5001"
	run -0 "$TRUEUP" diff before.db b.db
}
