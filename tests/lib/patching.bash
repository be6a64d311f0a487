# patching.bash - what the tests of patches share; after helpers.bash.
#
# A database is named as trueup takes it: a file or a URL.

# copy_db VAR DATABASE - another database with the same content; its name is put
# in VAR.
copy_db()
{
	local __name
	case $2 in
	postgresql://*)
		__name=${2%%\?*}
		__name=${__name##*/}
		set -- "$1" "$__name" "t_$$_${BATS_TEST_NUMBER:-0}_$RANDOM$RANDOM"
		pg "$TRUEUP_PG" "CREATE DATABASE $3 TEMPLATE $2;" || return
		fresh_pg_dbs+=("$3")
		printf -v "$1" %s "$(pg_url "$3")"
		;;
	mariadb://*)
		fresh_my_db "$1" && my_dump "$2" | my "${!1}"
		;;
	*)
		__name=$(mktemp "$BATS_TEST_TMPDIR/copy.XXXXXX") || return
		cp "$2" "$__name" && printf -v "$1" %s "$__name"
		;;
	esac
}

# my_dump URL [OPTION]... - a MariaDB database as SQL.
my_dump()
{
	local rest=${1#*@} user=${1#*://}
	local host=${rest%%:*} port=${rest#*:}
	shift
	mariadb-dump --no-defaults --default-character-set=utf8mb4 "$@" \
	    -u"${user%%@*}" -h"$host" -P"${port%%/*}" "${rest##*/}"
}

# run_sql DATABASE [SQL]... - pg or lite.
run_sql()
{
	case $1 in
	postgresql://*) pg "$@" ;;
	mariadb://*) my "$@" ;;
	*) lite "$@" ;;
	esac
}

# rows_of DATABASE - every row of every table as an INSERT, sorted. Where
# sequences stand is left out: no undo turns them back.
rows_of()
{
	if [[ $1 = postgresql://* ]]; then
		"${TRUEUP_PG_BIN:+$TRUEUP_PG_BIN/}pg_dump" --data-only \
		    --inserts "$1" 2>/dev/null |
		    grep -avE '^(SELECT pg_catalog.setval|.(un)?restrict )'
	elif [[ $1 = mariadb://* ]]; then
		my_dump "$1" --skip-opt --skip-comments \
		    --skip-extended-insert --skip-triggers --hex-blob \
		    --no-create-info
	else
		sqlite3 "$1" .dump | grep -av '^INSERT INTO sqlite_sequence '
	fi | sort
}

# apply_sql DATABASE FILE - as a reader of the manual does it, with the clients'
# stock settings. What a client has to complain about is a failure, and so is a
# statement that touched nothing.
apply_sql()
{
	local said status=0
	if [[ $1 = postgresql://* ]]; then
		said=$("${TRUEUP_PG_BIN:+$TRUEUP_PG_BIN/}psql" -X "$1" \
		    -f "$2" 2>&1 >"$BATS_TEST_TMPDIR/applied") || status=$?
		said+=$(grep -aE '^(UPDATE|DELETE|INSERT 0) 0$' \
		    "$BATS_TEST_TMPDIR/applied" || true)
	elif [[ $1 = mariadb://* ]]; then
		said=$(my_client "$1" -vvv <"$2" 2>&1 >"$BATS_TEST_TMPDIR/applied") ||
		    status=$?
		said+=$(grep -aE -B1 '^Query OK, 0 rows' \
		    "$BATS_TEST_TMPDIR/applied" |
		    grep -aE '^(UPDATE|DELETE|INSERT)' || true)
	else
		# Whoever writes to the file at the moment is waited for.
		said=$(HOME=/nowhere sqlite3 -cmd '.timeout 10000' "$1" <"$2" 2>&1) ||
		    status=$?
	fi
	is "$said" "" && return "$status"
}

# quiet_diff STATUS [ARG]... - trueup diff ends with this status; otherwise its
# result is shown.
quiet_diff()
{
	local want=$1 got=0
	shift
	"$TRUEUP" diff "$@" >"$BATS_TEST_TMPDIR/diff" || got=$?
	[ "$got" -eq "$want" ] || {
		echo "trueup diff $* exited $got, not $want:"
		head -c 4000 "$BATS_TEST_TMPDIR/diff"
		return 1
	} >&2
}

# same FILE FILE - the first differences are shown.
same()
{
	cmp -s "$1" "$2" || {
		diff -a "$1" "$2" | head -n 20
		return 1
	} >&2
}

# round_trip SOURCE TARGET [OPTION]... - the patch makes the target equal, its
# undo gives back the rows byte for byte, sync does the same as the patch, and
# a second patch is the first; apply runs both as the client does. REST=1:
# differences remain that no patch can carry. Nor does a patch in JSON leave
# anything else, and its undo gives back the rows (RESPELT=1: equal ones, where
# they have no key). The target ends as it began; $BATS_TEST_TMPDIR/patch is
# left.
# UNSURE=1: the JSON patch is refused, because rows without a key do not tell
# whether it was applied.
round_trip()
{
	local source=$1 target=$2 t=$BATS_TEST_TMPDIR rest=${REST:-0}
	shift 2
	rows_of "$target" >"$t/before"

	quiet_diff 1 -f sql -o "$t/patch" --undo="$t/undo" "$@" \
	    "$source" "$target" 2>"$t/said" || { cat "$t/said" >&2; return 1; }
	quiet_diff 1 -f sql -o "$t/again" "$@" "$source" "$target" 2>/dev/null
	same "$t/patch" "$t/again"
	[ -s "$t/patch" ]
	[ "$rest" -eq 1 ] || is "$(cat "$t/said")" ""

	apply_sql "$target" "$t/patch"
	quiet_diff "$rest" "$@" "$source" "$target"
	rows_of "$target" >"$t/patched"
	run ! cmp -s "$t/before" "$t/patched"
	apply_sql "$target" "$t/undo"
	rows_of "$target" >"$t/now"
	same "$t/before" "$t/now"

	run "-$rest" "$TRUEUP" sync --max-delete=100% --undo="$t/undo-sync" \
	    "$@" "$source" "$target"
	rows_of "$target" >"$t/now"
	same "$t/patched" "$t/now"
	apply_sql "$target" "$t/undo-sync"
	rows_of "$target" >"$t/now"
	same "$t/before" "$t/now"

	run -0 "$TRUEUP" apply --max-delete=100% "$target" "$t/patch"
	rows_of "$target" >"$t/now"
	same "$t/patched" "$t/now"
	run -0 "$TRUEUP" apply --max-delete=100% "$target" "$t/undo"
	rows_of "$target" >"$t/now"
	same "$t/before" "$t/now"

	quiet_diff 1 -f json -o "$t/patch.json" "$@" "$source" "$target"
	run "$TRUEUP" apply --partial --max-delete=100% \
	    --undo="$t/undo-json" "$target" "$t/patch.json"
	if [ -n "${UNSURE:-}" ]; then
		[ "$status" -eq 6 ]
		[[ $output == *"whether it was applied before cannot be told"* ]]
		rows_of "$target" >"$t/now"
		same "$t/before" "$t/now"
		return
	fi
	[ "$status" -le "$rest" ] || { echo "$output"; return 1; } >&2
	quiet_diff "$rest" "$@" "$source" "$target"
	apply_sql "$target" "$t/undo-json"
	rows_of "$target" >"$t/now"
	[ -n "${RESPELT:-}" ] || same "$t/before" "$t/now"
	quiet_diff 1 -f json -o "$t/again.json" "$@" "$source" "$target"
	same <(grep '"change"' "$t/patch.json") <(grep '"change"' "$t/again.json")
}

# meanwhile URL SQL... - in a PostgreSQL session of its own; comes back when the
# first of the statements has run. wait_for_other, for teardown, waits for it.
meanwhile()
{
	rm -f go && mkfifo go || return
	{ printf '%s;\n' "$2" '\! echo > go' "${@:3}" |
	    "${TRUEUP_PG_BIN:+$TRUEUP_PG_BIN/}psql" -Xq "$1" >/dev/null; } 3>&- &
	other=$!
	read -r <go
}

# met - as one of the statements of meanwhile: ends when another session waits
# for this one's locks. A minute is given.
met='DO $$BEGIN
	FOR i IN 1 .. 3000 LOOP
		IF EXISTS (SELECT FROM pg_locks WHERE NOT granted
		    AND pg_backend_pid() = ANY (pg_blocking_pids(pid))) THEN
			RETURN;
		END IF;
		PERFORM pg_sleep(0.02);
	END LOOP;
	RAISE EXCEPTION $m$nobody came$m$;
END$$'

wait_for_other()
{
	[ -z "$other" ] || wait "$other" || true
	other=
}
other=
