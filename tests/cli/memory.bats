# Memory grows neither with the rows nor with the differences: ten times as
# many of both take hardly more, and never 64 MB.
bats_require_minimum_version 1.5.0
load ../lib/helpers

few=30000 many=300000
limit=65536 growth=4096 # kB
# Of files that are compared by their pages some 16 MB of rows are kept.
kept=20480

# A sanitizer's own memory comes on top, and what is freed stays a while.
if grep -q __asan_init "$TRUEUP"; then
	limit=$((limit * 4)) growth=$((growth * 3))
	export ASAN_OPTIONS=quarantine_size_mb=1:${ASAN_OPTIONS:-}
fi

# Looking at a process now and then misses the end of a short run.
[ -x /usr/bin/time ] || growth=$((growth * 4))

columns='id INTEGER PRIMARY KEY, name TEXT, amount NUMERIC(12,2), note TEXT'

# rows N WHAT - SQL for both brands that fills t; WHAT differs in every row.
lite_rows() {
	echo "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < $1) INSERT INTO t SELECT i, 'name of ' || i,
		i % 1000 + 0.25, '$2 and some more text to fill the row'
		FROM n;"
}
pg_rows() {
	echo "INSERT INTO t SELECT i, 'name of ' || i, i % 1000 + 0.25,
		'$2 and some more text to fill the row'
		FROM generate_series(1, $1) i;" 'ANALYZE t;'
}

setup_file() {
	local n what
	cd "$BATS_FILE_TMPDIR"
	for n in $few $many; do
		for what in one two; do
			lite "$what.$n" "CREATE TABLE t($columns);" \
			    "$(lite_rows $n $what)"
		done
		cp "one.$n" "same.$n"
	done
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# rss STATUS [OPTION]... - the peak in kB of a run that ends so.
rss() {
	local want=$1 status=0 pid key kb
	shift
	rm -f peak
	if [ -x /usr/bin/time ]; then
		/usr/bin/time -o peak -f %M "$TRUEUP" "$@" >/dev/null ||
		    status=$?
	else
		"$TRUEUP" "$@" >/dev/null 3>&- &
		pid=$!
		while kill -0 $pid 2>/dev/null; do
			while read -r key kb _; do
				[ "$key" != VmHWM: ] || echo "$kb" >peak
			done 2>/dev/null </proc/$pid/status || break
		done
		wait $pid || status=$?
	fi
	echo "status $status: $*" >&2
	[ "$status" -eq "$want" ] && tail -1 peak
}

# flat STATUS OPTION... - with files and databases named NAME.$n or NAME_$n
# where the words say NAME.NN or NAME_NN; $room kB may come on top.
flat() {
	local want=$1 small large
	shift
	small=$(rss "$want" "${@//NN/$few}")
	large=$(rss "$want" "${@//NN/$many}")
	echo "$small kB, $large kB: $*"
	[ "$small" -gt 1000 ]
	[ "$large" -lt $limit ]
	[ $((large - small)) -lt $((growth + ${room:-0})) ]
}

# flat_lite STATUS COMMAND OPTION... - by pages, where rows are kept, and by rows.
flat_lite() {
	room=$kept flat "$@"
	flat "$1" "$2" --hash=stream "${@:3}"
}

# both_pg - databases of the server: $one and $two, each with NN in its name.
both_pg() {
	local n what url name
	for what in one two; do
		for n in $few $many; do
			fresh_pg_db url
			pg "$url" "CREATE TABLE t($columns);" \
			    "$(pg_rows $n $what)"
			name=mem$$_${what}_$n
			pg "$TRUEUP_PG" "ALTER DATABASE ${url##*/} RENAME TO $name;"
			fresh_pg_dbs[-1]=$name
		done
	done
	one=$(pg_url mem$$_one_NN) two=$(pg_url mem$$_two_NN)
}

@test "SQLite to SQLite, nothing differs" {
	flat_lite 0 diff one.NN same.NN
	flat_lite 0 diff -f sql one.NN same.NN
	flat_lite 0 sync one.NN same.NN
	flat 0 diff --key=none one.NN same.NN
}

@test "SQLite to SQLite, every row differs" {
	for format in text rows sql json csv html; do
		flat_lite 1 diff -f $format one.NN two.NN
	done
	flat_lite 1 diff -f sql --undo=undo one.NN two.NN
	flat 1 diff --key=none one.NN two.NN
	flat 1 diff --key=name one.NN two.NN
}

@test "SQLite to SQLite, every row is missing" {
	lite empty "CREATE TABLE t($columns);"
	flat_lite 1 diff -f sql one.NN empty
	flat_lite 1 diff -f sql empty one.NN
}

# Their leaves were split, and half of each is at the end of the file now.
@test "SQLite to SQLite, rows have grown here and there" {
	lite one.all "CREATE TABLE t($columns);" "$(lite_rows 1000000 one)"
	cp one.all grown.all
	lite grown.all "UPDATE t SET note = note || note || note
		WHERE id % 100 = 0;"
	peak=$(rss 1 diff one.all grown.all)
	echo "$peak kB"
	[ "$peak" -lt $limit ]
	rm one.all grown.all
}

# Its pages are all over the file, and those of what is left to be fetched, too.
@test "SQLite to SQLite, rows came in the order of dice" {
	note="printf('%0200d', i)"
	for what in "WITHOUT ROWID" ""; do
		rm -f dice moved
		lite dice "CREATE TABLE t(uid TEXT PRIMARY KEY, note) $what;" \
		    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1
			FROM n WHERE i < $many) INSERT INTO t
			SELECT hex(randomblob(16)), $note FROM n;"
		lite moved "CREATE TABLE t(uid TEXT PRIMARY KEY, note) $what;" \
		    "ATTACH 'dice' AS d; INSERT INTO t
			SELECT uid, replace(note, '77', 'xx') FROM d.t
			ORDER BY substr(uid, 9);"
		peak=$(rss 1 diff dice moved)
		echo "$peak kB, '$what'"
		[ "$peak" -lt $limit ]
	done
	rm dice moved
}

@test "sync of every row in SQLite" {
	for n in $few $many; do
		cp two.$n three.$n
		cp two.$n four.$n
	done
	room=$kept flat 0 sync --undo=undo one.NN three.NN
	flat 0 sync --hash=stream --undo=undo one.NN four.NN
	flat_lite 0 diff one.NN three.NN
}

@test "PostgreSQL, nothing differs and every row differs" {
	both_pg
	flat 0 diff "$one" same.NN
	flat 0 diff same.NN "$one"
	flat 0 diff --hash=md5 "$one" "$one"
	flat 1 diff "$one" "$two"
	flat 1 diff -f sql "$one" "$two"
	flat 1 diff -f sql "$one" two.NN
	flat 1 diff -f json two.NN "$one"
	flat 1 diff -f sql --hash=md5 -j 2 "$one" "$two"
	flat 0 sync --undo=undo "$one" "$two"
	flat 0 diff "$one" "$two"
}
