# The exit status, and what is left behind, of every way a run can end.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	sqlite3 a.db "create table t(id integer primary key, x);
		insert into t values(1,'a'),(2,'b'),(3,'c'),(4,'d')"
	cp a.db same.db
	cp a.db b.db
	sqlite3 b.db "update t set x='z' where id=2"
}

# A query that never ends, as a source.
endless=(--source-query='with recursive n(id) as
	(select 1 union all select id+1 from n) select id, 1 as x from n'
	--key=id)

@test "0 when equal, 1 when different, whatever the format" {
	for format in text stat rows sql json csv; do
		run -0 "$TRUEUP" diff -f "$format" a.db same.db
		run -1 "$TRUEUP" diff -f "$format" a.db b.db
	done
	run -0 --separate-stderr "$TRUEUP" diff -q a.db same.db
	[ -z "$output$stderr" ]
	run -1 --separate-stderr "$TRUEUP" diff -q a.db b.db
	[ -z "$output$stderr" ]
}

@test "a table or column on one side only is a difference, not with --common" {
	sqlite3 same.db 'create table more(x)'
	run -1 "$TRUEUP" diff a.db same.db
	[[ $output == *"more: only in the target"* ]]
	run -0 "$TRUEUP" diff --common a.db same.db
	cp a.db same.db
	sqlite3 same.db 'alter table t add y'
	run -1 "$TRUEUP" diff a.db same.db
	[[ $output == *"column y: only in the target"* ]]
	run -0 "$TRUEUP" diff --common a.db same.db
}

@test "3 when a database cannot be opened, and which side" {
	run -3 --separate-stderr "$TRUEUP" diff nowhere.db b.db
	[ -z "$output" ]
	[[ $stderr == "trueup diff: source: "*nowhere.db* ]]
	[ ! -e nowhere.db ]
	run -3 --separate-stderr "$TRUEUP" diff a.db nowhere.db
	[[ $stderr == "trueup diff: target: "* ]]
	for cmd in sync plan; do
		run -3 "$TRUEUP" $cmd a.db nowhere.db
	done
	run -3 "$TRUEUP" explain a.db nowhere.db t 1
}

@test "4 when a statement fails" {
	run -4 --separate-stderr "$TRUEUP" diff --where='no such thing' a.db b.db
	[[ $stderr == "trueup diff: "* ]]
	run -4 "$TRUEUP" sync --where='no such thing' a.db b.db
}

@test "4 and a message when the disk is full" {
	run -4 --separate-stderr bash -c '"$TRUEUP" diff -f rows a.db b.db >/dev/full'
	[ "$stderr" = "trueup diff: cannot write standard output: No space left on device" ]
	# Not -o /dev/full: a bug in -o, run by root, would replace the device.
	sqlite3 b.db "update t set x = hex(zeroblob(5000)) where id = 3"
	run -4 --separate-stderr bash -c 'ulimit -f 1
		"$TRUEUP" diff -f rows -o out a.db b.db'
	[[ $stderr == "trueup diff: "*": File too large" ]]
	run ! ls out*
	run -4 bash -c '"$TRUEUP" help >/dev/full'
	run -4 bash -c '"$TRUEUP" --version >/dev/full'
	run -4 bash -c '"$TRUEUP" plan a.db b.db >/dev/full'
	run -4 bash -c '"$TRUEUP" explain a.db b.db t 1 >/dev/full'
}

@test "4 without a message when nobody reads" {
	sqlite3 b.db "with recursive n(i) as (select 10 union all
		select i+1 from n where i < 20000) insert into t select i, i from n"
	for format in rows sql json csv; do
		run --separate-stderr bash -c \
		    '"$TRUEUP" diff -f '$format' a.db b.db | head -1
		    exit "${PIPESTATUS[0]}"'
		[ "$status" -eq 4 ]
		[ "${#lines[@]}" -eq 1 ]
		[ -z "$stderr" ]
	done
}

@test "6 when a limit is exceeded, and nothing is written" {
	sqlite3 a.db 'delete from t where id > 1'
	cp b.db before.db
	run -6 --separate-stderr "$TRUEUP" sync a.db b.db
	[[ $stderr == *"hint: "*--max-delete* ]]
	cmp b.db before.db
	run -6 "$TRUEUP" sync -n a.db b.db
	run -6 "$TRUEUP" sync --max-delete=2 a.db b.db
	cmp b.db before.db
	run -1 "$TRUEUP" sync --no-delete a.db b.db
	run -0 "$TRUEUP" sync --max-delete=3 a.db b.db
}

@test "6 when the source is empty, unless a limit is given" {
	sqlite3 a.db 'delete from t'
	run -6 "$TRUEUP" sync a.db b.db
	run -0 "$TRUEUP" sync --max-delete=100% a.db b.db
	[ "$(sqlite3 b.db 'select count(*) from t')" = 0 ]
}

# Run trueup with "$@", send it a signal once it is busy, wait for its end.
interrupt() {
	local signal=$1 pid
	shift
	env --default-signal=INT "$TRUEUP" "$@" --trace-sql >stdout 2>stderr 3>&- &
	pid=$!
	until grep -q recursive stderr; do
		kill -0 $pid
		sleep 0.1
	done
	sleep 0.5
	kill -s "$signal" $pid
	start=$SECONDS
	status=0
	wait $pid || status=$?
	[ $((SECONDS - start)) -lt 20 ]
}

@test "130 after SIGINT and SIGTERM, in time, and no file" {
	for signal in INT TERM; do
		interrupt $signal diff -o out "${endless[@]}" a.db b.db t
		[ "$status" -eq 130 ]
		[ "$(tail -1 stderr)" = "trueup diff: interrupted" ]
		run ! ls out*
	done
}

# silent_server - takes connections and says nothing: $port, $listener.
silent_server() {
	perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(Listen => 9,
		    LocalAddr => "127.0.0.1") or die;
		my ($pid, @silent) = fork;
		if ($pid) { print $s->sockport, " $pid\n"; exit; }
		alarm 100;
		close STDOUT;
		while (1) {
			push @silent, $s->accept;
			open my $f, ">>", "met";
			print $f "met\n";
		}' >silent 3>&-
	read -r port listener <silent
}

@test "130 also while a server takes a connection and says nothing" {
	silent_server
	for scheme in postgresql mariadb; do
		rm -f met
		"$TRUEUP" diff "$scheme://x@127.0.0.1:$port/x" a.db \
		    2>stderr 3>&- &
		wait_until [ -s met ]
		kill -TERM $!
		wait $! || status=$?
		[ "$status" -eq 130 ]
		is "$(<stderr)" "trueup diff: interrupted"
	done
	kill "$listener"
}

@test "nobody waits for such a server when the other side has failed" {
	silent_server
	for closed in 'postgresql://x@127.0.0.1:1/x' nowhere.db; do
		run -3 timeout 30 "$TRUEUP" diff \
		    "postgresql://x@127.0.0.1:$port/x" "$closed"
		[ "${#lines[@]}" -le 2 ]
		[[ $output == "trueup diff: target: "* ]]
	done
	kill "$listener"
}

@test "an interrupted json stream ends in an error" {
	interrupt INT diff -f json "${endless[@]}" a.db b.db t
	[ "$status" -eq 130 ]
	[[ $(tail -1 stdout) == '{"type": "error", '*'"exit": 130}' ]]
}

@test "explain: 0 equal, 1 different" {
	run -0 "$TRUEUP" explain a.db b.db t 1
	[[ ${lines[-1]} == "t: equal" ]]
	run -1 "$TRUEUP" explain a.db b.db t 2
	[[ $output == *"x: "*": different"* ]]
	[[ $output == *"canonical t1:b"*"canonical t1:z"* ]]
	sqlite3 b.db 'delete from t where id = 3'
	run -1 "$TRUEUP" explain a.db b.db t 3
	[[ $output == *"no row"* ]]
}

@test "plan: 0, and it reads nothing but the catalog" {
	run -0 "$TRUEUP" plan a.db b.db
	[[ $output == *"t: from t, same name"*"key: id (primary key)"* ]]
	run -0 "$TRUEUP" plan -f json a.db b.db
	[[ $output == '{"type": "plan", '*'}' ]]
	[ "${#lines[@]}" -eq 1 ]
}
