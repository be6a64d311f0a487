# helpers.bash - what the command-line tests share.
#
# A test file begins with
#
#	bats_require_minimum_version 1.5.0
#	load ../lib/helpers
#
# and finds: TRUEUP, the program; srcdir, the top of the sources; TRUEUP_PG and
# TRUEUP_MARIADB, servers (tests/lib/with-servers). Files belong in
# $BATS_TEST_TMPDIR, which is the test's own and is removed after it.

: "${srcdir:?run this with make check}" "${TRUEUP:?}"

# lite FILE [SQL]... - run SQL, or the script on stdin, in a SQLite file.
lite()
{
	local file=$1
	shift
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@" | sqlite3 -bail "$file"
	else
		sqlite3 -bail "$file"
	fi
}

# pg URL [SQL]... - run SQL, or the script on stdin; rows come bare, columns
# between "|". The first error ends it.
pg()
{
	local url=$1
	shift
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@" | pg "$url"
	else
		"${TRUEUP_PG_BIN:+$TRUEUP_PG_BIN/}psql" -XqAt \
		    -v ON_ERROR_STOP=1 "$url"
	fi
}

# pg_url DBNAME - another database of the test server.
pg_url()
{
	local base=${TRUEUP_PG:?no server, see tests/lib/with-servers} query=
	[[ $base != *\?* ]] || query="?${base#*\?}"
	base=${base%%\?*}
	echo "${base%/*}/$1$query"
}

# fresh_pg_db VAR [OPTION] - create an empty database, put its URL in VAR. It is
# dropped by drop_pg_dbs, which teardown calls. OPTION goes to CREATE DATABASE.
# A new name every time: test files run at once.
fresh_pg_db()
{
	local __name=t_$$_${BATS_TEST_NUMBER:-0}_$RANDOM$RANDOM
	pg "$TRUEUP_PG" "SET client_min_messages = error;" \
	    "CREATE DATABASE $__name TEMPLATE template0 ${2:-};" || return
	fresh_pg_dbs+=("$__name")
	printf -v "$1" %s "$(pg_url "$__name")"
}

drop_pg_dbs()
{
	local name
	for name in "${fresh_pg_dbs[@]}"; do
		pg "$TRUEUP_PG" "DROP DATABASE $name WITH (FORCE);"
	done
	fresh_pg_dbs=()
}
fresh_pg_dbs=()

# my_client URL [OPTION]... - the client of MariaDB, as it comes, on the
# database that mariadb://USER@HOST:PORT/DATABASE names.
my_client()
{
	local rest=${1#*@} user=${1#*://}
	local host=${rest%%:*} port=${rest#*:}
	shift
	HOME=/nowhere mariadb --no-defaults "$@" -u"${user%%@*}" -h"$host" \
	    -P"${port%%/*}" ${rest##*/}
}

# my URL [SQL]... - run SQL, or the script on stdin; rows come bare, columns
# between "|". The first error ends it.
my()
{
	local url=$1
	shift
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@" | my "$url"
	else
		my_client "$url" -N -B --default-character-set=utf8mb4 |
		    tr '\t' '|'
		return "${PIPESTATUS[0]}"
	fi
}

# fresh_my_db VAR [OPTION] - create an empty database, put its URL in VAR. It is
# dropped by drop_my_dbs, which teardown calls. OPTION goes to CREATE DATABASE.
fresh_my_db()
{
	local __name=t_$$_${BATS_TEST_NUMBER:-0}_$RANDOM$RANDOM
	local __server=${TRUEUP_MARIADB:?no server, see tests/lib/with-servers}
	my "$__server" "CREATE DATABASE $__name ${2:-CHARACTER SET utf8mb4}" ||
	    return
	fresh_my_dbs+=("$__name")
	printf -v "$1" %s "${__server%/*}/$__name"
}

drop_my_dbs()
{
	local name
	for name in "${fresh_my_dbs[@]}"; do
		my "$TRUEUP_MARIADB" "DROP DATABASE $name"
	done
	fresh_my_dbs=()
}
fresh_my_dbs=()

# odbc_dsn NAME [KEY=VALUE]... - a data source of the test's own; nobody else's
# are seen after the first.
odbc_dsn()
{
	export ODBCINI=$BATS_TEST_TMPDIR/odbc.ini
	printf '[%s]\n' "$1" >>"$ODBCINI"
	shift
	printf '%s\n' "$@" >>"$ODBCINI"
}

# no_odbc_drivers - from here on, none is installed.
no_odbc_drivers()
{
	export ODBCSYSINI=$BATS_TEST_TMPDIR/no-odbc
	mkdir -p "$ODBCSYSINI"
	: >"$ODBCSYSINI/odbcinst.ini"
}

teardown()
{
	drop_pg_dbs
	drop_my_dbs
}

# load_chinook_sqlite FILE - the Chinook sample as it comes.
load_chinook_sqlite()
{
	local dir
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/samples.XXXXXX") &&
	    "$srcdir/scripts/make-samples" "$dir" &&
	    mv "$dir/production.db" "$1" && rm -r "$dir"
}

# chinook_script FILE - without the lines that drop, create and enter a database
# called Chinook.
chinook_script()
{
	sed -E '/^(DROP|CREATE) DATABASE |^\\c |^USE /d' \
	    "$srcdir/data/chinook/$1"
}

# load_chinook_pg URL [as-it-comes] - the same rows with PostgreSQL's types and
# names, into an empty database. The script writes N'...', which PostgreSQL
# takes for character(n) and so strips of trailing blanks: 8 cells lose one.
# Without the N the rows are those of the other scripts. (There is a "Guns N'
# Roses".)
load_chinook_pg()
{
	local as_text="s/([(,] *)N'/\1'/g"
	[ "${2:-}" != as-it-comes ] || as_text=
	{
		echo 'BEGIN;'
		chinook_script Chinook_PostgreSql.sql | sed -E "$as_text"
		echo 'COMMIT;'
	} | PGOPTIONS=--client-min-messages=warning pg "$1"
}

# load_chinook_my URL [as-it-comes] - the same for MariaDB, which takes a
# backslash in a literal for an escape unless it is told not to: 4 cells lose
# one.
load_chinook_my()
{
	local mode=STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES
	[ "${2:-}" != as-it-comes ] || mode=STRICT_ALL_TABLES
	{
		echo "SET sql_mode = '$mode', autocommit = 0;"
		chinook_script Chinook_MySql.sql
		echo 'COMMIT;'
	} | my "$1"
}

# damage_sqlite FILE - turn a Chinook file into the sample "staging".
damage_sqlite()
{
	lite "$1" <"$srcdir/data/damage.sql"
}

# wait_until COMMAND... - until it succeeds, at most 100 s.
wait_until()
{
	local i
	for ((i = 0; i < 2000; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	echo "gave up waiting for: $*" >&2
	return 1
}

# is GOT WANT - like [ GOT = WANT ], but a failure shows both.
is()
{
	[ "$1" = "$2" ] || {
		printf 'got:\n%s\nwant:\n%s\n' "$1" "$2" >&2
		return 1
	}
}
