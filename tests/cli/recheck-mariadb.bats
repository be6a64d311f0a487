# --recheck where the target replays the source's binary log. A real replica
# needs a port of its source that nobody else takes, so the test is the replica
# thread: it writes what has arrived and sets the position.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	pids=()
	pair_dir=$(mktemp -d "${TMPDIR:-/tmp}/rc.XXXXXX")
	if [ "$(id -u)" -eq 0 ]; then
		server_user=nobody
		id mysql >/dev/null 2>&1 && server_user=mysql
		chown "$server_user" "$pair_dir"
	fi
	true >said
}

teardown() {
	[ -z "${running:-}" ] || kill "$running" 2>/dev/null || true
	local n
	for n in 1 2; do
		on $n "SHUTDOWN" 2>/dev/null || true
	done
	for n in "${pids[@]}"; do
		wait "$n" || true
	done
	rm -rf "$pair_dir"
}

# Servers refuse to run as root; a root caller lends them a system user.
as_server() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		runuser -u "$server_user" -- "$@"
	fi
}

# on N SQL... - on server N.
on() {
	local socket=$pair_dir/s$1
	shift
	mariadb --no-defaults -N -utrueup -S "$socket" -e "$*"
}

# start_server N SERVER-ID - reached through its socket only.
start_server() {
	local dir=$pair_dir/d$1 deadline=$((SECONDS + 90))
	as_server tee "$pair_dir/init.sql" >/dev/null <<-END
	SET sql_log_bin = 0;
	CREATE USER IF NOT EXISTS trueup;
	GRANT ALL ON *.* TO trueup WITH GRANT OPTION;
	END
	(cd / && as_server mariadb-install-db --no-defaults --datadir="$dir" \
	    --skip-test-db --innodb-flush-method=nosync \
	    --auth-root-authentication-method=normal) >install.log 2>&1
	(cd / && as_server "$(PATH=$PATH:/usr/sbin type -P mariadbd)" \
	    --no-defaults --datadir="$dir" --socket="$pair_dir/s$1" \
	    --pid-file="$pair_dir/pid$1" --init-file="$pair_dir/init.sql" \
	    --skip-networking --log-bin=log --server-id="$2" \
	    --innodb-flush-method=nosync --innodb-buffer-pool-size=32M \
	    --innodb-flush-log-at-trx-commit=0) \
	    </dev/null >"server$1.log" 2>&1 3>&- &
	pids+=($!)
	until on "$1" "DO 1" 2>/dev/null; do
		[ $SECONDS -lt $deadline ]
		sleep 0.1
	done
	printf -v "url$1" %s "mariadb://trueup@/x?socket=$pair_dir/s$1"
	on "$1" "SET sql_log_bin = 0; CREATE DATABASE x;
	    CREATE TABLE x.t(id INT PRIMARY KEY, v INT);
	    INSERT INTO x.t VALUES (1, 1), (2, 2)"
}

@test "a target is past a look when its GTID position is" {
	start_server 1 11
	start_server 2 12
	on 1 "UPDATE x.t SET v = 7"
	# A server that never replicated is judged by time.
	run -1 "$TRUEUP" diff -f json --recheck=1 --recheck-wait=1 "$url1" "$url2"
	[[ $output == *'"barrier": "time"'* ]]
	# One that stands still confirms nothing.
	on 2 "SET GLOBAL gtid_slave_pos = '0-11-0'"
	run -7 --separate-stderr "$TRUEUP" diff -f json -v --recheck=2 \
	    --recheck-wait=1 "$url1" "$url2"
	[[ $output == *'"unsettled": 2, "incomplete": 0, "barrier": "gtid"'* ]]
	[[ $stderr == *"the target is not past the source's position"* ]]
	[[ $stderr != *": look 2: "* ]]
	# What has arrived by the second look is no difference, the rest is one.
	"$TRUEUP" diff -f rows -v --recheck=3 "$url1" "$url2" >out 2>said 3>&- &
	running=$!
	deadline=$((SECONDS + 60))
	until grep -q "^trueup: look 1: " said; do
		[ $SECONDS -lt $deadline ]
		sleep 0.05
	done
	on 2 "SET sql_log_bin = 0; UPDATE x.t SET v = 7 WHERE id = 1;
	    SET GLOBAL gtid_slave_pos = '$(on 1 "SELECT @@gtid_current_pos")'"
	status=0
	wait "$running" || status=$?
	running=
	[ "$status" -eq 1 ]
	[ "$(cat out)" = "~ t id=2, v=2->7" ]
	grep -q "^trueup: look 1: .* by gtid$" said
	# The position of some other source's replica says nothing.
	on 2 "SET GLOBAL gtid_slave_pos = '0-13-1000'"
	run -1 "$TRUEUP" diff -f json --recheck=1 --recheck-wait=1 "$url1" "$url2"
	[[ $output == *'"barrier": "time"'* ]]
}
