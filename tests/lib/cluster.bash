# cluster.bash - a PostgreSQL server of a test's own, with wal_level = logical;
# after helpers.bash.

as_server() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u "$server_user" -- "$@"
	else
		"$@"
	fi
}

stop_cluster() {
	[ -n "${cluster:-}" ] || return 0
	(cd / && as_server "$TRUEUP_PG_BIN/pg_ctl" -D "$cluster/data" \
	    -m immediate -s -w stop) || true
	rm -rf "$cluster"
}

# start_cluster - one that can publish; in_cluster DATABASE is a URL.
start_cluster() {
	: "${TRUEUP_PG_BIN:?no programs, see tests/lib/with-servers}"
	cluster=$(mktemp -d "${TMPDIR:-/tmp}/tk.XXXXXX")
	if [ "$(id -u)" -eq 0 ]; then
		server_user=nobody
		id postgres >/dev/null 2>&1 && server_user=postgres
		chown "$server_user" "$cluster"
	fi
	(
		cd /
		as_server "$TRUEUP_PG_BIN/initdb" -D "$cluster/data" \
		    -U trueup -A trust -E UTF8 --no-sync
		as_server tee -a "$cluster/data/postgresql.conf" <<-END
		listen_addresses = ''
		unix_socket_directories = '$cluster'
		fsync = off
		wal_level = logical
		END
		as_server "$TRUEUP_PG_BIN/pg_ctl" -D "$cluster/data" -s -w \
		    -l "$cluster/log" -o "-p 1" start
	) >start.log 2>&1 3>&- || {
		cat start.log
		return 1
	}
}

in_cluster() {
	echo "postgresql:///$1?host=$cluster&port=1&user=trueup"
}
