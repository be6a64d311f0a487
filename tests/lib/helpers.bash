# helpers.bash - what the command-line tests share.
#
# A test file begins with
#
#	bats_require_minimum_version 1.5.0
#	load ../lib/helpers
#
# and finds: TRUEUP, the program; srcdir, the top of the sources; TRUEUP_PG, a
# server (tests/lib/with-servers). Files belong in $BATS_TEST_TMPDIR, which is
# the test's own and is removed after it.

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

teardown()
{
	drop_pg_dbs
}

# load_chinook_sqlite FILE - the Chinook sample as it comes.
load_chinook_sqlite()
{
	local dir
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/samples.XXXXXX") &&
	    "$srcdir/scripts/make-samples" "$dir" &&
	    mv "$dir/production.db" "$1" && rm -r "$dir"
}

# load_chinook_pg URL - the same rows with PostgreSQL's types and names, into
# an empty database. The script's own lines that drop, create and enter a
# database called chinook are left out.
load_chinook_pg()
{
	{
		echo 'BEGIN;'
		sed -E '/^(DROP|CREATE) DATABASE |^\\c /d' \
		    "$srcdir/data/chinook/Chinook_PostgreSql.sql"
		echo 'COMMIT;'
	} | PGOPTIONS=--client-min-messages=warning pg "$1"
}

# damage_sqlite FILE - turn a Chinook file into the sample "staging".
damage_sqlite()
{
	lite "$1" <"$srcdir/data/damage.sql"
}

# is GOT WANT - like [ GOT = WANT ], but a failure shows both.
is()
{
	[ "$1" = "$2" ] || {
		printf 'got:\n%s\nwant:\n%s\n' "$1" "$2" >&2
		return 1
	}
}
